/**
 * When a deferred message is tried again, and when it is given up: pure functions of the configuration, the
 * number of failed attempts and the time.
 */
import type { QueuedMessage, QueueEntry } from '../queue/store.ts'

/** The part of the configuration that rules retries. Times are milliseconds. */
export interface RetryPolicy {
  /** Waiting times after the first, second, ... failed attempt; the last repeats. */
  readonly retry: readonly number[]
  /** Age at which a message that is deferred again is given up. */
  readonly expire: number
  /** The same for messages from the null sender; `expire` when left out or longer. */
  readonly bounceExpire?: number
  /** What happens to a message that the server may or may not have; it is tried again when left out. */
  readonly inDoubt?: 'retry' | 'hold'
}

/** Spreads retries so that messages which failed together are not tried together for ever. */
const JITTER = 0.2
/** This program did not exist before: an earlier time is that of a clock that was not set. */
const FIRST_PLAUSIBLE_TIME = Date.UTC(2020, 0, 1)

/** How long a report waits that could not be made, in milliseconds. */
export const REPORT_DELAY = 10 * 60_000

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

/** What the age of a message is told by. */
export type Dated = Pick<
  QueuedMessage,
  'queuedAt' | 'requeuedAt' | 'firstAttempt' | 'notBefore' | 'expires'
> & {
  readonly envelope: { readonly sender: string }
}

/**
 * When the age of a message began: when it was queued, or later when it was not to be sent before; undefined when the
 * clock was not set then and no attempt tells.
 */
export function bornAt(message: Omit<Dated, 'envelope'>): number | undefined {
  const { queuedAt, requeuedAt, firstAttempt, notBefore = 0 } = message
  const born = [requeuedAt, queuedAt, firstAttempt].find(
    (time) => time !== undefined && time >= FIRST_PLAUSIBLE_TIME,
  )
  return born === undefined ? undefined : Math.max(born, notBefore)
}

/**
 * When a message is given up if it is deferred again.
 *
 * @returns milliseconds since the epoch; undefined when its age is not known
 */
export function expiryOf(policy: RetryPolicy, message: Dated): number | undefined {
  if (message.expires !== undefined) return message.expires
  const born = bornAt(message)
  if (born === undefined) return undefined
  const { expire, bounceExpire = expire } = policy
  return born + (message.envelope.sender === '' ? Math.min(expire, bounceExpire) : expire)
}

/** Whether a message that was deferred just now is too old to be tried again. */
export function isExpired(policy: RetryPolicy, message: Dated, now: number): boolean {
  const expiry = expiryOf(policy, message)
  return expiry !== undefined && now >= expiry
}

/** When messages are due. Times are milliseconds since the epoch. */
export interface DueTimes {
  /** What becomes due later is left for the next run. */
  readonly cutoff: number
  readonly now: number
  /** Ignores the schedule, but not the time before which a message must not be sent. */
  readonly all?: boolean
}

type Scheduled = Pick<QueueEntry, 'nextAttempt' | 'notBefore'>

/** Decides whether a message may be tried. */
type DueTest = (message: Scheduled) => boolean

/** A time of the schedule after this one was written by a clock that went wrong. */
const furthest = (policy: RetryPolicy, now: number): number =>
  now + Math.max(REPORT_DELAY, ...policy.retry) * (1 + JITTER) + 60_000

/**
 * What may be tried now. A time of the schedule further away than any retry or report can be was written by a clock that
 * went wrong: such a message is due, or it would wait for ever.
 */
export function dueTest(policy: RetryPolicy, { cutoff, now, all = false }: DueTimes): DueTest {
  const end = furthest(policy, now)
  return ({ nextAttempt, notBefore = 0 }) =>
    notBefore <= cutoff && (all || nextAttempt <= cutoff || nextAttempt > end)
}

/** Tells when each message may be tried, in milliseconds since the epoch; what {@link dueTest} lets pass is due by then. */
export function dueTime(policy: RetryPolicy, now: number): (message: Scheduled) => number {
  const end = furthest(policy, now)
  return ({ nextAttempt, notBefore = 0 }) => Math.max(nextAttempt > end ? 0 : nextAttempt, notBefore)
}
