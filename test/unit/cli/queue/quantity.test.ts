/** Ages and sizes as people read and write them. */
import { describe, expect, it } from 'vitest'
import { ageText, readDuration, readSpace, sizeText } from '../../../../src/cli/queue/quantity.ts'

describe('an age', () => {
  it.each([
    [0, '0s'],
    [-5000, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_905_000, '1h 5m'],
    [3_605_000, '1h'],
    [90_000_000, '1d 1h'],
  ])('of %i ms is %s', (ms, text) => {
    expect(ageText(ms)).toBe(text)
  })
})

describe('a size', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1024, '1.0K'],
    [1536, '1.5K'],
    [200 * 1024 ** 2, '200M'],
    [5 * 1024 ** 5, '5120T'],
  ])('of %i octets is %s', (octets, text) => {
    expect(sizeText(octets)).toBe(text)
  })
})

describe('what is given with an option', () => {
  it('is a duration, or refused', () => {
    expect(readDuration('--warn-age', '4h')).toBe(14_400_000)
    expect(() => readDuration('--warn-age', 'soon')).toThrow('--warn-age soon: write a duration')
  })

  it.each([
    ['500', { octets: 500 }],
    ['1.5k', { octets: 1536 }],
    ['2G', { octets: 2 * 1024 ** 3 }],
    ['5%', { percent: 5 }],
  ])('is space: %s', (value, space) => {
    expect(readSpace('--min-free', value)).toEqual(space)
  })

  it.each(['', '5 %', '101%', '5X', '-1M', 'all'])('is no space: %j', (value) => {
    expect(() => readSpace('--min-free', value)).toThrow(
      'write a size such as 500M or 2G, or a part such as 5%',
    )
  })
})
