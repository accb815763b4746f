/** Line ends, NUL and dots, for input cut at any place. */
import { describe, expect, it } from 'vitest'
import { toWireText, WireText } from '../../../src/message/wire-text.ts'
import { seeded } from './seeded.ts'

function convert(
  chunks: readonly Buffer[],
  dotEnds: boolean,
): { text: string; ended: boolean; nulBytes: number } {
  const wire = new WireText({ dotEnds })
  const parts = chunks.map((chunk) => wire.push(chunk))
  const { ended } = wire
  return {
    text: Buffer.concat([...parts, wire.end()]).toString('latin1'),
    ended,
    nulBytes: wire.nulBytes,
  }
}

const whole = (text: string, dotEnds: boolean) => convert([Buffer.from(text, 'latin1')], dotEnds).text

/** The same rules written for one text that is all there, one line at a time. */
function expected(text: string, dotEnds: boolean): string {
  const lines = text.replaceAll('\0', '').split(/\r\n|\r|\n/)
  if (lines.at(-1) === '') lines.pop()
  const end = dotEnds ? lines.indexOf('.') : -1
  return (end === -1 ? lines : lines.slice(0, end))
    .map((line) => `${dotEnds && line.startsWith('..') ? line.slice(1) : line}\r\n`)
    .join('')
}

describe('WireText', () => {
  it.each([
    ['', ''],
    ['a', 'a\r\n'],
    ['a\n', 'a\r\n'],
    ['a\r\nb\nc\rd', 'a\r\nb\r\nc\r\nd\r\n'],
    ['a\r\r\nb', 'a\r\n\r\nb\r\n'],
    ['a\r', 'a\r\n'],
    ['\n\n', '\r\n\r\n'],
    ['.\n..\n.', '.\r\n..\r\n.\r\n'],
    ['\x80\xff\x85\xa0', '\x80\xff\x85\xa0\r\n'],
  ])('gives every line of %j a CRLF and leaves other bytes alone', (input, output) => {
    expect(whole(input, false)).toBe(output)
  })

  it.each([
    ['l1\n.\nl2\n', 'l1\r\n'],
    ['l1\r\n.\r\nl2', 'l1\r\n'],
    ['l1\n.', 'l1\r\n'],
    ['l1\n.\r', 'l1\r\n'],
    ['.\nrest', ''],
    ['.', ''],
    ['..x\n', '.x\r\n'],
    ['..\n', '.\r\n'],
    ['...\n', '..\r\n'],
    ['.y\n. \n', '.y\r\n. \r\n'],
    ['a.\n', 'a.\r\n'],
    ['a\n..', 'a\r\n.\r\n'],
  ])('reads the dots of %j when a dot ends the message', (input, output) => {
    expect(whole(input, true)).toBe(output)
  })

  it('says that the message has ended and ignores what follows', () => {
    const wire = new WireText({ dotEnds: true })
    expect(wire.push(Buffer.from('a\n.\nb\n')).toString()).toBe('a\r\n')
    expect(wire.ended).toBe(true)
    expect(wire.push(Buffer.from('more\n')).length).toBe(0)
    expect(wire.end().length).toBe(0)
  })

  it('removes and counts NUL bytes, also between CR and LF', () => {
    const result = convert([Buffer.from('a\0b\r\0'), Buffer.from('\0\nc')], false)
    expect(result).toEqual({ text: 'ab\r\nc\r\n', ended: false, nulBytes: 3 })
  })

  it('hands on a finished line before the next one comes', () => {
    const wire = new WireText({ dotEnds: true })
    expect(wire.push(Buffer.from('one\n.')).toString()).toBe('one\r\n')
    expect(wire.push(Buffer.from('x\r')).toString()).toBe('.x')
    expect(wire.push(Buffer.from('\n')).toString()).toBe('\r\n')
  })

  it('gives the same result for any input cut in any way', () => {
    for (let seed = 1; seed <= 3000; seed += 1) {
      const random = seeded(seed)
      const length = random.below(24)
      let text = ''
      while (text.length < length)
        text += random.pick(['.', '.', '\r', '\n', '\r\n', '\n.', '\0', 'a', '\xff'])
      for (const dotEnds of [false, true]) {
        const chunks = random.chunks(Buffer.from(text, 'latin1'))
        expect(convert(chunks, dotEnds).text, `seed ${seed}`).toBe(expected(text, dotEnds))
      }
    }
  })
})

describe('toWireText', () => {
  it('converts a whole text without looking at dots', () => {
    expect(toWireText(Buffer.from('a\n.\nb')).toString()).toBe('a\r\n.\r\nb\r\n')
  })
})
