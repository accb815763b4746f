/**
 * When a message is tried again, and when it is given up.
 */
import { describe, expect, it } from 'vitest'
import { isDue, isExpired, nextAttempt } from '../../../src/delivery/schedule.ts'

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
  it('is given up at its age and not before', () => {
    expect(isExpired(POLICY, NOW - POLICY.expire + 1, NOW)).toBe(false)
    expect(isExpired(POLICY, NOW - POLICY.expire, NOW)).toBe(true)
  })

  it('is due at its time', () => {
    expect(isDue(POLICY, { nextAttempt: NOW }, AT)).toBe(true)
    expect(isDue(POLICY, { nextAttempt: NOW + 1 }, AT)).toBe(false)
    expect(isDue(POLICY, { nextAttempt: 0 }, AT)).toBe(true)
  })

  it('waits for every time the schedule can give', () => {
    for (let attempts = 1; attempts < 5; attempts += 1) {
      expect(isDue(POLICY, { nextAttempt: nextAttempt(POLICY, attempts, NOW, 1) }, AT)).toBe(false)
    }
  })

  it('is due when its time is further away than the schedule can put it: a clock was wrong', () => {
    expect(isDue(POLICY, { nextAttempt: NOW + 12 * MINUTE + 60_001 }, AT)).toBe(true)
    expect(isDue(POLICY, { nextAttempt: 4_000_000_000_000 }, AT)).toBe(true)
  })

  it('is not due again in a long run because of what the run itself gave it', () => {
    const later = NOW + 60 * MINUTE
    const rescheduled = { nextAttempt: nextAttempt(POLICY, 9, later, 1) }
    expect(isDue(POLICY, rescheduled, { cutoff: NOW, now: later })).toBe(false)
  })
})
