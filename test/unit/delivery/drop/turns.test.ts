import { expect, it } from 'vitest'
import { inTurns } from '../../../../src/delivery/drop/turns.ts'

const files = (...entries: (readonly [number, readonly string[]])[]) => new Map(entries)
const nameOf = ({ name }: { name: string }): string => name

it('everybody has one file taken before anybody has a second one', () => {
  const turns = inTurns(files([1, ['a1', 'a2', 'a3']], [2, ['b1']], [3, ['c1', 'c2']]), new Map(), 10)
  expect(turns.map(nameOf)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

it('who was served least comes first, also where a round has no room for all', () => {
  const served = new Map([
    [1, 5],
    [2, 1],
  ])
  expect(inTurns(files([1, ['a']], [2, ['b']], [3, ['c']]), served, 2).map(nameOf)).toEqual(['c', 'b'])
})

it('nobody has anything: the round is empty', () => {
  expect(inTurns(files([1, []]), new Map(), 10)).toEqual([])
})
