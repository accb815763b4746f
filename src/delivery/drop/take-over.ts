/**
 * Taking over what users dropped into the queue, where only its owner may write. Whoever drops is not trusted; what keeps
 * the mail of all others safe is in `scan.ts`, `file.ts` and `stage.ts` of src/queue/drop (what is a file at all, reading it, never
 * lost and never twice) and in `rules.ts` (what of it is believed). Here users take turns: in each round everybody
 * who has something in the drop is served before anybody is served a second portion.
 *
 * It never throws for the sake of one file. A fault of the machine or of the configuration ends it; everything stays.
 */
import type { Config } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { MessageContent } from '../../message/content.ts'
import { requireOwnDrop } from '../../queue/drop/directory.ts'
import { readDropped, type DroppedFile } from '../../queue/drop/file.ts'
import { finishLeft, isAnythingLeft } from '../../queue/drop/left.ts'
import { markDropped, removeMarks } from '../../queue/drop/mark.ts'
import { markName, takerName } from '../../queue/drop/taker-name.ts'
import { scanDrop } from '../../queue/drop/scan.ts'
import { discard, publish, stage, syncStage } from '../../queue/drop/stage.ts'
import { ensureLayout, folderPath } from '../../queue/layout.ts'
import { MaildirQueue } from '../../queue/maildir-queue.ts'
import type { Runner } from '../../queue/store.ts'
import { elapsed } from '../../util/clock.ts'
import { readUsers, type User } from '../../util/passwd.ts'
import type { Submitter } from '../account/choose.ts'
import type { DeliveryContext } from '../context.ts'
import { dropLimits, type DropLimits } from './limits.ts'
import { refusalReport } from './refusal.ts'
import { decideDrop, type DropRules } from './rules.ts'
import { senderRule } from './sender.ts'
import { inTurns, type Turn } from './turns.ts'
import { reportQueued } from '../report/report.ts'

/** What is taken over, and with what. */
export interface DropParts {
  /** Has submit_dir and queue_dir; without them nothing is done. */
  readonly config: Config
  readonly context: DeliveryContext
  /** Ends it between two portions. */
  readonly signal?: AbortSignal | undefined
  /** Whether to say now that files were left; always, where nobody decides. */
  readonly saysLeft?: () => boolean
}

/** What was done. */
export interface DropReport {
  /** Files that became messages of the queue. */
  readonly taken: number
  /** Files whose owner is told why they did not. */
  readonly refused: number
  /** Files that could not be taken now. */
  readonly left: number
  /** Why nothing more could be taken over; undefined when all is well. */
  readonly problem: MailError | undefined
}

/** A place that is watched for what others put there. */
export interface DropIntake {
  readonly path: string
  takeOver(signal: AbortSignal): Promise<void>
}

/** Files of one user in one round, and of all users. */
const OF_ONE = 50
const AT_ONCE = 100
/** How often a daemon says that files were left, in milliseconds: a user can have it find them as often as he likes. */
const SAYS_LEFT = 60_000
/** Octets that are held at once, from which on a round ends early: others wait until it has ended. */
const HELD = 16 * 1024 * 1024
/** What a recipient counts for in this, by the memory and the time that he takes. */
const OF_RECIPIENT = 1024

/** A take-over that is going on. */
interface Work {
  readonly directory: string
  readonly queueDir: string
  readonly parts: DropParts
  readonly rules: DropRules
  readonly limits: DropLimits
  readonly users: ReadonlyMap<number, string>
  readonly runner: Runner
  /** This take-over, in the names of what it leaves. */
  readonly taker: string
  /** Copies of others, by the name of the file that they did not get yet. */
  readonly undecided: ReadonlyMap<string, readonly string[]>
  /** Why a file was left, by its name; it is not looked at again. */
  readonly leftFiles: Map<string, string>
  taken: number
  refused: number
}

