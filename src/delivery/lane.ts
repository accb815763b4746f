/**
 * How one way fares during a run: whether it can be used, and why not any more. What stops one lane stops no other.
 */
import type { Stop } from './attempt.ts'
import type { RunReport } from './run-report.ts'
import type { Way } from './way.ts'

/** A way, and what a run has found out about it. */
export interface Lane {
  readonly way: Way
  /** It was asked whether it can be used. */
  asked: boolean
  /** A message has gone over it. */
  probed: boolean
  /** Messages in a row at which the server ended the session. */
  cutShort: number
  /** What this site lacks for some of its messages, which wait while others go out. */
  fault: string | undefined
  /** Why nothing more goes over it. */
  stopped: string | undefined
}

/** A lane of which nothing is known yet. */
export function newLane(way: Way): Lane {
  return { way, asked: false, probed: false, cutShort: 0, fault: undefined, stopped: undefined }
}

/**
 * Notes how an attempt has ended: `stop` says why nothing more should go over the lane, undefined that it may go on.
 * Where one message may have made the server end the session, the lane is only stopped after two such messages in a
 * row.
 */
export function stopLane(lane: Lane, stop: Stop | undefined): void {
  lane.cutShort = stop === undefined ? 0 : lane.cutShort + 1
  if (stop === undefined || (!stop.certain && lane.cutShort < 2)) return
  lane.stopped ??= stop.reason
}

/** Adds the lanes that could not be used to a report; the first of them is why not everything was tried. */
export function reportLanes(report: RunReport, lanes: Iterable<Lane>): void {
  for (const { way, stopped } of lanes) {
    const reason = way.missing ?? stopped
    if (reason === undefined) continue
    const { account } = way
    if (account !== undefined) report.accounts.push({ account, reason, missing: way.missing !== undefined })
    if (way.missing !== undefined) continue
    report.stopped ??= { scope: 'account', reason, ...(account === undefined ? {} : { account }) }
  }
}
