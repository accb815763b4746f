/** Foreign words become one harmless line. */
import { describe, expect, it } from 'vitest'
import { foreignAscii, foreignText } from '../../../src/message/foreign-text.ts'

describe('foreignText', () => {
  it.each([
    [' 550 no\r\n such\tuser ', '550 no such user'],
    ['a\0\x1b[2J\x7f\x85b', 'a [2J b'],
    ['a\u202eb\u2066c\u200bd\u2028e', 'a b c d e'],
    ['a\ud800b', 'a b'],
    ['\u65e5\u672c', '\u65e5\u672c'],
    ['\r\n', ''],
  ])('makes %j %j', (text, clean) => {
    expect(foreignText(text, 100)).toBe(clean)
  })

  it('is cut where it is too long, and never inside a character', () => {
    expect(foreignText('abcdef', 6)).toBe('abcdef')
    expect(foreignText('abcdefg', 6)).toBe('abcdef...')
    expect(foreignText('abc defg', 4)).toBe('abc...')
    expect(foreignText('abc\u{1f600}\u{1f600}', 4)).toBe('abc...')
    expect(foreignText('abc\u{1f600}\u{1f600}', 5)).toBe('abc\u{1f600}...')
  })
})

describe('foreignAscii', () => {
  it('has a question mark for each other character', () => {
    expect(foreignAscii('J\u00f6rg \u{1f600}\r\nx', 100)).toBe('J?rg ? x')
  })
})