/** A file of which copies lie in taken/. */
interface StagedFile {
  readonly name: string
  readonly uid: number
  readonly staged: readonly string[]
  readonly content: MessageContent | undefined
  /** Why it is refused; undefined for one that is taken. */
  readonly why: string | undefined
  readonly envelope: { readonly sender: string; readonly recipients: readonly string[] }
}

function allUsers(): readonly Pick<User, 'name' | 'uid'>[] {
  try {
    return [...readUsers().values()]
  } catch {
    return []
  }
}

/** Of two names of a number the first counts. */
function userNames(users: ReturnType<typeof allUsers>): ReadonlyMap<number, string> {
  return new Map(users.toReversed().map(({ name, uid }) => [uid, name]))
}

/** Faults of the message. Those of the machine and the configuration stop everything. */
function isOwnFault(error: unknown): error is MailError {
  return error instanceof MailError && !/^(?:QUEUE|CONFIG)_/.test(error.code)
}

/** Stages the parts of a message. @returns their names, or why it is refused */
async function stageParts(
  work: Work,
  { uid, name }: Turn,
  { meta, content }: Extract<DroppedFile, { kind: 'message' }>,
): Promise<readonly string[] | string> {
  const { rules, queueDir, parts } = work
  const { clock } = parts.context
  const submitter: Submitter = { uid, user: work.users.get(uid) }
  const decision = decideDrop({ meta, content, submitter }, { ...rules, now: clock.now() })
  if (decision.kind === 'refused') return decision.why
  try {
    return await stage(queueDir, decision.messages, { drop: name, taker: work.taker, report: false, clock })
  } catch (error) {
    if (isOwnFault(error)) return error.publicMessage
    throw error
  }
}

/** Stages a report to the owner of a file. */
async function stageReport(work: Work, { uid, name }: Turn, why: string, file: Legible): Promise<string[]> {
  const { queueDir, parts } = work
  const { config, context } = parts
  const submitter: Submitter = { uid, user: work.users.get(uid) }
  const header = file.kind === 'message' ? await firstOctets(file.content) : (file.header ?? Buffer.alloc(0))
  const report = refusalReport(config, context, { name, submitter, why, meta: file.meta, header })
  return stage(queueDir, [report], { drop: name, taker: work.taker, report: true, clock: context.clock })
}

type Legible = Extract<DroppedFile, { kind: 'message' | 'refused' }>

/** Stages what becomes of one file: its parts, or a report to its owner. */
async function stageFile(work: Work, turn: Turn, file: Legible): Promise<StagedFile> {
  const { name, uid } = turn
  const outcome = file.kind === 'message' ? await stageParts(work, turn, file) : file.why
  const why = typeof outcome === 'string' ? outcome : undefined
  const staged = typeof outcome === 'string' ? await stageReport(work, turn, outcome, file) : outcome
  const content = file.kind === 'message' ? file.content : undefined
  const envelope = file.meta?.envelope ?? { sender: '', recipients: [] }
  return { name, uid, staged, content, why, envelope }
}

/** What a report shows of a message. */
async function firstOctets(content: MessageContent): Promise<Buffer> {
  for await (const chunk of content.stream()) return (chunk as Buffer).subarray(0, 64 * 1024)
  return Buffer.alloc(0)
}

function heldOf(file: Legible): number {
  const octets = file.kind === 'message' ? (file.content.bytes?.length ?? 0) : 0
  return octets + (file.meta?.envelope.recipients.length ?? 0) * OF_RECIPIENT
}

/** Copies a round into taken/. What was copied when something fails is copied again the next time. */
async function stageRound(work: Work, turns: readonly Turn[]): Promise<StagedFile[]> {
  const { directory, queueDir, parts } = work
  const spillDirectory = folderPath(queueDir, 'tmp')
  const files: StagedFile[] = []
  let held = 0
  try {
    for (const turn of turns) {
      if (held > HELD || parts.signal?.aborted === true) break
      const reading = { uid: turn.uid, maxSize: parts.config.submitMaxSize, spillDirectory }
      const file = await readDropped(`${directory}/${turn.name}`, reading)
      if (file.kind === 'left') work.leftFiles.set(turn.name, file.why)
      if (file.kind === 'left' || file.kind === 'gone') continue
      files.push(await stageFile(work, turn, file))
      held += heldOf(file)
    }
    return files
  } catch (error) {
    for (const { content } of files) content?.close()
    throw error
  }
}

