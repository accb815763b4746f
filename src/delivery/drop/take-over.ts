/**
 * Taking over what users dropped into the queue, where only its owner may write. Whoever drops is not trusted; what keeps
 * the mail of all others safe is in `scan.ts`, `file.ts` and `stage.ts` of src/queue/drop (what is a file at all, reading it, never
 * lost and never twice) and in `rules.ts` (what of it is believed). Here users take turns: in each round (`round.ts`) everybody
 * who has something in the drop is served before anybody is served a second portion.
 *
 * It never throws for the sake of one file. A fault of the machine or of the configuration ends it; everything stays.
 */
import type { Config } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { requireOwnDrop } from '../../queue/drop/directory.ts'
import { finishLeft, isAnythingLeft } from '../../queue/drop/left.ts'
import { takerName } from '../../queue/drop/taker-name.ts'
import { scanDrop } from '../../queue/drop/scan.ts'
import { ensureLayout } from '../../queue/layout.ts'
import { MaildirQueue } from '../../queue/maildir-queue.ts'
import { elapsed } from '../../util/clock.ts'
import { readUsers, type User } from '../../util/passwd.ts'
import type { DeliveryContext } from '../context.ts'
import { dropLimits } from './limits.ts'
import { serveRound, type DropWork } from './round.ts'
import { senderRule } from './sender.ts'
import { inTurns, type Turn } from './turns.ts'

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

/** The next round; empty when nobody has anything left that may be taken now. */
async function nextRound(work: DropWork, served: ReadonlyMap<number, number>): Promise<Turn[]> {
  const { directory, context, leftFiles } = work
  const now = context.clock.now()
  const { byUser } = await scanDrop(directory, { now, most: OF_ONE, except: leftFiles, sweep: false })
  const allowed = new Map<number, readonly string[]>()
  for (const [uid, names] of byUser) allowed.set(uid, names.slice(0, await work.limits.left(uid)))
  return inTurns(allowed, served, AT_ONCE)
}

async function serveAll(work: DropWork): Promise<void> {
  const served = new Map<number, number>()
  while (work.signal?.aborted !== true) {
    const turns = await nextRound(work, served)
    if (turns.length === 0) return
    for (const { uid } of turns) served.set(uid, (served.get(uid) ?? 0) + 1)
    const before = work.leftFiles.size
    if ((await serveRound(work, turns)) === 0 && work.leftFiles.size === before) return
  }
}

/** Begins, with what others have left. */
async function begin(
  parts: DropParts,
  { directory, queueDir, runner, taker, marks }: Start,
): Promise<DropWork> {
  const { config, context, signal } = parts
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
    config,
    context,
    signal,
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
type Start = Pick<DropWork, 'directory' | 'queueDir' | 'runner' | 'taker'> & {
  readonly marks: readonly string[]
}

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
