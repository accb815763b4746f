import { describe, expect, it } from 'vitest'
import { dropId, newDropName, parseDropName } from '../../../../src/queue/drop/name.ts'

describe('the name of a dropped message', () => {
  it('says how urgent it is and when it may start, and reads back', () => {
    const name = newDropName(1_790_000_000_500, { priority: 7, notBefore: 1_800_000_000_001 })
    expect(name).toMatch(/^1790000000\.R[0-9a-f]{32},P=7,B=1800000001$/)
    expect(parseDropName(name)).toEqual({ priority: 7, notBefore: 1_800_000_001_000 })
    expect(parseDropName(newDropName(1_790_000_000_500, {}))).toEqual({ priority: 5, notBefore: undefined })
  })

  it('is another one each time', () => {
    expect(newDropName(1_790_000_000_000, {})).not.toBe(newDropName(1_790_000_000_000, {}))
  })

  const random = 'R0123456789abcdef0123456789abcdef'
  it.each([
    '',
    '.',
    `.1790000000.${random},P=5`,
    `1790000000.${random},P=5\n`,
    `1790000000.${random},P=5,A=work`,
    `1790000000.${random},P=55`,
    `../1790000000.${random},P=5`,
    `1790000000.${random.toUpperCase()},P=5`,
  ])('has one form only: %j is none', (name) => {
    expect(parseDropName(name)).toBeUndefined()
  })

  it('gives the same queue id each time, and another one to each user and part', () => {
    const name = `1790000000.${random},P=5`
    const ids = [dropId(1, name), dropId(2, name), dropId(1, name, 1), dropId(1, `${name}x`)]
    expect(new Set(ids).size).toBe(4)
    expect(dropId(1, name)).toBe(ids[0])
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/)
  })
})
