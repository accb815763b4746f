/**
 * Listing the drop directory. Who may put files there may put anything there, so each entry is looked at without being
 * opened, and only a regular file with one name of the right form may be a message. Whatever lies there and can be none is
 * removed once it is 36 hours old by the clock of the kernel; a directory stays, since only its owner can empty it. A mark is
 * for left.ts, however old it is.
 */
import { lstatSync, opendirSync, unlinkSync, type Dir, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { parseDropName } from './name.ts'
import { parseMark } from './taker-name.ts'

/** Being written for longer than this is nothing, in milliseconds: the Maildir rule. */
const LEFTOVER_AGE = 36 * 3600_000
/** Entries that are looked at before whoever else waits in this process gets a turn. */
const AT_ONCE = 512

/** What was found. */
export interface DropScan {
  /** Names that may be messages, by the number of their owner: the oldest of each, as their names say. */
  readonly byUser: ReadonlyMap<number, readonly string[]>
  /** Entries that may be messages, those that were passed over included. */
  readonly count: number
  /** Since when the oldest of them lies there, milliseconds since the epoch; undefined when there is none. */
  readonly oldest: number | undefined
  /** Names that are no message's and were removed, as text for people. */
  readonly removed: readonly string[]
  /** Marks of files that somebody has taken over; of very many only some. */
  readonly marks: readonly string[]
}

/** How a directory is listed. */
export interface DropListing {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Names that are kept of each user. */
  readonly most: number
  /** Names to pass over. */
  readonly except?: { has(name: string): boolean }
  /** Removes what can be no message and is old. */
  readonly sweep: boolean
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Names are octets: as latin1 each octet is a character, and gets back as it was. */
const pathOf = (directory: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')])

function statOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The oldest few of a user; a user with a million files costs the memory of a few. */
class Oldest {
  readonly #most: number
  #names: string[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(name: string): void {
    this.#names.push(name)
    if (this.#names.length >= 2 * this.#most) this.#names = this.names
  }

  get names(): string[] {
    return this.#names.sort().slice(0, this.#most)
  }
}

/** True when it is gone now. A directory is not removed. */
function removeOld(path: Buffer, stats: Stats, now: number): boolean {
  // The time of change is the kernel's; the other one is whatever the user says.
  if (stats.isDirectory() || now - stats.ctimeMs < LEFTOVER_AGE) return false
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

async function* names(directory: Dir): AsyncGenerator<string> {
  for (let seen = 1; ; seen += 1) {
    const dirent = directory.readSync()
    if (dirent === null) return
    yield dirent.name
    if (seen % AT_ONCE === 0) await turn()
  }
}

async function scan(opened: Dir, path: string, listing: DropListing): Promise<DropScan> {
  const { now, most, except, sweep } = listing
  const byUser = new Map<number, Oldest>()
  const [removed, marks]: [string[], string[]] = [[], []]
  let [count, oldest] = [0, undefined as number | undefined]
  for await (const name of names(opened)) {
    const stats = statOf(pathOf(path, name))
    if (stats === undefined) continue
    if (parseMark(name) !== undefined) {
      if (!stats.isDirectory() && marks.length < AT_ONCE) marks.push(name)
      continue
    }
    if (parseDropName(name) === undefined || !stats.isFile() || stats.nlink !== 1) {
      if (sweep && removeOld(pathOf(path, name), stats, now)) removed.push(name)
      continue
    }
    count += 1
    oldest = Math.min(oldest ?? stats.ctimeMs, stats.ctimeMs)
    if (except?.has(name) === true) continue
    const own = byUser.get(stats.uid) ?? new Oldest(most)
    own.add(name)
    byUser.set(stats.uid, own)
  }
  const found = new Map([...byUser].map(([uid, own]) => [uid, own.names] as const))
  return { byUser: found, count, oldest, removed, marks }
}

/**
 * Lists the drop directory.
 *
 * @throws MailError QUEUE_* when it cannot be read
 */
export async function scanDrop(directory: string, listing: DropListing): Promise<DropScan> {
  let opened
  try {
    opened = opendirSync(directory, { encoding: 'latin1', bufferSize: AT_ONCE })
    return await scan(opened, directory, listing)
  } catch (error) {
    throw queueError(error, 'cannot read the drop directory', directory)
  } finally {
    opened?.closeSync()
  }
}
