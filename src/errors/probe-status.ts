/**
 * The exit codes of a monitoring probe, as Nagios and those who speak its language read them. They mean something
 * else than the codes of sysexits.h, so only a probe ends with one of these.
 */
export const PROBE = {
  OK: 0,
  WARNING: 1,
  CRITICAL: 2,
  UNKNOWN: 3,
} as const

/** The name of a state. */
export type ProbeState = keyof typeof PROBE

/** One of the numbers in {@link PROBE}. */
export type ProbeStatus = (typeof PROBE)[ProbeState]
