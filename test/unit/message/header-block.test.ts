/** Where the header ends, and that its fields keep their bytes. */
import { describe, expect, it } from 'vitest'
import {
  fieldText,
  HeaderSplitter,
  MAX_HEADER_BYTES,
  splitHeader,
  type HeaderSplit,
} from '../../../src/message/header-block.ts'
import { toWireText } from '../../../src/message/wire-text.ts'
import { seeded } from './seeded.ts'

const split = (text: string) => splitHeader(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'))
const raw = ({ header }: HeaderSplit) =>
  header.all.map((field) => field.raw.replaceAll('\r\n', '\n')).join('')
const body = ({ rest }: HeaderSplit) => rest.toString('latin1').replaceAll('\r\n', '\n')

describe('splitHeader', () => {
  it.each([
    ['a normal message', 'A: 1\nB: 2\n\nbody\n\nx\n', 'A: 1\nB: 2\n', 'body\n\nx\n'],
    ['folded fields', 'A: 1\n\t2\n 3\nB:\n\nx\n', 'A: 1\n\t2\n 3\nB:\n', 'x\n'],
    ['a folded line of blanks only', 'A: 1\n \nB: 2\n\nx\n', 'A: 1\n \nB: 2\n', 'x\n'],
    ['no body', 'A: 1\n', 'A: 1\n', ''],
    ['no bytes', '', '', ''],
    ['a header without its last line end', 'A: 1\n 2', 'A: 1\n 2\n', ''],
    ['a malformed line', 'A: 1\nnot a header\nB: 2\n\nx\n', 'A: 1\n', 'not a header\nB: 2\n\nx\n'],
    ['a first line that is no field', 'just text\nmore\n', '', 'just text\nmore\n'],
    ['a leading blank line', '\nA: 1\n', '', 'A: 1\n'],
    ['a leading folded line', ' A: 1\nB: 2\n', '', ' A: 1\nB: 2\n'],
    ['an unfinished text', 'no header', '', 'no header'],
    ['an mbox line', 'From x@y Mon Jan  1 00:00:00 2026\nA: 1\n\nx\n', 'A: 1\n', 'x\n'],
    ['quoted mbox lines', '>From x\n>>From y\nA: 1\n\nFrom z\n', 'A: 1\n', 'From z\n'],
    ['an mbox line in the middle', 'A: 1\nFrom x\nB: 2\n', 'A: 1\n', 'From x\nB: 2\n'],
    ['a From field with a blank', 'From : a@b\n\nx\n', 'From : a@b\n', 'x\n'],
    ['a field name with 8-bit bytes', 'A: 1\n\xc3\xa4: 2\n\nx\n', 'A: 1\n', '\xc3\xa4: 2\n\nx\n'],
    ['Return-Path', 'return-path: <a@b>\n folded\nA: 1\nReturn-Path : x\n\nx\n', 'A: 1\n', 'x\n'],
  ])('splits %s', (_what, message, header, rest) => {
    const result = split(message)
    expect([raw(result), body(result)]).toEqual([header, rest])
  })

  it('finds fields by name in any case, in order, also with blanks before the colon', () => {
    const { header } = split('To: a\nX: b\nTO \t: c\n\n')
    expect(header.fields('tO').map(fieldText)).toEqual(['a', 'c'])
    expect(header.fields('to').map((field) => field.name)).toEqual(['To', 'TO'])
    expect(header.fields('t')).toEqual([])
  })

  it('unfolds a value and reads it as UTF-8', () => {
    const [field] = splitHeader(Buffer.from('Subject: J\u00f6rg\r\n\t =?x?=: b \r\n\r\n')).header.all
    expect(field && fieldText(field)).toBe('J\u00f6rg\t =?x?=: b')
    expect(field?.raw).toBe('Subject: J\xc3\xb6rg\r\n\t =?x?=: b \r\n')
  })

  it('gives the same parts for any message cut in any way', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let lines = random.below(8); lines > 0; lines -= 1) {
        text += random.pick(['A: 1\n', 'Return-Path: x\n', ' fold\n', 'From x\n', 'B :\n', '\n', 'text\n'])
      }
      const bytes = toWireText(Buffer.from(text))
      const splitter = new HeaderSplitter()
      let result: HeaderSplit | undefined
      const rest: Buffer[] = []
      for (const line of random.chunks(bytes).reduce(wholeLineEnds, [])) {
        if (result === undefined) result = splitter.push(line)
        else rest.push(line)
      }
      result ??= splitter.end()
      const pieces = [raw(result), body(result) + Buffer.concat(rest).toString().replaceAll('\r\n', '\n')]
      expect(pieces, `seed ${seed}`).toEqual([raw(splitHeader(bytes)), body(splitHeader(bytes))])
    }
  })
})

/** Moves a LF to the chunk of its CR, as the wire text always has it. */
function wholeLineEnds(done: Buffer[], chunk: Buffer): Buffer[] {
  const last = done.at(-1)
  if (chunk.length === 0) return done
  const cut = last?.at(-1) === 0x0d
  if (last === undefined || !cut) return [...done, chunk]
  return [...done.slice(0, -1), Buffer.concat([last, chunk.subarray(0, 1)]), chunk.subarray(1)]
}

describe('the size of the header block', () => {
  const tooLarge = { code: 'MESSAGE_MALFORMED' }

  it('may be 4 MB but not more', () => {
    const fits = Buffer.from(`A: ${'x'.repeat(MAX_HEADER_BYTES - 5)}\r\n\r\nbody`)
    expect(splitHeader(fits).rest.toString()).toBe('body')
    const over = Buffer.from(`A: ${'x'.repeat(MAX_HEADER_BYTES - 4)}\r\n\r\nbody`)
    expect(() => splitHeader(over)).toThrow(expect.objectContaining(tooLarge))
  })

  it('is limited while a field goes on without end', () => {
    const splitter = new HeaderSplitter()
    const block = Buffer.alloc(1024 * 1024, 'x')
    const push = () => {
      for (let count = 0; count < 5; count += 1) splitter.push(block)
    }
    splitter.push(Buffer.from('Subject: '))
    expect(push).toThrow(expect.objectContaining(tooLarge))
  })

  it('does not limit a body that is one endless line', () => {
    const splitter = new HeaderSplitter()
    const result = splitter.push(Buffer.alloc(5 * 1024 * 1024, 'x'))
    expect(result?.rest.length).toBe(5 * 1024 * 1024)
    expect(result?.header.all).toEqual([])
  })
})
