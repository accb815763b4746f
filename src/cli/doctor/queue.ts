/**
 * The steps about the queue: it can be written, what lies in it is whole, and it is run.
 */
import { existsSync } from 'node:fs'
import { accountStatuses } from '../../delivery/account/status.ts'
import { queueIn } from '../../delivery/configured.ts'
import { readLastRun, type LastRun } from '../../delivery/last-run.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX } from '../../errors/sysexits.ts'
import { checkQueue } from '../../queue/fsck/check-queue.ts'
import type { QueueFacts, QueueStore } from '../../queue/store.ts'
import { probeWriting } from '../../queue/write-probe.ts'
import { ageText, sizeText } from '../queue/quantity.ts'
import { splitSentence } from './sentence.ts'
import type { Fault, Finding, Patient } from './step.ts'

const NO_QUEUE: Finding = { state: 'skipped', why: 'no queue is configured (queue_dir)' }
const NOT_MADE: Finding = { state: 'skipped', why: 'the queue is made with the first message' }

/** Less is too little, in octets and in files. */
const LITTLE_SPACE = 100 * 1024 * 1024
const FEW_FILES = 1000
/** Mail that waits longer than this for a run, in milliseconds, waits for nobody. */
const STALE = 2 * 3_600_000
/** Clocks of a file system and of this machine that differ by more are worth a word, in milliseconds. */
const SKEW = 5 * 60_000
/** What a restart of the machine empties. */
const VOLATILE: ReadonlySet<string> = new Set(['tmpfs', 'ramfs'])
/** Findings that are counted at the most. */
const MOST_FINDINGS = 1000

/** A fault of a directory as the doctor tells it. */
export function faultOfQueue(error: unknown, what: string): Fault {
  if (!(error instanceof MailError)) throw error
  const { why, remedy } = splitSentence(error.publicMessage, 'check the disk')
  return { state: 'failed', what, why, remedy, exit: error.temporary ? EX.TEMPFAIL : EX.CONFIG }
}

function roomWarnings({ freeOctets, freeFiles }: QueueFacts): string[] {
  return [
    ...(freeOctets !== undefined && freeOctets < LITTLE_SPACE
      ? [`only ${sizeText(freeOctets)} of space are free; make room`]
      : []),
    ...(freeFiles !== undefined && freeFiles < FEW_FILES
      ? [`only ${freeFiles} more files can be made; make room`]
      : []),
  ]
}

/** What is to be said of a queue that can be written. */
async function roomOf(queueDir: string, now: number): Promise<Finding> {
  const { made, fileSystem, time } = await probeWriting(queueDir)
  const volatile = VOLATILE.has(fileSystem)
    ? [`the queue is on ${fileSystem}, which a restart empties; put it on a disk`]
    : []
  const facts = { directory: queueDir, made, file_system: fileSystem }
  if (!made) {
    const says = `${queueDir} is made with the first message, on ${fileSystem}`
    return { state: 'ok', says, facts, warnings: volatile }
  }
  const room = await (await queueIn(queueDir)).facts()
  const { freeOctets } = room
  const skewed = time !== undefined && Math.abs(time - now) > SKEW
  return {
    state: 'ok',
    says: `${queueDir} on ${fileSystem}${freeOctets === undefined ? '' : `, ${sizeText(freeOctets)} free`}`,
    facts: { ...facts, ...(freeOctets === undefined ? {} : { free_octets: freeOctets }) },
    warnings: [
      ...volatile,
      ...roomWarnings(room),
      ...(skewed ? ['the file system of the queue has another time than this machine; set both clocks'] : []),
    ],
  }
}

/** The queue can be written. */
export async function lookAtQueue({ config: { queueDir }, now }: Patient): Promise<Finding> {
  if (queueDir === undefined) {
    const warnings = [
      'mail that cannot be sent at once is given back to its sender; set queue_dir to keep it',
    ]
    return { state: 'ok', says: 'none is configured', facts: { made: false }, warnings }
  }
  try {
    return await roomOf(queueDir, now)
  } catch (error) {
    return faultOfQueue(error, 'mail cannot be queued')
  }
}

/** What lies in the queue is as it should be. Nothing is mended here. */
export async function lookAtContents({ config: { queueDir }, now }: Patient): Promise<Finding> {
  if (queueDir === undefined) return NO_QUEUE
  if (!existsSync(queueDir)) return NOT_MADE
  try {
    let found = 0
    for await (const { harmless } of checkQueue({ queueDir, now }, async () => undefined)) {
      if (harmless !== true) found += 1
      if (found === MOST_FINDINGS) break
    }
    const { quarantined } = await (await queueIn(queueDir)).facts()
    const warnings = [
      ...(found > 0 ? [`${found} things should be mended; see mq-queue fsck --dry-run`] : []),
      ...(quarantined > 0
        ? [`${quarantined} files in corrupt/ are no messages; see the .reason beside each`]
        : []),
    ]
    return {
      state: 'ok',
      says: `${found} findings`,
      facts: { findings: found, corrupt: quarantined },
      warnings,
    }
  } catch (error) {
    return faultOfQueue(error, 'the queue cannot be read')
  }
}

/** When the oldest message that waits was queued, in milliseconds since the epoch. */
async function oldestWaiting(queue: QueueStore): Promise<number | undefined> {
  let oldest: number | undefined
  for await (const { queuedAt } of queue.list(['new'])) oldest = Math.min(oldest ?? queuedAt, queuedAt)
  return oldest
}

const RUN_IT = 'run mq-run from cron, for example each minute: * * * * * mq-run'

function staleRun(what: string, age: number): Fault {
  return {
    state: 'failed',
    what: 'the queue is not run',
    why: `${what} ${ageText(age)} ago`,
    remedy: RUN_IT,
    exit: EX.CONFIG,
  }
}

function runFinding(run: LastRun, warnings: readonly string[], now: number): Finding {
  const { time, delivered, deferred, failed, stopped } = run
  const counts = `${delivered} delivered, ${deferred} deferred, ${failed} failed`
  return {
    state: 'ok',
    says: `${ageText(now - time)} ago: ${counts}`,
    facts: { time: new Date(time).toISOString(), delivered, deferred, failed },
    warnings: [
      ...(stopped === undefined ? [] : [`the last run ended early: ${stopped}`]),
      ...(failed === 0
        ? []
        : [`${failed} messages failed for good in the last run; see mq-queue list --failed`]),
      ...warnings,
    ],
  }
}

/** The queue is run, and the last run came to an end. */
export async function lookAtLastRun({ config, now }: Patient): Promise<Finding> {
  const { queueDir } = config
  if (queueDir === undefined) return NO_QUEUE
  if (!existsSync(queueDir)) return NOT_MADE
  try {
    const queue = await queueIn(queueDir)
    const troubled = (await accountStatuses(queue, config, now)).flatMap(({ account, state }) =>
      state === undefined ? [] : [`the account ${account} is left alone for a while: ${state.reason}`],
    )
    const run = await readLastRun(queue)
    if (run !== undefined) {
      return now - run.time >= STALE
        ? staleRun('the last run ended', now - run.time)
        : runFinding(run, troubled, now)
    }
    const oldest = await oldestWaiting(queue)
    if (oldest !== undefined && now - oldest >= STALE)
      return staleRun('it was never run, and a message was queued', now - oldest)
    const warnings = [`the queue was never run; ${RUN_IT}`, ...troubled]
    return { state: 'ok', says: 'never', facts: {}, warnings }
  } catch (error) {
    return faultOfQueue(error, 'the queue cannot be read')
  }
}
