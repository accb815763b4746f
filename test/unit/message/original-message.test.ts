/** A report reads of its original what it may return, and no more. */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bufferContent, fileContent, type MessageContent } from '../../../src/message/content.ts'
import { composeDeliveryReport } from '../../../src/message/report/delivery-report.ts'
import { readOriginal } from '../../../src/message/original-message.ts'
import { readReport } from './report/report-reader.ts'
import { ORIGINAL_HEADER, sampleReport } from './report/sample-report.ts'

async function read(content: MessageContent, whole: boolean) {
  const { header, body } = await readOriginal(content, whole)
  return { header: header.toString('latin1'), body: body?.toString('latin1') }
}

const content = (text: string) => bufferContent(Buffer.from(text, 'latin1'))

describe('readOriginal', () => {
  it.each([
    ['A: 1\r\n\r\nbody\r\n', 'A: 1\r\n\r\n', 'body\r\n'],
    ['A: 1\r\n\r\n', 'A: 1\r\n\r\n', ''],
    ['A: 1\r\n', 'A: 1\r\n', ''],
    ['\r\nbody\r\n\r\n', '\r\n', 'body\r\n\r\n'],
    ['', '', ''],
  ])('cuts %j behind the header', async (text, header, body) => {
    expect(await read(content(text), true)).toEqual({ header, body })
    expect(await read(content(text), false)).toEqual({ header, body: undefined })
  })

  it('leaves the body of a large message alone', async () => {
    const large = `${ORIGINAL_HEADER}${'x'.repeat(50 * 1024)}`
    expect(await read(content(large), true)).toEqual({ header: ORIGINAL_HEADER, body: undefined })
  })

  it('reads a header that ends in a later chunk of a file, and never more than a header can have', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mailqueue-original-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, 'message')
    // The blank line lies across the end of the first 256 kB.
    const header = `A: ${'x'.repeat(256 * 1024 - 5)}\r\n\r\n`
    const filler = Buffer.alloc(8 * 1024 * 1024, 'B: 2\r\n')
    for (const [text, expected] of [
      [Buffer.concat([Buffer.from(header), filler]), header.length],
      [filler, 4 * 1024 * 1024],
    ] as const) {
      writeFileSync(path, text)
      const file = fileContent(openSync(path, 'r'), 0, text.length)
      const original = await readOriginal(file, true)
      expect(original.header.length).toBe(expected)
      file.close()
    }
  })

  it.each(['A: 1\r\n\r\nbody\r\n', '\r\nbody\r\n'])('loses nothing of %j in a report', async (text) => {
    const original = await readOriginal(content(text), true)
    const { parts } = readReport(composeDeliveryReport(sampleReport({ original })))
    expect(parts[2]).toMatchObject({ type: 'message/rfc822', content: Buffer.from(text) })
  })
})
