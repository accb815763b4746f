/**
 * Copying a queued message with its journal into another queue directory, in two steps: first everything is durable
 * there under a name that nobody sees, then one rename makes it a message. Until then the other queue is as it was.
 */
import { closeSync, fstatSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { fileContent } from '../message/content.ts'
import {
  createExclusive,
  openForReading,
  syncDirectory,
  syncFile,
  unlinkFile,
  writeAll,
} from '../util/durable-file.ts'
import { parseName } from './entry-name.ts'
import { journalPath } from './journal/journal.ts'
import { folderPath } from './layout.ts'
import { moveMessage, type Destination } from './move.ts'
import type { Place } from './store.ts'

/** A file in a queue. */
export interface CopySource {
  readonly queueDir: string
  readonly place: Place
  /** The file name. */
  readonly key: string
}

/** A copy that is on stable storage and not yet a message. */
export interface PreparedCopy {
  /** Makes it a message, durably. @throws MailError QUEUE_* when it may not be one */
  commit(): Promise<void>
  /** Forgets it; never fails. */
  discard(): Promise<void>
}

async function copyFile(from: string, to: string): Promise<void> {
  const source = openForReading(from)
  try {
    const stats = fstatSync(source)
    if (!stats.isFile()) throw new MailError('MESSAGE_MALFORMED', `${from} is no message: not a regular file`)
    const target = createExclusive(to)
    try {
      for await (const chunk of fileContent(source, 0, stats.size).stream()) writeAll(target, chunk as Buffer)
      await syncFile(target)
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

/** False when there is no journal. */
async function copyJournal({ queueDir }: CopySource, to: string, unique: string): Promise<boolean> {
  try {
    await copyFile(journalPath(queueDir, unique), journalPath(to, unique))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
  await syncDirectory(folderPath(to, 'state'))
  return true
}

async function removeQuietly(path: string): Promise<void> {
  await unlinkFile(path).catch(() => undefined)
}

/**
 * Copies a message; nobody else may change it meanwhile.
 *
 * @param to the other queue, whose folders exist
 * @param folder the place that it gets there
 * @throws MailError QUEUE_* when it cannot be copied; nothing is left there then
 */
export async function prepareCopy(
  source: CopySource,
  to: string,
  folder: Destination['folder'],
): Promise<PreparedCopy> {
  const entry = parseName(source.key)
  const draft = folderPath(to, 'tmp', entry.unique)
  let hasJournal = false
  const discard = async (): Promise<void> => {
    await removeQuietly(draft)
    if (hasJournal) await removeQuietly(journalPath(to, entry.unique))
  }
  try {
    await copyFile(folderPath(source.queueDir, source.place, source.key), draft)
    hasJournal = await copyJournal(source, to, entry.unique)
  } catch (error) {
    await discard()
    throw queueError(error, `cannot copy ${source.key} to`, to)
  }
  const commit = async (): Promise<void> => {
    moveMessage(draft, { queueDir: to, folder, entry })
    try {
      await syncDirectory(folderPath(to, folder))
    } catch (error) {
      throw queueError(error, 'cannot make a message durable in', to)
    }
  }
  return { commit, discard }
}
