/**
 * The journal of a message: JSON lines, only ever appended, one file per message in state/. It is the one truth
 * about what became of each recipient. A line torn by a crash is no line; what it would have said did not
 * happen.
 */
import { existsSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { appendText, syncDirectory } from '../../util/durable-file.ts'
import { formatJournal, parseJournal, type TimedEvent } from './event.ts'
import { folderPath } from '../layout.ts'

/** The path of a message's journal. */
export function journalPath(queueDir: string, unique: string): string {
  return folderPath(queueDir, 'state', `${unique}.log`)
}

/** Most messages have no journal: asking first is cheaper than an exception, but only ENOENT means no. */
function hasJournal(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw queueError(error, 'cannot look for the journal', path)
  }
}

/**
 * Reads a message's journal; empty when it has none.
 *
 * @throws MailError QUEUE_* when state/ cannot be searched, the system's error when the file cannot be read: a
 *   journal that is there and says nothing would send the message again to those who have it
 */
export function readJournal(queueDir: string, unique: string): TimedEvent[] {
  const path = journalPath(queueDir, unique)
  return hasJournal(path) ? parseJournal(readFileSync(path, 'utf8')) : []
}

/**
 * Appends events with one write. With `sync` it resolves only once they, and the journal's name, are on stable
 * storage.
 *
 * @throws MailError QUEUE_* when they may not be
 */
export async function appendJournal(
  queueDir: string,
  unique: string,
  events: readonly TimedEvent[],
  sync: boolean,
): Promise<void> {
  const path = journalPath(queueDir, unique)
  try {
    await appendText(path, formatJournal(events), sync)
    // Also when the file was there before: who made it may have died before this sync.
    if (sync) await syncDirectory(folderPath(queueDir, 'state'))
  } catch (error) {
    throw queueError(error, 'cannot write the journal', path)
  }
}

/** Removes a journal that is no longer needed; one that does not exist is fine. */
export function removeJournal(queueDir: string, unique: string): void {
  const path = journalPath(queueDir, unique)
  if (!existsSync(path)) return
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot remove the journal', path)
  }
}
