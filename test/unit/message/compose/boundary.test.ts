/** Boundaries: long, not to be guessed, and in none of the texts that they separate. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { boundaryStem, contains } from '../../../../src/message/compose/boundary.ts'
import { bufferContent, type MessageContent } from '../../../../src/message/content.ts'

const inPortions = (...portions: readonly string[]): MessageContent => ({
  size: portions.join('').length,
  bytes: undefined,
  stream: () =>
    Readable.from(
      portions.map((each) => Buffer.from(each)),
      { objectMode: false },
    ),
  close: () => undefined,
})

describe('the stem of the boundaries', () => {
  it('has 128 bits of its own each time, and what no encoding has', async () => {
    const stems = await Promise.all(Array.from({ length: 20 }, () => boundaryStem([])))
    for (const stem of stems) expect(stem).toMatch(/^=_[0-9a-f]{32}$/)
    expect(new Set(stems).size).toBe(20)
  })

  it('is another one when it occurs in a text, wherever that is cut', async () => {
    const texts = [
      bufferContent(Buffer.from('text\r\n--=_one.mixed\r\n')),
      inPortions('a=', '_t', 'w', 'o', '', 'b'),
    ]
    const offered = ['one', 'two', 'three', 'four']
    expect(await boundaryStem(texts, () => offered.shift() ?? '')).toBe('=_three')
  })
})

describe('a text', () => {
  it.each<[readonly string[], boolean]>([
    [['needle'], true],
    [['xneed', 'lex'], true],
    [['n', 'e', 'e', 'd', 'l', 'e'], true],
    [['need', 'needle'], true],
    [['needl', 'needl'], false],
    [[], false],
  ])('in the portions %j has the needle in it: %s', async (portions, expected) => {
    expect(await contains(inPortions(...portions), 'needle')).toBe(expected)
    expect(await contains(bufferContent(Buffer.from(portions.join(''))), 'needle')).toBe(expected)
  })
})