async function tell(work: Work, file: StagedFile, published: ReadonlyMap<string, string>): Promise<void> {
  const { context } = work.parts
  const { name, uid, why, staged, content, envelope } = file
  const ids = staged.flatMap((each) => published.get(each) ?? [])
  const user = work.users.get(uid)
  const { sender, recipients } = envelope
  const facts = { name, uid, sender, recipients, ...(user === undefined ? {} : { user }) }
  if (why !== undefined) {
    context.log.warn('intake.refused', {
      ...facts,
      reason: why,
      ...(ids[0] === undefined ? {} : { report: ids[0] }),
    })
    return
  }
  context.log.info('intake.taken', { ...facts, ids })
  if (content !== undefined) await reportQueued(context, { envelope, content, id: ids[0], attempts: 0 })
}

/** Which of the files are ours. The copies of the others are nobody's. */
async function decide(work: Work, files: readonly StagedFile[]): Promise<StagedFile[]> {
  const { directory, queueDir, leftFiles } = work
  if (work.runner.lost)
    throw new MailError('QUEUE_BUSY', 'the lease of this process was lost; the rest is for the next one')
  const names = files.map(({ name }) => name)
  const markings = await markDropped(directory, names, work.taker)
  for (const { name, staged } of files) {
    const marking = markings.get(name)
    discard(queueDir, marking === 'ours' ? (work.undecided.get(name) ?? []) : staged)
    if (marking === 'blocked') leftFiles.set(name, 'its owner keeps it from being taken over')
  }
  return files.filter(({ name }) => markings.get(name) === 'ours')
}

/** Serves everybody once. @returns how many files were done with */
async function serve(work: Work, turns: readonly Turn[]): Promise<number> {
  const { directory, queueDir } = work
  const files = await stageRound(work, turns)
  try {
    if (files.length === 0) return 0
    await syncStage(queueDir)
    const own = await decide(work, files)
    for (const [uid, count] of countByUser(own)) await work.limits.count(uid, count)
    const ids = await publish(
      queueDir,
      own.flatMap(({ staged }) => staged),
    )
    for (const file of own) await tell(work, file, ids)
    work.taken += own.filter(({ why }) => why === undefined).length
    work.refused += own.filter(({ why }) => why !== undefined).length
    removeMarks(
      directory,
      own.map(({ name }) => markName(name, work.taker)),
    )
    return files.length
  } finally {
    for (const { content } of files) content?.close()
  }
}

function countByUser(files: readonly StagedFile[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { uid } of files) counts.set(uid, (counts.get(uid) ?? 0) + 1)
  return counts
}

/** The next round; empty when nobody has anything left that may be taken now. */
async function nextRound(work: Work, served: ReadonlyMap<number, number>): Promise<Turn[]> {
  const { directory, parts, leftFiles } = work
  const now = parts.context.clock.now()
  const { byUser } = await scanDrop(directory, { now, most: OF_ONE, except: leftFiles, sweep: false })
  const allowed = new Map<number, readonly string[]>()
  for (const [uid, names] of byUser) allowed.set(uid, names.slice(0, await work.limits.left(uid)))
  return inTurns(allowed, served, AT_ONCE)
}

async function serveAll(work: Work): Promise<void> {
  const served = new Map<number, number>()
  while (work.parts.signal?.aborted !== true) {
    const turns = await nextRound(work, served)
    if (turns.length === 0) return
    for (const { uid } of turns) served.set(uid, (served.get(uid) ?? 0) + 1)
    const before = work.leftFiles.size
    if ((await serve(work, turns)) === 0 && work.leftFiles.size === before) return
  }
}

