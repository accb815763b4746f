/**
 * The drop directory as a queue that one can only put messages into, for users who may not write the real one. A
 * message is accepted once its file is on stable storage under its name; the owner of the queue takes it over from there.
 *
 * State                        what a crash leaves              who cleans up
 * being written, dot name      a hidden file                    whoever takes over, after 36 hours
 * renamed, not synced again    the message, or the hidden file  nobody needs to; the caller was told nothing
 * synced                       the message                      -
 *
 * A failure removes the file. Who cannot list a directory cannot sync it either: after the rename the file is synced a
 * second time, which makes its new name durable on the file systems of Linux that have a journal or a log.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { systemClock } from '../../util/clock.ts'
import { removeQuietly, syncDirectory, syncFile, writeAll } from '../../util/durable-file.ts'
import { requireDrop } from './directory.ts'
import { DROP_BLOCK } from './file.ts'
import { dropId, newDropName } from './name.ts'
import { formatMetaBlock } from '../meta-block.ts'
import type {
  Claim,
  Ledger,
  LedgerLine,
  NewMessage,
  Outbox,
  QueueEntry,
  QueueFacts,
  QueueStore,
  Runner,
} from '../store.ts'

/** The group of the directory may read it; where files do not get that group, whoever knows the name may. */
const GROUP_READS = 0o640
const NAME_READS = 0o644

/** Where messages are dropped, and for which queue. */
export interface DropPlace {
  readonly directory: string
  readonly queueDir: string
  /** Octets of a message. */
  readonly maxSize: number
}

/** The block of a message that will be taken over. */
function blockOf(message: NewMessage, { maxSize }: DropPlace, now: number): Buffer {
  if (message.server !== undefined) {
    throw new MailError(
      'USAGE',
      'only who may write the queue can name a server for a message; leave --host and --port out',
    )
  }
  const { size } = message.content
  if (size > maxSize) {
    const words = `the message has ${size} octets, and ${maxSize} are allowed (submit_max_size)`
    throw new MailError('MESSAGE_REFUSED', words)
  }
  const block = formatMetaBlock({ ...message, queuedAt: now })
  if (block.length <= DROP_BLOCK) return block
  const { recipients } = message.envelope
  throw new MailError(
    'MESSAGE_REFUSED',
    `${recipients.length} recipients are too many; send to fewer at a time`,
  )
}

async function writeFile(
  fd: number,
  block: Buffer,
  { content }: NewMessage,
  directory: Stats,
): Promise<void> {
  writeAll(fd, block)
  for await (const chunk of content.stream()) writeAll(fd, chunk as Buffer)
  fchmodSync(fd, fstatSync(fd).gid === directory.gid ? GROUP_READS : NAME_READS)
  await syncFile(fd)
}

/** Who may list the directory syncs it as well. */
async function syncName(fd: number, directory: string): Promise<void> {
  await syncFile(fd)
  try {
    await syncDirectory(directory)
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error
  }
}

/** What is synced is safe, whatever closing it says; what is not has been removed. */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Nothing depends on it.
  }
}

async function drop(place: DropPlace, name: string, message: NewMessage, block: Buffer): Promise<void> {
  const facts = requireDrop(place.directory, place.queueDir)
  const [hidden, final] = [`${place.directory}/.${name}`, `${place.directory}/${name}`]
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  let fd
  try {
    fd = openSync(hidden, flags, 0o600)
    await writeFile(fd, block, message, facts)
    renameSync(hidden, final)
    await syncName(fd, place.directory)
  } catch (error) {
    // Renamed by now, or taken over; what is hidden goes by its age.
    removeQuietly(hidden)
    removeQuietly(final)
    throw queueError(error, 'cannot drop the message in', place.directory)
  } finally {
    if (fd !== undefined) closeQuietly(fd)
  }
}

function notHere(): never {
  throw new MailError('QUEUE_DENIED', 'only who may write the queue can do this')
}

/** The drop directory of a queue. Making the object touches nothing. */
export class DropStore implements QueueStore {
  readonly name: string
  readonly #place: DropPlace

  constructor(place: DropPlace) {
    this.name = place.directory
    this.#place = place
  }

  /**
   * Drops a message.
   *
   * @returns the queue id that it gets when it is taken over
   * @throws MailError QUEUE_* or CONFIG_* when it could not be dropped, MESSAGE_REFUSED or USAGE for one that would not
   *   be taken over; nothing is left then
   */
  async enqueue(message: NewMessage): Promise<string> {
    const now = systemClock.now()
    const block = blockOf(message, this.#place, now)
    const name = newDropName(now, message)
    await drop(this.#place, name, message, block)
    return dropId(process.geteuid?.() ?? 0, name).toUpperCase()
  }

  async enqueueClaimed(): Promise<Claim> {
    return notHere()
  }

  async openRunner(): Promise<Runner> {
    return notHere()
  }

  list(): AsyncIterable<QueueEntry> {
    return notHere()
  }

  async describe(): Promise<undefined> {
    return notHere()
  }

  async content(): Promise<undefined> {
    return notHere()
  }

  async find(): Promise<QueueEntry[]> {
    return notHere()
  }

  async history(): Promise<readonly []> {
    return notHere()
  }

  async facts(): Promise<QueueFacts> {
    return notHere()
  }

  /** Nothing is known here of what administrators want. */
  async readNote(): Promise<undefined> {
    return undefined
  }

  async writeNote(): Promise<void> {
    notHere()
  }

  async outbox(): Promise<Outbox> {
    return notHere()
  }

  async openLedger(): Promise<Ledger> {
    return notHere()
  }

  async readLedger(): Promise<readonly LedgerLine[]> {
    return []
  }
}
