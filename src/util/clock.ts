/**
 * Where the time comes from. Everything that compares or stores a time takes a Clock, so that tests can say
 * what time it is.
 */

/** A source of the current time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds since this process started, which never go backwards. The performance object is slow to load. */
export function elapsed(): number {
  return process.uptime() * 1000
}

/** The end of the year 9999, in milliseconds since the epoch: later times have no place in names and dates. */
export const LATEST_TIME = Date.UTC(10_000, 0, 1) - 1
