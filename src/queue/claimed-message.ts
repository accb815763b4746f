/**
 * Reading a message in cur/ that this process has claimed, and clearing away one that turns out to need no
 * attempt any more.
 */
import { unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { parseName, type EntryName } from './entry-name.ts'
import { readJournal, type TimedEvent } from './journal.ts'
import { folderPath } from './layout.ts'
import type { QueueMeta } from './meta-block.ts'
import { moveMessage } from './move.ts'
import { fileFault, isFileFault, openQueueFile } from './queue-file.ts'
import { messageState } from './recipient-state.ts'
import { entryOf } from './scan.ts'
import type { QueuedMessage, QueueEntry } from './store.ts'

/** A claimed message, whose content the caller closes; or why the file is none. */
export type ClaimedMessage =
  | {
      readonly ok: true
      readonly message: QueuedMessage
      readonly content: MessageContent
      /** The file name taken apart. */
      readonly entry: EntryName
      readonly hasJournal: boolean
    }
  | { readonly ok: false; readonly why: string }

/**
 * Reads a claimed file with its journal.
 *
 * @param name the file in cur/
 * @throws MailError QUEUE_* when it cannot be read now; trying again may help
 */
export function readClaimed(queueDir: string, name: string): ClaimedMessage {
  try {
    const file = openQueueFile(folderPath(queueDir, 'cur', name))
    if (!file.ok) return file
    return { ok: true, ...withState(queueDir, name, file) }
  } catch (error) {
    if (isFileFault(error)) return { ok: false, why: fileFault(error) }
    throw queueError(error, 'cannot read a message in', queueDir)
  }
}

/** Everything that is known about a message. Written out, because a run makes one for each message. */
function queuedMessage(
  { id, place, queuedAt, nextAttempt, priority, key }: QueueEntry,
  meta: QueueMeta,
  events: readonly TimedEvent[],
  file: { readonly content: MessageContent; readonly modified: number },
): QueuedMessage {
  const { recipients, attempts, lastAttempt } = messageState(meta, events)
  return {
    id,
    place,
    queuedAt: meta.queuedAt ?? (queuedAt || file.modified),
    nextAttempt,
    priority,
    key,
    envelope: meta.envelope,
    size: file.content.size,
    recipients,
    attempts,
    lastAttempt,
  }
}

type OpenFile = Extract<ReturnType<typeof openQueueFile>, { ok: true }>

function withState(queueDir: string, name: string, { meta, content, modified }: OpenFile) {
  try {
    const entry = parseName(name)
    const events = readJournal(queueDir, entry.unique)
    const message = queuedMessage(entryOf('cur', name, entry), meta, events, { content, modified })
    return { message, content, entry, hasJournal: events.length > 0 }
  } catch (error) {
    content.close()
    throw error
  }
}

/**
 * Takes a claimed message away that no recipient is left for: removed when everybody has it, else kept in
 * failed/.
 *
 * @returns true when it was removed, so that its journal can go once that is durable
 * @throws MailError QUEUE_* when it cannot be moved
 */
export function clearFinished(queueDir: string, name: string, { recipients }: QueuedMessage): boolean {
  const path = folderPath(queueDir, 'cur', name)
  if (recipients.some(({ status }) => status !== 'delivered')) {
    moveMessage(path, { queueDir, folder: 'failed', entry: parseName(name) })
    return false
  }
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot remove the delivered message', path)
  }
  return true
}
