import { describe, expect, it } from 'vitest'
import { listOf, scalar, splitWords } from '../../../../src/config/kinds/option-kind.ts'

const BASE = { folder: '/etc', home: '/home/ann' }

describe('the words of a list', () => {
  it.each([
    ['a b,c', ['a', 'b', 'c']],
    [' a ,\t, b ', ['a', 'b']],
    ['', []],
    ['my\\ dir/x.mjs a\\,b', ['my dir/x.mjs', 'a,b']],
    ['p/*.{mjs,js} q', ['p/*.{mjs,js}', 'q']],
    ['a{b c', ['a{b', 'c']],
  ])('in %j are %j', (text, words) => {
    expect(splitWords(text)).toEqual(words)
  })

  it('are written so that they read the same', () => {
    const kind = listOf({ form: 'words', read: (word) => word })
    const words = ['a b', 'c,d', 'e']
    expect(splitWords(kind.format(words))).toEqual(words)
  })
})

describe('a kind', () => {
  const text = scalar({ form: 'text', read: (value) => value })

  it.each(['a\rb', 'a\nb', 'a\tb', 'a\0', '\u007f', '\u0085'])(
    'refuses control characters as in %j',
    (value) => {
      expect(text.parse([value], BASE)).toEqual({ ok: false, expected: 'text' })
      expect(listOf({ form: 'words', read: (word) => word }).parse(['ok', value], BASE).ok).toBe(false)
    },
  )

  it('of list may demand items', () => {
    const some = listOf({ form: 'words', read: (word) => word, least: 1 })
    expect(some.parse([], BASE)).toEqual({ ok: false, expected: 'words' })
    expect(some.emptyIsUnset).toBe(false)
  })
})
