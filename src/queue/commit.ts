/**
 * How a message gets into the queue: created in tmp/, written, synced, renamed to where it belongs, and the
 * directory synced. Only then is it accepted. The rename is the commit: before it nobody sees the message,
 * after it nobody can miss it.
 *
 * State                              what a crash leaves        who cleans up
 * file in tmp/                       an invisible file          the sweep after 36 hours
 * + journal in state/                the same, and a journal    the sweep: no message has this journal
 * renamed, directory not synced      the message, or nothing    nobody needs to; the caller was told nothing
 * directory synced                   the message                -
 *
 * A failure before the rename removes the file and says what is wrong; the queue is as it was.
 */
import { closeSync, renameSync, unlinkSync } from 'node:fs'
import { queueError } from '../errors/errno.ts'
import type { Clock } from '../util/clock.ts'
import { createExclusive, syncFile, writeAll, writePair } from '../util/durable-file.ts'
import { syncTogether } from '../util/shared-sync.ts'
import { claimedName, DEFAULT_PRIORITY, formatName, newUnique } from './entry-name.ts'
import type { TimedEvent } from './journal/event.ts'
import { appendJournal, removeJournal } from './journal/journal.ts'
import { ensureLayout, folderPath, type Folder } from './layout.ts'
import { formatMetaBlock } from './meta-block.ts'
import type { NewMessage, Past } from './store.ts'

/** Where a new message goes, and with what history. */
export interface CommitTarget {
  readonly folder: Extract<Folder, 'new' | 'cur' | 'failed'>
  /** Milliseconds since the epoch. */
  readonly nextAttempt: number
  /** The claim to hold it under, for cur/. */
  readonly claim?: string
  readonly events: readonly TimedEvent[]
  /** What the message brings from another queue. */
  readonly past?: Past | undefined
  /** Whether the history must survive a power cut (it says who has the message already). */
  readonly syncEvents: boolean
}

/** A committed message. */
export interface Committed {
  readonly unique: string
  /** The file name without a claim. */
  readonly name: string
}

async function writeMessage(path: string, head: Buffer, message: NewMessage): Promise<void> {
  const fd = createExclusive(path)
  try {
    if (message.content.bytes !== undefined) writePair(fd, head, message.content.bytes)
    else {
      writeAll(fd, head)
      for await (const chunk of message.content.stream()) writeAll(fd, chunk as Buffer)
    }
    await syncFile(fd)
  } finally {
    closeSync(fd)
  }
}

/** False when it could not be removed, or was not there any more. */
function discardQuietly(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    // In tmp/ the sweep finds it.
    return false
  }
}

/**
 * Stores a message durably.
 *
 * @returns its name, once the message is on stable storage
 * @throws MailError QUEUE_* when it may not be; the queue is then as before, unless the last directory sync
 *   failed and the message could not be taken out again or was claimed already
 */
export async function commitMessage(
  queueDir: string,
  message: NewMessage,
  target: CommitTarget,
  clock: Clock,
): Promise<Committed> {
  await ensureLayout(queueDir)
  const unique = newUnique(clock)
  const { past } = target
  const head = formatMetaBlock({
    ...message,
    queuedAt: past?.queuedAt ?? clock.now(),
    earlierAttempts: past?.attempts ?? 0,
    lastAttempt: past?.lastAttempt,
  })
  const tmp = folderPath(queueDir, 'tmp', unique)
  const notBefore = message.notBefore === undefined ? undefined : Math.ceil(message.notBefore / 1000)
  const name = formatName({
    unique,
    nextAttempt: Math.max(Math.floor(target.nextAttempt / 1000), notBefore ?? 0),
    priority: message.priority ?? DEFAULT_PRIORITY,
    account: message.account,
    ownServer: message.server !== undefined,
    notBefore,
  })
  const finalName = target.claim === undefined ? name : claimedName(name, target.claim)
  try {
    await writeMessage(tmp, head, message)
    if (target.events.length > 0) await appendJournal(queueDir, unique, target.events, target.syncEvents)
    renameSync(tmp, folderPath(queueDir, target.folder, finalName))
  } catch (error) {
    discardQuietly(tmp)
    if (target.events.length > 0) discardJournal(queueDir, unique)
    throw queueError(error, 'cannot write the message to the queue', queueDir)
  }
  try {
    await syncTogether(folderPath(queueDir, target.folder))
  } catch (error) {
    // The caller keeps the message, so the queue must not. Whoever has claimed it already needs its journal.
    const discarded = discardQuietly(folderPath(queueDir, target.folder, finalName))
    if (discarded && target.events.length > 0) discardJournal(queueDir, unique)
    throw queueError(error, 'cannot make the message durable in the queue', queueDir)
  }
  return { unique, name }
}

function discardJournal(queueDir: string, unique: string): void {
  try {
    removeJournal(queueDir, unique)
  } catch {
    // A journal without a message means nothing; the sweep removes it.
  }
}
