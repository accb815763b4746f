/** The pieces of an address list, and where they stand in the text. */
import { describe, expect, it } from 'vitest'
import { addressTokens } from '../../../../src/message/address/tokens.ts'
import { seeded } from '../seeded.ts'

const pieces = (text: string) => [...addressTokens(text)].map(({ kind, text: piece }) => [kind, piece])

describe('addressTokens', () => {
  it('tells words, signs, literals and comments apart', () => {
    expect(pieces('\u00fc.b "c \\" d"(e (f) \\))<@[::1]')).toEqual([
      ['atom', '\u00fc'],
      ['sign', '.'],
      ['atom', 'b'],
      ['quoted', 'c " d'],
      ['comment', 'e (f) )'],
      ['sign', '<'],
      ['sign', '@'],
      ['literal', '[::1]'],
    ])
  })

  it('knows which pieces have a blank or a comment before them', () => {
    expect([...addressTokens('a b.(x)c')].map((token) => token.spaced)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ])
  })

  it.each([
    ['"open', [['bad', '"open']]],
    [
      'a (open (b)',
      [
        ['atom', 'a'],
        ['bad', '(open (b)'],
      ],
    ],
    [
      'a)b',
      [
        ['atom', 'a'],
        ['bad', ')'],
        ['atom', 'b'],
      ],
    ],
    [
      '[open',
      [
        ['bad', '['],
        ['atom', 'open'],
      ],
    ],
    [
      'a\r\nb',
      [
        ['atom', 'a'],
        ['bad', '\r'],
        ['bad', '\n'],
        ['atom', 'b'],
      ],
    ],
  ])('marks what is wrong in %j', (text, expected) => {
    expect(pieces(text)).toEqual(expected)
  })

  it('covers every text but its blanks, without overlap', () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(20); count > 0; count -= 1) {
        text += random.pick(['a', '\u{1f600}', ' ', '\t', '"', '\\', '(', ')', '[', ']', '@', '\0'])
      }
      let position = 0
      for (const token of addressTokens(text)) {
        expect(text.slice(position, token.start).trim(), `seed ${seed}`).toBe('')
        expect(token.end).toBeGreaterThan(token.start)
        position = token.end
      }
      expect(text.slice(position).trim(), `seed ${seed}`).toBe('')
    }
  })
})
