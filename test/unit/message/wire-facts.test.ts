import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { bufferContent, type MessageContent } from '../../../src/message/content.ts'
import { wireFacts } from '../../../src/message/wire-facts.ts'

/** The same bytes in portions, as a file gives them. */
function inPortions(bytes: Buffer, size: number): MessageContent {
  const portions = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  return {
    ...bufferContent(bytes),
    bytes: undefined,
    stream: () => Readable.from(portions, { objectMode: false }),
  }
}

const longest = (length: number): Buffer => Buffer.from(`a\r\n${'x'.repeat(length)}\r\nb\r\n`)

describe('wireFacts', () => {
  it('finds bytes over 127', async () => {
    expect(await wireFacts(bufferContent(Buffer.from('a\r\nb\r\n')))).toMatchObject({ eightBit: false })
    expect(await wireFacts(bufferContent(Buffer.from('a\r\nü\r\n')))).toMatchObject({ eightBit: true })
    expect(await wireFacts(inPortions(Buffer.from('a\r\nü\r\n'), 1))).toMatchObject({ eightBit: true })
  })

  it.each([1, 7, 999, 1000, 1001, 5000])('finds long lines in portions of %d bytes', async (size) => {
    for (const length of [0, 1, 997, 998]) {
      expect(await wireFacts(inPortions(longest(length), size)), `${length}`).toMatchObject({
        longLine: false,
      })
    }
    for (const length of [999, 1000, 2000, 4000]) {
      expect(await wireFacts(inPortions(longest(length), size)), `${length}`).toMatchObject({
        longLine: true,
      })
    }
  })

  it('sees the last line too, and a message without lines', async () => {
    expect(await wireFacts(bufferContent(Buffer.alloc(1000, 'x')))).toMatchObject({ longLine: true })
    expect(await wireFacts(bufferContent(Buffer.alloc(0)))).toMatchObject({
      eightBit: false,
      longLine: false,
    })
  })

  it('reads a message once as long as somebody holds it', async () => {
    let reads = 0
    const bytes = Buffer.from('a\r\n')
    const content: MessageContent = {
      ...bufferContent(bytes),
      bytes: undefined,
      stream: () => {
        reads++
        return Readable.from([bytes], { objectMode: false })
      },
    }
    await wireFacts(content)
    await wireFacts(content)
    expect(reads).toBe(1)
  })
})
