/** Encoded words in the headers of foreign messages. */
import { describe, expect, it } from 'vitest'
import { encodedWords } from '../../../src/message/encoded-word.ts'
import { decodeWords } from '../../../src/queue/import/encoded-text.ts'

describe('decodeWords', () => {
  it.each([
    ['plain@x.example', 'plain@x.example'],
    ['=?utf-8?b?YUB4?=', 'a@x'],
    ['=?US-ASCII*en?Q?a=40x_b?=', 'a@x b'],
    ['=?iso-8859-1?q?j=F6rg?= <j@x>', 'jörg <j@x>'],
    ['=?utf-8?q?j=C3?= =?utf-8?q?=B6rg?=', 'jörg'],
    ['=?utf-8?q?a?=  =?iso-8859-1?q?=F6?= b', 'aö b'],
    ['=?klingon?q?a?= b', '=?klingon?q?a?= b'],
    ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
    ['=?utf-8?q?=FF?=', '\uFFFD'],
    ['=?utf-8?q?=4?=', '=4'],
  ])('reads %s', (text, decoded) => {
    expect(decodeWords(text)).toBe(decoded)
  })

  it('reads back what this project writes', () => {
    const text = 'Grüße, "Jörg" \u{1F4EC} '.repeat(20)
    expect(decodeWords(encodedWords(text).join(' '))).toBe(text)
  })
})
