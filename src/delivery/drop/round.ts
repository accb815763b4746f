/**
 * One round of taking over: some files of each user are copied, what becomes of each is decided, and what is ours becomes
 * messages or reports to its owner. A file that fails for its own sake stops no other; a fault of the machine or of the
 * configuration ends the round, and everything stays.
 */
import type { Config } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { MessageContent } from '../../message/content.ts'
import { readDropped, type DroppedFile } from '../../queue/drop/file.ts'
import { markDropped, removeMarks } from '../../queue/drop/mark.ts'
import { discard, publish, stage, syncStage } from '../../queue/drop/stage.ts'
import { markName } from '../../queue/drop/taker-name.ts'
import { folderPath } from '../../queue/layout.ts'
import type { Runner } from '../../queue/store.ts'
import type { Submitter } from '../account/choose.ts'
import type { DeliveryContext } from '../context.ts'
import { reportQueued } from '../report/report.ts'
import type { DropLimits } from './limits.ts'
import { refusalReport } from './refusal.ts'
import { decideDrop, type DropRules } from './rules.ts'
import type { Turn } from './turns.ts'

/** Octets that are held at once, from which on a round ends early: others wait until it has ended. */
const HELD = 16 * 1024 * 1024
/** What a recipient counts for in this, by the memory and the time that he takes. */
const OF_RECIPIENT = 1024

/** A take-over that is going on. */
export interface DropWork {
  readonly directory: string
  readonly queueDir: string
  readonly config: Config
  readonly context: DeliveryContext
  /** Ends it between two files. */
  readonly signal: AbortSignal | undefined
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

/** Faults of the message. Those of the machine and the configuration stop everything. */
function isOwnFault(error: unknown): error is MailError {
  return error instanceof MailError && !/^(?:QUEUE|CONFIG)_/.test(error.code)
}

/** Stages the parts of a message. @returns their names, or why it is refused */
async function stageParts(
  work: DropWork,
  { uid, name }: Turn,
  { meta, content }: Extract<DroppedFile, { kind: 'message' }>,
): Promise<readonly string[] | string> {
  const { rules, queueDir } = work
  const { clock } = work.context
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
async function stageReport(
  work: DropWork,
  { uid, name }: Turn,
  why: string,
  file: Legible,
): Promise<string[]> {
  const { queueDir, config, context } = work
  const submitter: Submitter = { uid, user: work.users.get(uid) }
  const header = file.kind === 'message' ? await firstOctets(file.content) : (file.header ?? Buffer.alloc(0))
  const report = refusalReport(config, context, { name, submitter, why, meta: file.meta, header })
  return stage(queueDir, [report], { drop: name, taker: work.taker, report: true, clock: context.clock })
}

type Legible = Extract<DroppedFile, { kind: 'message' | 'refused' }>

/** Stages what becomes of one file: its parts, or a report to its owner. */
async function stageFile(work: DropWork, turn: Turn, file: Legible): Promise<StagedFile> {
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
async function stageRound(work: DropWork, turns: readonly Turn[]): Promise<StagedFile[]> {
  const { directory, queueDir } = work
  const spillDirectory = folderPath(queueDir, 'tmp')
  const files: StagedFile[] = []
  let held = 0
  try {
    for (const turn of turns) {
      if (held > HELD || work.signal?.aborted === true) break
      const reading = { uid: turn.uid, maxSize: work.config.submitMaxSize, spillDirectory }
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

async function tell(work: DropWork, file: StagedFile, published: ReadonlyMap<string, string>): Promise<void> {
  const { context } = work
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
async function decide(work: DropWork, files: readonly StagedFile[]): Promise<StagedFile[]> {
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

/**
 * Serves everybody once.
 *
 * @returns how many files were done with
 * @throws MailError of the machine or the configuration; what was not taken stays
 */
export async function serveRound(work: DropWork, turns: readonly Turn[]): Promise<number> {
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
