import { describe, expect, it } from 'vitest'
import type { OptionKind } from '../../../../src/config/kinds/option-kind.ts'
import { choice, duration, durations, integer, YES_NO } from '../../../../src/config/kinds/value.ts'

const BASE = { folder: '/', home: '/' }
const read = <T>(kind: OptionKind<T>, ...words: string[]): T | undefined => {
  const parsed = kind.parse(words, BASE)
  return parsed.ok ? parsed.value : undefined
}

describe('a value', () => {
  it('of a whole number keeps to its bounds', () => {
    const port = integer(1, 65535)
    expect(['1', '65535', '0587'].map((text) => read(port, text))).toEqual([1, 65535, 587])
    for (const text of ['0', '65536', '-1', '1.5', '1e3', '0x1', '', 'abc', '99999999999']) {
      expect(read(port, text)).toBeUndefined()
    }
  })

  it('of a switch knows eight words', () => {
    expect(['yes', 'TRUE', 'on', '1'].map((text) => read(YES_NO, text))).toEqual([true, true, true, true])
    expect(['no', 'False', 'off', '0'].map((text) => read(YES_NO, text))).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(read(YES_NO, 'maybe')).toBeUndefined()
    expect([YES_NO.format(true), YES_NO.format(false)]).toEqual(['yes', 'no'])
  })

  it('of a duration is above zero and within its bound', () => {
    expect(read(duration('1d'), '24h')).toBe(86_400_000)
    expect(read(duration('1d'), '25h')).toBeUndefined()
    expect(read(duration('1d'), '0')).toBeUndefined()
    expect(read(durations('1d'), '1m', '2h')).toEqual([60_000, 7_200_000])
    expect(read(durations('1d'), '1m', 'x')).toBeUndefined()
    expect(read(durations('1d'))).toBeUndefined()
  })

  it('of a choice is one of its words in lower case', () => {
    const kind = choice('off', 'may')
    expect(read(kind, 'MAY')).toBe('may')
    expect(kind.parse(['x'], BASE)).toEqual({ ok: false, expected: 'one of off, may' })
    expect(kind.emptyIsUnset).toBe(false)
  })
})