/** Begins, with what others have left. */
async function begin(parts: DropParts, { directory, queueDir, runner, taker, marks }: Start): Promise<Work> {
  const { config, context } = parts
  const queue = new MaildirQueue(queueDir, context.clock)
  const now = (): number => context.clock.now()
  const users = allUsers()
  const mayUseSender = senderRule(
    config,
    users.map(({ name }) => name),
  )
  return {
    directory,
    queueDir,
    parts,
    rules: { config, mayUseSender, now: now() },
    limits: dropLimits(queue, config.submitMaxMessages, now),
    users: userNames(users),
    runner,
    taker,
    undecided: await finishLeft({ queueDir, directory, now: now() }, marks),
    leftFiles: new Map(),
    taken: 0,
    refused: 0,
  }
}

/** Where a take-over begins. */
type Start = Pick<Work, 'directory' | 'queueDir' | 'runner' | 'taker'> & { readonly marks: readonly string[] }

const NOTHING: DropReport = { taken: 0, refused: 0, left: 0, problem: undefined }

/** Nearly always there is nothing to do, and that should cost nothing. @returns marks in the drop, when there is */
async function lookForWork(
  directory: string,
  queueDir: string,
  { clock, log }: DeliveryContext,
): Promise<readonly string[] | undefined> {
  const now = clock.now()
  const { byUser, removed, marks } = await scanDrop(directory, { now, most: 1, sweep: true })
  if (removed.length > 0) log.warn('intake.removed', { count: removed.length, files: removed.slice(0, 10) })
  return byUser.size > 0 || isAnythingLeft({ queueDir, directory, now }, marks) ? marks : undefined
}

async function takeOver(parts: DropParts, directory: string, queueDir: string): Promise<DropReport> {
  const { context } = parts
  const facts = requireOwnDrop(directory, queueDir)
  const marks = await lookForWork(directory, queueDir, context)
  if (marks === undefined) return NOTHING
  await ensureLayout(queueDir)
  const runner = await new MaildirQueue(queueDir, context.clock).openRunner('intake')
  try {
    // One at a time is enough. Where two do not know of each other, each file is still taken by one of them.
    if (await runner.othersAtWork()) return NOTHING
    const taker = takerName(runner.id, facts)
    const work = await begin(parts, { directory, queueDir, runner, taker, marks })
    await serveAll(work)
    const { taken, refused, leftFiles } = work
    const [first] = leftFiles
    if (first !== undefined && (parts.saysLeft?.() ?? true))
      context.log.warn('intake.left', { count: leftFiles.size, name: first[0], reason: first[1] })
    return { taken, refused, left: leftFiles.size, problem: undefined }
  } finally {
    await runner.close()
  }
}

/**
 * Takes over everything that may be taken over now. To be called at the start of each run, and by a daemon whenever the
 * directory changes and now and then.
 *
 * @returns what was done; a fault of the machine or the configuration is a result, and what was not taken stays
 */
export async function takeOverDrops(parts: DropParts): Promise<DropReport> {
  const { submitDir, queueDir } = parts.config
  if (submitDir === undefined || queueDir === undefined) return NOTHING
  try {
    return await takeOver(parts, submitDir, queueDir)
  } catch (error) {
    const problem =
      error instanceof MailError ? error : new MailError('QUEUE_IO', describeError(error), { cause: error })
    parts.context.log.error('intake.failed', { path: submitDir, reason: problem.publicMessage })
    return { ...NOTHING, problem }
  }
}

/**
 * The drop as a daemon watches it. What keeps mail there is thrown, for whoever watches to tell.
 *
 * @returns undefined where no drop is configured
 */
export function dropIntake(config: Config, context: DeliveryContext): DropIntake | undefined {
  const { submitDir, queueDir } = config
  if (submitDir === undefined || queueDir === undefined) return undefined
  let said = -Infinity
  const saysLeft = (): boolean => {
    if (elapsed() - said < SAYS_LEFT) return false
    said = elapsed()
    return true
  }
  return {
    path: submitDir,
    takeOver: async (signal) => {
      await takeOver({ config, context, signal, saysLeft }, submitDir, queueDir)
    },
  }
}
