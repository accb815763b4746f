/**
 * Taking back what dead runners left in cur/. A claim is first taken over by a rename, so that two recoveries
 * never handle the same message; then what is known about it is written down; then it goes back to new/.
 *
 * A claim of a runner whose flight log does not name it was never handed over: it goes back as it was. All
 * others are in doubt: the server may have the message. Whoever takes such a claim over marks its own claim as
 * handed over first, so that the doubt outlives a crash of the recovery itself.
 */
import { renameSync, unlinkSync } from 'node:fs'
import { describeError, errnoOf, queueError } from '../errors/errno.ts'
import { claimedName, formatName, parseName, queueId } from './entry-name.ts'
import { dropSecondName, foreignClaimIsDead } from './foreign-claim.ts'
import { appendJournal, readJournal, removeJournal, type TimedEvent } from './journal.ts'
import { folderPath } from './layout.ts'
import { moveMessage } from './move.ts'
import { quarantine } from './quarantine.ts'
import { isFileFault, openQueueFile } from './queue-file.ts'
import { isUnfinished, messageState } from './recipient-state.ts'
import { forgetRunner, inspectRunner, type RunnerInfo, type RunnerRecord } from './runner-record.ts'
import { scanNames } from './scan.ts'
import type { Recovered } from './store.ts'

/** Who recovers, and when. */
export interface Recovery {
  readonly queueDir: string
  readonly runner: string
  readonly info: RunnerInfo
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When in-doubt messages are tried again, milliseconds since the epoch. */
  readonly inDoubtUntil: number
  /** A fresh claim of the recovering runner. */
  newClaim(): string
  /** Notes that the message of a claim may have been handed over. */
  markFlight(claim: string): void
}

type Verdict = 'alive' | 'unsent' | 'in-doubt'

/** The runner part of a claim `<runner>.<number>`. */
function runnerOf(claim: string): string {
  const dot = claim.lastIndexOf('.')
  return dot === -1 ? claim : claim.slice(0, dot)
}

function inspect(recovery: Recovery, runner: string): RunnerRecord {
  return inspectRunner(recovery.queueDir, runner, recovery.info, recovery.now)
}

function isInDoubt(record: RunnerRecord, claim: string): boolean {
  return record.flown === undefined || record.flown.has(claim)
}

/** Whether the claim's owner is gone, and whether the message may have been sent. */
function judge(recovery: Recovery, name: string, records: Map<string, RunnerRecord>): Verdict {
  const { claim } = parseName(name)
  if (claim === undefined) {
    if (dropSecondName(recovery.queueDir, name)) return 'alive'
    return foreignClaimIsDead(recovery.queueDir, name, recovery.now) ? 'in-doubt' : 'alive'
  }
  const runner = runnerOf(claim)
  if (runner === recovery.runner) return 'alive'
  const record = records.get(runner) ?? inspect(recovery, runner)
  records.set(runner, record)
  if (record.alive) return 'alive'
  return isInDoubt(record, claim) ? 'in-doubt' : 'unsent'
}

/** Takes a dead runner's claim over. Returns its new name, or undefined when somebody else was faster. */
function takeOver(recovery: Recovery, name: string, verdict: Verdict): string | undefined {
  const claim = recovery.newClaim()
  if (verdict === 'in-doubt') recovery.markFlight(claim)
  const taken = claimedName(formatName(parseName(name)), claim)
  try {
    renameSync(folderPath(recovery.queueDir, 'cur', name), folderPath(recovery.queueDir, 'cur', taken))
    return taken
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw queueError(error, 'cannot take over a claim in', recovery.queueDir)
  }
}

/** A runner that was only silent may have handed the message over since its log was read. */
function flewMeanwhile(recovery: Recovery, claim: string | undefined, before: RunnerRecord): boolean {
  if (claim === undefined || before.gone) return false
  return isInDoubt(inspect(recovery, runnerOf(claim)), claim)
}

/** The unfinished recipients of a claimed message, or why the file is no message. */
function readUnfinished(
  queueDir: string,
  name: string,
): { left: string[]; delivered: boolean } | { why: string } {
  try {
    const file = openQueueFile(folderPath(queueDir, 'cur', name))
    if (!file.ok) return { why: file.why }
    file.content.close()
    const { recipients } = messageState(file.meta, readJournal(queueDir, parseName(name).unique))
    return {
      left: recipients.filter(isUnfinished).map((each) => each.recipient),
      delivered: recipients.every((each) => each.status === 'delivered'),
    }
  } catch (error) {
    if (isFileFault(error)) return { why: describeError(error) }
    throw queueError(error, 'cannot read a message in', queueDir)
  }
}

function doubtEvents(claim: string | undefined, left: readonly string[], time: number): TimedEvent[] {
  const why = 'the process that was sending it ended before the outcome was stored'
  return [
    { event: 'attempt', runner: claim ?? 'mailqueue-runner', counts: true, time },
    { event: 'in-doubt', recipients: left, why, time },
  ]
}

/** Everybody has the message: it was only not removed yet. */
function removeDelivered(queueDir: string, path: string, unique: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    throw queueError(error, 'cannot remove the delivered message', path)
  }
  removeJournal(queueDir, unique)
}

async function giveBack(recovery: Recovery, name: string, taken: string, inDoubt: boolean): Promise<Recovered> {
  const { queueDir } = recovery
  const entry = parseName(name)
  const id = queueId(entry.unique)
  const path = folderPath(queueDir, 'cur', taken)
  const state = readUnfinished(queueDir, taken)
  if ('why' in state) {
    const quarantined = quarantine(queueDir, 'cur', taken, state.why)
    return { id, inDoubt: false, ...(quarantined === undefined ? {} : { quarantined }) }
  }
  if (state.left.length === 0) {
    if (state.delivered) removeDelivered(queueDir, path, entry.unique)
    else moveMessage(path, { queueDir, folder: 'failed', entry })
    return { id, inDoubt: false }
  }
  if (!inDoubt) {
    moveMessage(path, { queueDir, folder: 'new', entry })
    return { id, inDoubt }
  }
  await appendJournal(queueDir, entry.unique, doubtEvents(entry.claim, state.left, recovery.now), true)
  const nextAttempt = Math.floor(recovery.inDoubtUntil / 1000)
  moveMessage(path, { queueDir, folder: 'new', entry: { ...entry, nextAttempt } })
  return { id, inDoubt }
}

/** What was recovered, and the runners that still have claims. */
export interface RecoveryResult {
  readonly recovered: readonly Recovered[]
  readonly alive: ReadonlySet<string>
}

/**
 * Recovers everything that dead runners left in cur/.
 *
 * @throws MailError QUEUE_* when the queue cannot be read or written; what was recovered until then stays so
 */
export async function recoverClaims(recovery: Recovery): Promise<RecoveryResult> {
  const records = new Map<string, RunnerRecord>()
  const recovered: Recovered[] = []
  const alive = new Set<string>()
  for await (const { name } of scanNames(recovery.queueDir, 'cur')) {
    const { claim } = parseName(name)
    const verdict = judge(recovery, name, records)
    if (verdict === 'alive') {
      if (claim !== undefined) alive.add(runnerOf(claim))
      continue
    }
    const taken = takeOver(recovery, name, verdict)
    if (taken === undefined) continue
    const before = claim === undefined ? undefined : records.get(runnerOf(claim))
    const flew = verdict === 'unsent' && before !== undefined && flewMeanwhile(recovery, claim, before)
    recovered.push(await giveBack(recovery, name, taken, verdict === 'in-doubt' || flew))
  }
  return { recovered, alive }
}
