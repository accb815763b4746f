import type { SrvRecord } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { inOrder } from '../../../src/transport/srv.ts'

const record = (name: string, priority: number, weight: number): SrvRecord => ({
  name,
  priority,
  weight,
  port: 1,
})

describe('the order of SRV records', () => {
  it('is by priority first, whatever chance says', () => {
    const records = [record('c', 30, 0), record('a', 10, 9), record('b', 20, 99)]
    for (const chance of [0, 0.5, 0.999])
      expect(inOrder(records, () => chance).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('within a priority is by chance, according to weight', () => {
    const records = [record('small', 0, 10), record('none', 0, 0), record('large', 0, 30)]
    const first = (chance: number): string | undefined => inOrder(records, () => chance)[0]?.name
    expect([0, 1 / 41, 10 / 41, 11 / 41, 40 / 41].map((chance) => first(chance + 0.001))).toEqual([
      'none',
      'small',
      'small',
      'large',
      'large',
    ])
    expect(inOrder(records, () => 0.999).map(({ name }) => name)).toEqual(['large', 'small', 'none'])
  })

  it('has each record once', () => {
    const records = Array.from({ length: 20 }, (_, at) => record(String(at), at % 3, at % 4))
    for (let round = 0; round < 50; round++) {
      const names = inOrder(records).map(({ name }) => Number(name))
      expect(names.toSorted((a, b) => a - b)).toEqual(records.map((_, at) => at))
    }
    expect(inOrder([])).toEqual([])
  })
})
