/** Encoded words decode to what went in. */
import { describe, expect, it } from 'vitest'
import { decodedWords, encodedWords } from '../../../src/message/encoded-word.ts'
import { seeded } from './seeded.ts'

function decode(word: string): string {
  const [, encoding, payload = ''] = /^=\?UTF-8\?([QB])\?([^? ]*)\?=$/.exec(word) ?? []
  if (encoding === 'B')
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(payload, 'base64'))
  expect(encoding).toBe('Q')
  expect(payload).toMatch(/^(?:[A-Za-z0-9!*+/_-]|=[0-9A-F]{2})*$/)
  const text = payload
    .replaceAll('_', ' ')
    .replace(/=(..)/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
}

describe('encodedWords', () => {
  it('chooses the readable encoding unless the other is much shorter', () => {
    expect(encodedWords('J\u00f6rg')).toEqual(['=?UTF-8?Q?J=C3=B6rg?='])
    expect(encodedWords('\u65e5\u672c')).toEqual(['=?UTF-8?B?5pel5pys?='])
    expect(encodedWords('')).toEqual([])
  })

  it('replaces half a surrogate pair', () => {
    expect(encodedWords('\ud800').map(decode)).toEqual(['\ufffd'])
  })

  it('takes a text of a megabyte, looking at each character once', () => {
    const text = `${'s'.repeat(500_000)}${' '.repeat(500_000)}x`
    const words = encodedWords(text)
    expect(words.join('').length).toBeLessThan(text.length * 1.4)
    expect(words.map((word) => word.slice('=?UTF-8?Q?'.length, -2).replaceAll('_', ' ')).join('')).toBe(text)
  })

  it('keeps every word within 75 characters and every character whole', () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(200); count > 0; count -= 1) {
        text += random.pick(['a', 'b', ' ', '?', '=', '_', '"', '\u00e4', '\u65e5', '\u{1f600}'])
      }
      const words = encodedWords(text)
      expect(Math.max(0, ...words.map((word) => word.length))).toBeLessThanOrEqual(75)
      expect(words.map(decode).join(''), `seed ${seed}`).toBe(text)
    }
  })
})

describe('decodedWords', () => {
  it.each([
    ['=?utf-8?Q?J=C3=B6rg_B?= <a@d.ex>', 'J\u00f6rg B <a@d.ex>'],
    ['=?ISO-8859-1?b?9g==?= =?utf-8*de?q?=C3=B6?= x', '\u00f6\u00f6 x'],
    ['=?x-nobody?Q?a?=', '=?x-nobody?Q?a?='],
    ['=?utf-8?Q?=FF?=', '\ufffd'],
    ['=?utf-8?q?=4?=', '=4'],
    ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
    ['a =? b', 'a =? b'],
    ['plain@x.example', 'plain@x.example'],
    ['=?utf-8?b?YUB4?=', 'a@x'],
    ['=?US-ASCII*en?Q?a=40x_b?=', 'a@x b'],
    ['=?utf-8?q?a?=  =?iso-8859-1?q?=F6?= b', 'a\u00f6 b'],
    ['=?utf-8?q?a?==?utf-8?q?b?=', 'ab'],
    ['=?utf-8?q?a?= =?x-nobody?q?b?= =?utf-8?q?c?=', 'a =?x-nobody?q?b?= c'],
    // Some programs cut a character in two.
    ['=?utf-8?q?j=C3?= =?utf-8?q?=B6rg?=', 'j\u00f6rg'],
  ])('%j', (text, decoded) => {
    expect(decodedWords(text)).toBe(decoded)
  })

  it('gives back what was encoded', () => {
    const text = 'Gr\u00fc\u00dfe aus K\u00f6ln, '.repeat(20).trim()
    expect(decodedWords(encodedWords(text).join(' '))).toBe(text)
  })
})
