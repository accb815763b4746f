/**
 * When a message is tried again, and when it is given up.
 */
import { describe, expect, it } from 'vitest'
import { dueTest, isExpired, nextAttempt, REPORT_DELAY, type Dated } from '../../../src/delivery/schedule.ts'

const MINUTE = 60_000
const POLICY = { retry: [MINUTE, 3 * MINUTE, 10 * MINUTE], expire: 5 * 24 * 60 * MINUTE }
const NOW = 1_795_000_000_000

describe('the next attempt', () => {
  it.each([
    [1, MINUTE],
    [2, 3 * MINUTE],
    [3, 10 * MINUTE],
    [4, 10 * MINUTE],
    [1000, 10 * MINUTE],
  ])('after %i failed attempts is %i ms away, a fifth more or less', (attempts, step) => {
    expect(nextAttempt(POLICY, attempts, NOW, 0.5)).toBe(NOW + step)
    expect(nextAttempt(POLICY, attempts, NOW, 0)).toBe(NOW + step * 0.8)
    expect(nextAttempt(POLICY, attempts, NOW, 1)).toBe(NOW + step * 1.2)
  })

  it('is not the same for messages that failed together', () => {
    const times = Array.from({ length: 100 }, () => nextAttempt(POLICY, 3, NOW))
    expect(new Set(times).size).toBeGreaterThan(50)
    expect(times.every((time) => time >= NOW + 8 * MINUTE && time <= NOW + 12 * MINUTE)).toBe(true)
  })

  it('is at once without a schedule', () => {
    expect(nextAttempt({ retry: [], expire: 0 }, 3, NOW, 0.5)).toBe(NOW)
  })
})

const AT = { cutoff: NOW, now: NOW }

describe('a message', () => {
  const queued = (queuedAt: number, more: Partial<Dated> = {}): Dated => ({
    queuedAt,
    requeuedAt: undefined,
    firstAttempt: undefined,
    expires: undefined,
    envelope: { sender: 's@x' },
    ...more,
  })

  it('is given up at its age and not before', () => {
    expect(isExpired(POLICY, queued(NOW - POLICY.expire + 1), NOW)).toBe(false)
    expect(isExpired(POLICY, queued(NOW - POLICY.expire), NOW)).toBe(true)
  })

  it('from the null sender is given up earlier, never later', () => {
    const report = queued(NOW - 61 * MINUTE, { envelope: { sender: '' } })
    expect(isExpired({ ...POLICY, bounceExpire: 60 * MINUTE }, report, NOW)).toBe(true)
    expect(isExpired({ ...POLICY, bounceExpire: 62 * MINUTE }, report, NOW)).toBe(false)
    expect(isExpired({ retry: [], expire: 30 * MINUTE, bounceExpire: 62 * MINUTE }, report, NOW)).toBe(true)
  })

  it('with a time of its own is given up then, whatever the site says', () => {
    expect(isExpired(POLICY, queued(NOW - 10, { expires: NOW }), NOW)).toBe(true)
    expect(isExpired(POLICY, queued(NOW - 10 * POLICY.expire, { expires: NOW + 1 }), NOW)).toBe(false)
  })

  it('that was queued anew is as old as that', () => {
    expect(isExpired(POLICY, queued(NOW - POLICY.expire, { requeuedAt: NOW - 1 }), NOW)).toBe(false)
  })

  it('of a clock that was not set is as old as its first attempt, and not old before that', () => {
    expect(isExpired(POLICY, queued(1000), NOW)).toBe(false)
    expect(isExpired(POLICY, queued(1000, { firstAttempt: NOW - POLICY.expire + 1 }), NOW)).toBe(false)
    expect(isExpired(POLICY, queued(1000, { firstAttempt: NOW - POLICY.expire }), NOW)).toBe(true)
  })

  it('is due at its time', () => {
    expect(dueTest(POLICY, AT)({ nextAttempt: NOW })).toBe(true)
    expect(dueTest(POLICY, AT)({ nextAttempt: NOW + 1 })).toBe(false)
    expect(dueTest(POLICY, AT)({ nextAttempt: 0 })).toBe(true)
  })

  it('waits for every time the schedule can give', () => {
    for (let attempts = 1; attempts < 5; attempts += 1) {
      expect(dueTest(POLICY, AT)({ nextAttempt: nextAttempt(POLICY, attempts, NOW, 1) })).toBe(false)
    }
  })

  it('waits for a report that was put off, however soon messages are tried again', () => {
    const often = { ...POLICY, retry: [1000] }
    expect(dueTest(often, AT)({ nextAttempt: NOW + REPORT_DELAY })).toBe(false)
  })

  it('is due when its time is further away than the schedule can put it: a clock was wrong', () => {
    expect(dueTest(POLICY, AT)({ nextAttempt: NOW + 12 * MINUTE + 60_001 })).toBe(true)
    expect(dueTest(POLICY, AT)({ nextAttempt: 4_000_000_000_000 })).toBe(true)
  })

  it('is not due again in a long run because of what the run itself gave it', () => {
    const later = NOW + 60 * MINUTE
    const rescheduled = { nextAttempt: nextAttempt(POLICY, 9, later, 1) }
    expect(dueTest(POLICY, { cutoff: NOW, now: later })(rescheduled)).toBe(false)
  })
})
