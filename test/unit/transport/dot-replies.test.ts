import { describe, expect, it } from 'vitest'
import { DotReplies } from '../../../src/transport/dot-replies.ts'

const BEFORE = '250 mail\r\n250 a\r\n550 b\r\n250-c\r\n250 c\r\n354 go\r\n'

function repliesTo(text: string, size = 1000): DotReplies {
  const replies = new DotReplies(3)
  for (let at = 0; at < text.length; at += size)
    replies.push(Buffer.from(text.slice(at, at + size), 'latin1'))
  return replies
}

describe('the replies after the dot', () => {
  it('are those behind the replies to the commands, however they are cut', () => {
    const text = `${BEFORE}250-2.0.0 a\r\n250 done\r\n451 c\r\n`
    for (let size = 1; size <= text.length; size++) {
      const replies = repliesTo(text, size)
      expect([...replies.assign(['a', 'c'], false)]).toEqual([
        ['a', '250-2.0.0 a\n250 done'],
        ['c', '451 c'],
      ])
    }
  })

  it('belong to the first recipients when not all came', () => {
    expect([...repliesTo(`${BEFORE}250 a\r\n`).assign(['a', 'c'], true)]).toEqual([['a', '250 a']])
    expect(repliesTo(BEFORE).complete).toEqual([])
  })

  it('count from the beginning of a refusal only when nothing more can come', () => {
    const replies = repliesTo(`${BEFORE}250 a\r\n550 5.1.1 no su`)
    expect(replies.assign(['a', 'c'], false).has('c')).toBe(false)
    expect(replies.assign(['a', 'c'], true).get('c')).toBe('550 5.1.1 no su')
    expect(repliesTo(`${BEFORE}250 2.0.0 qu`).assign(['a', 'c'], true).size).toBe(0)
    expect(repliesTo(`${BEFORE}250-2.0.0 qu\r\n`).assign(['a', 'c'], true).size).toBe(0)
  })

  it('are read as UTF-8, and empty lines are none', () => {
    const replies = repliesTo(`${BEFORE}\r\n250 gr\xc3\xbcn\r\n`)
    expect(replies.complete).toEqual(['250 grün'])
  })
})
