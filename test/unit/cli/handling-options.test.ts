/** --priority, --send-at, --expire and --batch: what they mean, and what is refused. */
import { describe, expect, it } from 'vitest'
import { readHandling } from '../../../src/cli/handling-options.ts'
import { readTime } from '../../../src/cli/point-in-time.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const HOUR = 3600_000

describe('a time on the command line', () => {
  it.each([
    ['2026-12-24T18:00:00+01:00', Date.UTC(2026, 11, 24, 17)],
    ['2026-12-24T18:00:00Z', Date.UTC(2026, 11, 24, 18)],
    ['2026-12-24t18:00z', Date.UTC(2026, 11, 24, 18)],
    ['2026-12-24 18:00:30.5-0530', Date.UTC(2026, 11, 24, 23, 30, 30)],
    ['2026-12-24 18:00', new Date(2026, 11, 24, 18).getTime()],
    ['2026-12-24T18:00:07', new Date(2026, 11, 24, 18, 0, 7).getTime()],
    ['+2h', NOW + 2 * HOUR],
    ['+90', NOW + 90_000],
    ['@1798135200', 1_798_135_200_000],
    ['1999-01-01 00:00', new Date(1999, 0, 1).getTime()],
  ])('may be %s', (text, time) => {
    expect(readTime('--send-at', text, NOW)).toBe(time)
  })

  it.each([
    '',
    'tomorrow',
    '2026-02-30 12:00',
    '2026-13-01 12:00',
    '2026-12-24 24:00',
    '2026-12-24 12:60',
    '2026-12-24',
    '2026-12-24 18:00+99:00',
    '18:00',
    '1798135200',
    '@1798135200000',
    '+soon',
    '-2h',
    '2h',
  ])('is refused when it is %j', (text) => {
    expect(() => readTime('--send-at', text, NOW)).toThrow(
      '--send-at takes a time such as 2026-12-24T18:00:00+01:00, "2026-12-24 18:00", +2h or @1798135200',
    )
  })
})

describe('the options about the queue', () => {
  it('say how a message is treated', () => {
    const words = { priority: '0', sendAt: '+1h', expire: '2h', batch: 'spring sale' }
    expect(readHandling(words, NOW)).toEqual({
      priority: 0,
      notBefore: NOW + HOUR,
      expires: NOW + 3 * HOUR,
      batch: 'spring sale',
    })
    expect(readHandling({}, NOW)).toEqual({})
  })

  it('take a time that is over for now', () => {
    expect(readHandling({ sendAt: '2020-01-01 00:00' }, NOW)).toEqual({})
  })

  it.each([
    [{ priority: '10' }, '--priority takes a digit'],
    [{ priority: '' }, '--priority takes a digit'],
    [{ expire: '2020-01-01 00:00' }, 'is over before the message may be sent'],
    [{ sendAt: '+2h', expire: '+1h' }, 'is over before the message may be sent'],
    [{ expire: '0' }, 'is over before the message may be sent'],
    [{ expire: 'never' }, '--expire takes a time such as'],
    [{ expire: '99999d' }, '--expire "+99999d" is more than ten years away'],
    [{ expire: '999999999d' }, '--expire takes a time such as'],
    [{ sendAt: '9999-12-31T23:59:59Z' }, '--send-at "9999-12-31T23:59:59Z" is more than ten years away'],
    [{ batch: '' }, '--batch takes a name'],
    [{ batch: 'a\nb' }, '--batch takes a name'],
  ])('are refused when they mean nothing: %j', (words, why) => {
    expect(() => readHandling(words, NOW)).toThrow(why)
  })
})
