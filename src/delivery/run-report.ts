/**
 * What a run did, in numbers, and why it ended early.
 */
import type { AttemptResult } from './attempt.ts'

/** What a run did; messages, not recipients. */
export interface RunReport {
  /** Another runner is at work; nothing was done. */
  busy: boolean
  delivered: number
  /** Still waiting after an attempt. */
  deferred: number
  /** Failed or expired for at least one recipient, and kept in failed/. */
  failed: number
  discarded: number
  held: number
  quarantined: number
  recovered: number
  /** Why a message could not be read and was left where it is; the first of them. */
  unreadable: string | undefined
  /** Why something due was not tried: what ended the run, or else the first account that could not be used. */
  stopped: Stopped | undefined
  /** Every account that could not be used. */
  readonly accounts: StoppedAccount[]
  /** What this site lacks, so that some mail waits although its account works. */
  readonly faults: SiteFault[]
}

/** What this site lacks for some of the mail of an account, such as the key of its signature. */
export interface SiteFault {
  /** The account, where the run had several ways. */
  readonly account?: string
  /** One line for people: what, why, what to do. */
  readonly reason: string
  /** False when an earlier run has reported the same. */
  readonly isNew: boolean
}

/** An account that could not be used, or is not configured. */
export interface StoppedAccount {
  readonly account: string
  /** One line for people. */
  readonly reason: string
  /** True for one that is not configured: its messages need somebody who decides about them. */
  readonly missing: boolean
}

/** What ended a run early. */
export interface Stopped {
  /** The smarthost, this machine (queue, lease), or the caller who asked for it. */
  readonly scope: 'account' | 'host' | 'caller'
  /** One line for people. */
  readonly reason: string
  /** The account, where the run had several. */
  readonly account?: string
}

/** The report of a run that has done nothing yet. */
export function newReport(): RunReport {
  return {
    busy: false,
    delivered: 0,
    deferred: 0,
    failed: 0,
    discarded: 0,
    held: 0,
    quarantined: 0,
    recovered: 0,
    unreadable: undefined,
    stopped: undefined,
    accounts: [],
    faults: [],
  }
}

/** Counts what became of one message. */
export function countAttempt(report: RunReport, result: AttemptResult): void {
  if (result.settled === 'done') report.delivered += 1
  if (result.settled === 'waiting') report.deferred += 1
  if (result.settled === 'failed') report.failed += 1
  if (result.settled === 'discarded') report.discarded += 1
  if (result.settled === 'held') report.held += 1
}
