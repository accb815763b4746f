/**
 * Taking back what dead runners left in cur/. A claim is first taken over by a rename, so that two recoveries
 * never handle the same message; then what is known about it is written down; then it goes back to new/.
 *
 * A claim of a runner whose flight log does not name it was never handed over: it goes back as it was. All
 * others are in doubt: the server may have the message. Claims of mailqueue-runner are left alone until they
 * are 30 minutes old and not locked, which is that program's own rule.
 */
import { readFileSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { describeError, errnoOf, queueError } from '../errors/errno.ts'
import { claimedName, formatName, parseName, queueId } from './entry-name.ts'
import { appendJournal, readJournal, type TimedEvent } from './journal.ts'
import { folderPath } from './layout.ts'
import { quarantine } from './quarantine.ts'
import { isFileFault, openQueueFile } from './queue-file.ts'
import { isUnfinished, messageState } from './recipient-state.ts'
import {
  forgetRunner,
  inspectRunner,
  isRunnerFile,
  type RunnerInfo,
  type RunnerRecord,
} from './runner-record.ts'
import { scanNames } from './scan.ts'
import type { Recovered } from './store.ts'

const PYTHON_CLAIM_AGE = 30 * 60_000
/** The Maildir rule: what is being written is never older. */
const TMP_AGE = 36 * 3600_000

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
}

/** The runner part of a claim `<runner>.<number>`. */
function runnerOf(claim: string): string {
  const dot = claim.lastIndexOf('.')
  return dot === -1 ? claim : claim.slice(0, dot)
}

/** Linux lists flocks by device and inode; a lock by any process means the claim is in use. */
function isFlocked(inode: number): boolean {
  try {
    return readFileSync('/proc/locks', 'utf8').includes(`:${inode} `)
  } catch {
    return false
  }
}

function foreignClaimIsDead(path: string, now: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return false
  return now - Math.max(stats.mtimeMs, stats.ctimeMs) > PYTHON_CLAIM_AGE && !isFlocked(stats.ino)
}

/** Whether the claim's owner is gone, and whether the message may have been sent. */
function judge(
  recovery: Recovery,
  name: string,
  records: Map<string, RunnerRecord>,
): 'alive' | 'unsent' | 'in-doubt' {
  const { claim } = parseName(name)
  if (claim === undefined) {
    return foreignClaimIsDead(folderPath(recovery.queueDir, 'cur', name), recovery.now) ? 'in-doubt' : 'alive'
  }
  const runner = runnerOf(claim)
  if (runner === recovery.runner) return 'alive'
  const record = records.get(runner) ?? inspectRunner(recovery.queueDir, runner, recovery.info, recovery.now)
  records.set(runner, record)
  if (record.alive) return 'alive'
  return record.flown === undefined || record.flown.has(claim) ? 'in-doubt' : 'unsent'
}

/** Takes a dead runner's claim over. Returns its new name, or undefined when somebody else was faster. */
function takeOver(recovery: Recovery, name: string): string | undefined {
  const taken = claimedName(formatName(parseName(name)), recovery.newClaim())
  try {
    renameSync(folderPath(recovery.queueDir, 'cur', name), folderPath(recovery.queueDir, 'cur', taken))
    return taken
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw queueError(error, 'cannot take over a claim in', recovery.queueDir)
  }
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

async function recoverOne(
  recovery: Recovery,
  name: string,
  inDoubt: boolean,
): Promise<Recovered | undefined> {
  const { queueDir } = recovery
  const taken = takeOver(recovery, name)
  if (taken === undefined) return undefined
  const state = readUnfinished(queueDir, taken)
  if ('why' in state) {
    quarantine(queueDir, 'cur', taken, state.why)
    return undefined
  }
  const { unique, priority, nextAttempt, claim } = parseName(name)
  const doubtful = inDoubt && state.left.length > 0
  if (doubtful) await appendJournal(queueDir, unique, doubtEvents(claim, state.left, recovery.now), true)
  const next = doubtful ? Math.floor(recovery.inDoubtUntil / 1000) : nextAttempt
  const path = folderPath(queueDir, 'cur', taken)
  try {
    if (state.delivered) unlinkSync(path)
    else {
      const place = state.left.length > 0 ? 'new' : 'failed'
      renameSync(path, folderPath(queueDir, place, formatName({ unique, priority, nextAttempt: next })))
    }
  } catch (error) {
    throw queueError(error, 'cannot give a message back in', queueDir)
  }
  return { id: queueId(unique), inDoubt: doubtful }
}

/**
 * Recovers everything that dead runners left.
 *
 * @throws MailError QUEUE_* when the queue cannot be read or written; what was recovered until then stays so
 */
export async function recoverClaims(recovery: Recovery): Promise<Recovered[]> {
  const records = new Map<string, RunnerRecord>()
  const recovered: Recovered[] = []
  const alive = new Set<string>()
  for await (const { name } of scanNames(recovery.queueDir, 'cur')) {
    const verdict = judge(recovery, name, records)
    if (verdict === 'alive') {
      const { claim } = parseName(name)
      if (claim !== undefined) alive.add(runnerOf(claim))
      continue
    }
    const result = await recoverOne(recovery, name, verdict === 'in-doubt')
    if (result !== undefined) recovered.push(result)
  }
  await forgetDeadRunners(recovery, alive)
  return recovered
}

async function forgetDeadRunners(recovery: Recovery, withClaims: ReadonlySet<string>): Promise<void> {
  for await (const { name } of scanNames(recovery.queueDir, 'runners')) {
    if (!isRunnerFile(name) || name === recovery.runner || withClaims.has(name)) continue
    if (!inspectRunner(recovery.queueDir, name, recovery.info, recovery.now).alive)
      forgetRunner(recovery.queueDir, name)
  }
}

/** Removes what crashed writers left in tmp/, by age only: a file that is being written is never touched. */
export async function sweepTmp(queueDir: string, now: number): Promise<void> {
  for await (const { name } of scanNames(queueDir, 'tmp')) {
    const path = folderPath(queueDir, 'tmp', name)
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined || !stats.isFile() || now - Math.max(stats.mtimeMs, stats.ctimeMs) < TMP_AGE)
      continue
    try {
      unlinkSync(path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot sweep', path)
    }
  }
}
