/**
 * Taking back what dead runners left in cur/. A claim is first taken over by a rename, so that two recoveries
 * never handle the same message; then what is known about it is written down; then it goes back to new/.
 *
 * A claim of a runner whose flight log does not name it was never handed over: it goes back as it was. All
 * others are in doubt: the server may have the message. Whoever takes such a claim over marks its own claim as
 * handed over first, so that the doubt outlives a crash of the recovery itself. A claim that cannot be taken back now, because
 * its message cannot be read or moved, is left for the next recovery, which may be of the same runner.
 */
import { errnoOf } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { clearAway, readClaimed } from './claimed-message.ts'
import { isTooLong, claimedName, parseName, queueId, runnerOf } from './entry-name.ts'
import { dropSecondName, foreignClaimIsDead } from './foreign-claim.ts'
import type { TimedEvent } from './journal/event.ts'
import { appendJournal } from './journal/journal.ts'
import { folderPath, type Folder } from './layout.ts'
import { moveMessage } from './move.ts'
import { quarantine } from './quarantine.ts'
import { inspectRunner, type RunnerInfo, type RunnerRecord } from './runner-record.ts'
import { scanNames } from './scan.ts'
import { takeOver } from './take-over.ts'
import type { Recovered } from './store.ts'

/** Who recovers, and when. */
export interface Recovery {
  readonly queueDir: string
  readonly runner: string
  readonly info: RunnerInfo
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When an in-doubt message is tried again, milliseconds since the epoch, by its failed attempts. */
  readonly inDoubtUntil: (attempts: number) => number
  /** A fresh claim of the recovering runner, which is open until it is ended. */
  newClaim(): string
  endClaim(claim: string): void
  /** Notes that a claim of the recovering runner is worked on no more, and that its file is still there. */
  leaveClaim(claim: string): void
  /** Whether that was noted. */
  isLeft(claim: string): boolean
  /** Notes that names in a folder changed and want a directory sync. */
  touched(folder: Folder): void
  /** Notes that a message is removed, so that its journal can go once that is durable. */
  finished(unique: string): void
  /** Notes that the message of a claim may have been handed over. */
  markFlight(claim: string): void
}

type Verdict = 'alive' | 'unsent' | 'in-doubt'

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
  const isOurs = runner === recovery.runner
  if (isOurs && !recovery.isLeft(claim)) return 'alive'
  const record = records.get(runner) ?? inspect(recovery, runner)
  records.set(runner, record)
  if (record.alive && !isOurs) return 'alive'
  return isInDoubt(record, claim) ? 'in-doubt' : 'unsent'
}

/** A runner that was only silent may have handed the message over since its log was read. */
function flewMeanwhile(recovery: Recovery, claim: string, before: RunnerRecord | undefined): boolean {
  return before?.gone === false && isInDoubt(inspect(recovery, runnerOf(claim)), claim)
}

function doubtEvents(claim: string | undefined, left: readonly string[], time: number): TimedEvent[] {
  const why = 'the process that was sending it ended before the outcome was stored'
  return [
    { event: 'attempt', runner: claim ?? 'mailqueue-runner', counts: true, time },
    { event: 'in-doubt', recipients: left, why, time },
  ]
}

async function giveBack(
  recovery: Recovery,
  name: string,
  taken: string,
  inDoubt: boolean,
): Promise<Recovered> {
  const { queueDir } = recovery
  const entry = parseName(name)
  const id = queueId(entry.unique)
  const read = readClaimed(queueDir, taken)
  if (!read.ok) {
    const quarantined = quarantine(queueDir, 'cur', taken, read.why)
    return { id, inDoubt: false, ...(quarantined === undefined ? {} : { quarantined }) }
  }
  read.content.close()
  const { history } = read
  const left = history.unfinished
  const doubt = inDoubt && left.length > 0
  if (doubt) await appendJournal(queueDir, entry.unique, doubtEvents(entry.claim, left, recovery.now), true)
  if (history.clearable !== undefined) {
    recovery.touched('cur')
    recovery.touched('hold')
    if (clearAway(queueDir, taken, history.clearable)) recovery.finished(entry.unique)
    return { id, inDoubt: doubt }
  }
  // Also one that nobody is left for: the next run makes the reports that are still owed.
  const retryAt = recovery.inDoubtUntil(history.message.attempts + 1)
  const nextAttempt = doubt ? Math.floor(retryAt / 1000) : entry.nextAttempt
  const path = folderPath(queueDir, 'cur', taken)
  moveMessage(path, { queueDir, folder: 'new', entry: { ...entry, nextAttempt } })
  recovery.touched('cur')
  recovery.touched('new')
  return { id, inDoubt: doubt }
}

/** Undefined when somebody else was faster. */
async function recoverOne(
  recovery: Recovery,
  name: string,
  inDoubt: boolean,
  owner: RunnerRecord | undefined,
): Promise<Recovered | undefined> {
  const { queueDir } = recovery
  if (isTooLong(name)) {
    const quarantined = quarantine(queueDir, 'cur', name, 'its name is too long')
    return quarantined && { id: queueId(parseName(name).unique), inDoubt: false, quarantined }
  }
  const ours = recovery.newClaim()
  // Also while it may still turn out to be in doubt: a crash right here must leave a doubt.
  if (inDoubt || owner?.gone === false) recovery.markFlight(ours)
  const taken = claimedName(name, ours)
  if (!takeOver(queueDir, 'cur', name, taken)) {
    recovery.endClaim(ours)
    return undefined
  }
  const { claim } = parseName(name)
  if (claim !== undefined) recovery.endClaim(claim)
  // Should it fail from here on.
  recovery.leaveClaim(ours)
  const flew = inDoubt || (claim !== undefined && flewMeanwhile(recovery, claim, owner))
  const result = await giveBack(recovery, name, taken, flew)
  recovery.endClaim(ours)
  return result
}

/** One bad spot on the disk must not hold up all other mail; two in one recovery are the disk. */
function passOver(name: string, error: unknown, recovered: readonly Recovered[]): Recovered {
  const isBadSpot = error instanceof MailError && errnoOf(error.cause) === 'EIO'
  if (!isBadSpot || recovered.some(({ unreadable }) => unreadable !== undefined)) throw error
  return { id: queueId(parseName(name).unique), inDoubt: false, unreadable: error.publicMessage }
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
    const owner = claim === undefined ? undefined : runnerOf(claim)
    const before = owner === undefined || owner === recovery.runner ? undefined : records.get(owner)
    const result = await recoverOne(recovery, name, verdict === 'in-doubt', before).catch((error: unknown) =>
      passOver(name, error, recovered),
    )
    if (result !== undefined) recovered.push(result)
  }
  return { recovered, alive }
}
