/**
 * When a deferred message is tried again, and when it is given up: pure functions of the configuration, the
 * number of failed attempts and the time.
 */
import type { QueueEntry } from '../queue/store.ts'

/** The part of the configuration that rules retries. Times are milliseconds. */
export interface RetryPolicy {
  /** Waiting times after the first, second, ... failed attempt; the last repeats. */
  readonly retry: readonly number[]
  /** Age at which a message that is deferred again is given up. */
  readonly expire: number
}

/** Spreads retries so that messages which failed together are not tried together for ever. */
const JITTER = 0.2

/**
 * The time of the next attempt.
 *
 * @param attempts failed attempts so far, at least 1
 * @param now milliseconds since the epoch
 * @param random a number from 0 to 1; Math.random() when left out
 * @returns milliseconds since the epoch
 */
export function nextAttempt(
  policy: RetryPolicy,
  attempts: number,
  now: number,
  random = Math.random(),
): number {
  const step = policy.retry[Math.min(attempts, policy.retry.length) - 1] ?? 0
  return now + Math.round(step * (1 - JITTER + 2 * JITTER * random))
}

/** Whether a message that was deferred just now is too old to be tried again. */
export function isExpired(policy: RetryPolicy, queuedAt: number, now: number): boolean {
  return now - queuedAt >= policy.expire
}

/**
 * Whether a message may be tried now. A time further away than any retry can be was written by a clock that
 * went wrong: such a message is due, or it would wait for ever.
 */
export function isDue(
  policy: RetryPolicy,
  { nextAttempt }: Pick<QueueEntry, 'nextAttempt'>,
  { cutoff, now }: { readonly cutoff: number; readonly now: number },
): boolean {
  const furthest = Math.max(0, ...policy.retry) * (1 + JITTER) + 60_000
  return nextAttempt <= cutoff || nextAttempt > now + furthest
}
