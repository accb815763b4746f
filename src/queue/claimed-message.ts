/**
 * Reading a message in cur/ that this process has claimed, and clearing away one that turns out to need no
 * attempt any more.
 */
import { unlinkSync } from 'node:fs'
import { describeError, errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { parseName } from './entry-name.ts'
import { readJournal, removeJournal } from './journal.ts'
import { folderPath } from './layout.ts'
import { moveMessage } from './move.ts'
import { isFileFault, openQueueFile } from './queue-file.ts'
import { messageState } from './recipient-state.ts'
import { entryOf } from './scan.ts'
import type { QueuedMessage } from './store.ts'

/** A claimed message, whose content the caller closes; or why the file is none. */
export type ClaimedMessage =
  | {
      readonly ok: true
      readonly message: QueuedMessage
      readonly content: MessageContent
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
    if (isFileFault(error)) return { ok: false, why: describeError(error) }
    throw queueError(error, 'cannot read a message in', queueDir)
  }
}

type OpenFile = Extract<ReturnType<typeof openQueueFile>, { ok: true }>

function withState(queueDir: string, name: string, { meta, content, modified }: OpenFile) {
  try {
    const events = readJournal(queueDir, parseName(name).unique)
    const entry = entryOf('cur', name)
    const message: QueuedMessage = {
      ...entry,
      ...messageState(meta, events),
      queuedAt: meta.queuedAt ?? (entry.queuedAt || modified),
      envelope: meta.envelope,
      size: content.size,
    }
    return { message, content, hasJournal: events.length > 0 }
  } catch (error) {
    content.close()
    throw error
  }
}

/**
 * Takes a claimed message away that no recipient is left for: removed when everybody has it, else kept in
 * failed/.
 *
 * @throws MailError QUEUE_* when it cannot be moved
 */
export function clearFinished(queueDir: string, name: string, { recipients }: QueuedMessage): void {
  const path = folderPath(queueDir, 'cur', name)
  const entry = parseName(name)
  if (recipients.some(({ status }) => status !== 'delivered')) {
    moveMessage(path, { queueDir, folder: 'failed', entry })
    return
  }
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot remove the delivered message', path)
  }
  removeJournal(queueDir, entry.unique)
}
