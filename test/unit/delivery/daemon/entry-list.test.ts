/**
 * The bounded list that a daemon keeps due messages and due times in.
 */
import { describe, expect, it } from 'vitest'
import { EntryList } from '../../../../src/delivery/daemon/entry-list.ts'

const byNumber = (a: number, b: number): number => a - b

function listOf(limit: number, ...numbers: number[]): EntryList<number> {
  const list = new EntryList(byNumber, limit)
  for (const number of numbers) list.add(number)
  return list
}

function all(list: EntryList<number>): number[] {
  return Array.from({ length: list.size }, () => list.shift() ?? Number.NaN)
}

describe('a bounded list', () => {
  it('is sorted and has nothing twice', () => {
    expect(all(listOf(10, 3, 1, 2, 3, 1))).toEqual([1, 2, 3])
  })

  it('keeps the first ones, and knows the best of those that it left out', () => {
    const list = listOf(3, 5, 9, 1, 7, 3)
    expect(list.left).toBe(7)
    expect(all(list)).toEqual([1, 3, 5])
  })

  it('takes nothing up behind what was left out, until everything is offered again', () => {
    const list = listOf(2, 1, 2, 3)
    list.shift()
    list.add(4)
    expect([list.size, list.left]).toEqual([1, 3])
    list.startOver()
    for (const number of [2, 3, 4]) list.add(number)
    expect(list.left).toBe(4)
    expect(all(list)).toEqual([2, 3])
  })

  it('agrees with a list without end, whatever is offered in whatever order', () => {
    let state = 7
    const roll = (): number => (state = (state * 48271) % 2147483647)
    for (let round = 0; round < 50; round++) {
      const numbers = Array.from({ length: 200 }, () => roll() % 300)
      const sorted = [...new Set(numbers)].sort(byNumber)
      const list = listOf(20, ...numbers)
      expect(list.left).toBe(sorted[20])
      expect(all(list)).toEqual(sorted.slice(0, 20))
    }
  })
})
