/**
 * The messages of a queue one after the other, for whoever looks at it: never more than one in memory, and one that
 * cannot be read never ends the walk. What was passed over is kept count of, so that a listing with a hole in it
 * says so.
 */
import { readSuspended, shownSuspended } from '../../delivery/suspension.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Place, QueuedMessage, QueueEntry } from '../../queue/store.ts'
import type { Terminal } from '../exit.ts'
import type { Sight } from './context.ts'

/** Where mail is that has still to be delivered. */
export const WAITING: readonly Place[] = ['new', 'cur', 'hold']
/** Everything that is a message. */
export const EVERY_PLACE: readonly Place[] = ['new', 'cur', 'hold', 'failed']

/** Which messages are wanted. */
export interface Wanted {
  readonly places: readonly Place[]
  /** All when left out. */
  readonly selects?: (message: QueuedMessage) => boolean
  /** The walk ends after so many. */
  readonly limit?: number | undefined
}

/** How a walk went. */
export interface WalkLog {
  /** Messages that could not be read, and the error of the first. */
  failures: number
  first: MailError | undefined
  /** Files that are no messages, and messages that were delivered or moved at that moment. */
  readonly blank: QueueEntry[]
  /** It ended because of the limit. */
  limited: boolean
}

/** So many of the files that could not be described are looked at twice; beyond that, memory counts more. */
const MOST_BLANKS = 10_000

/** The log of a walk that has not begun. */
export function newWalkLog(): WalkLog {
  return { failures: 0, first: undefined, blank: [], limited: false }
}

async function describe(
  { store }: Sight,
  entry: QueueEntry,
  log: WalkLog,
): Promise<QueuedMessage | undefined> {
  try {
    const message = await store.describe(entry)
    if (message === undefined && log.blank.length < MOST_BLANKS) log.blank.push(entry)
    return message
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    log.failures += 1
    log.first ??= error
    return undefined
  }
}

/**
 * Walks through the queue. Nothing is opened that is not needed to know whether it is wanted. What waits because it is
 * suspended says so.
 *
 * @throws MailError when the queue itself cannot be read
 */
export async function* walkQueue(
  sight: Sight,
  { places, selects = () => true, limit = Infinity }: Wanted,
  log: WalkLog,
): AsyncGenerator<QueuedMessage> {
  if (!sight.made) return
  const suspended = await readSuspended(sight.store)
  let count = 0
  for await (const entry of sight.store.list(places)) {
    const message = await describe(sight, entry, log)
    if (message === undefined || !selects(message)) continue
    yield shownSuspended(message, suspended)
    count += 1
    if (count < limit) continue
    log.limited = true
    return
  }
}

/** How many files of a walk are no messages: those that are still where they were when it is over. */
export async function countUnreadable({ store }: Sight, { blank, failures }: WalkLog): Promise<number> {
  if (blank.length === 0) return failures
  const there = new Set(blank.map(({ place, key }) => `${place}/${key}`))
  let count = 0
  for await (const { place, key } of store.list([...new Set(blank.map((entry) => entry.place))]))
    if (there.has(`${place}/${key}`)) count += 1
  return failures + count
}

/** Says what is missing from what was shown. @returns how the process is to end */
export function tellMissing({ failures, first }: WalkLog, terminal: Terminal): ExitCode {
  if (first === undefined) return EX.OK
  const others = failures === 1 ? '' : ` (and ${failures - 1} more like it)`
  terminal.complain(`a message could not be read and is not shown: ${first.publicMessage}${others}`)
  return first.exitCode
}
