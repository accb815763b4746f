import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/config/duration.ts'

describe('a duration', () => {
  it.each([
    ['30', 30_000],
    ['30s', 30_000],
    ['10m', 600_000],
    ['4h', 14_400_000],
    ['5d', 432_000_000],
    ['1.5h', 5_400_000],
    ['0.25', 250],
    ['0', 0],
    [' 7s ', 7000],
  ])('written %j is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', 's', '-1', '1 m', '1w', '10M', '1e3', 'Infinity', '1h30m', '0x10', '9999999999', '1.', '.5'])(
    'is not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it.each([
    [432_000_000, '5d'],
    [14_400_000, '4h'],
    [90_000, '90s'],
    [5_400_000, '90m'],
    [250, '0.25s'],
  ])('of %d milliseconds is written %j, which reads back', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
    expect(parseDuration(text)).toBe(milliseconds)
  })
})
