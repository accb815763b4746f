/**
 * Reading a message in cur/ that this process has claimed, and clearing away one that needs no attempt: nobody is
 * left to get it, or it is held.
 */
import { unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { ClaimHistory } from './journal/claim-history.ts'
import { parseName, type EntryName } from './entry-name.ts'
import { readJournal } from './journal/journal.ts'
import { folderPath } from './layout.ts'
import { moveMessage } from './move.ts'
import { fileFault, isFileFault, openQueueFile } from './queue-file.ts'
import { entryOf } from './scan.ts'

/** A claimed message, whose content the caller closes; or why the file is none. */
export type ClaimedMessage =
  | {
      readonly ok: true
      readonly history: ClaimHistory
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
    return { ok: true, ...withHistory(queueDir, name, file) }
  } catch (error) {
    if (isFileFault(error)) return { ok: false, why: fileFault(error) }
    throw queueError(error, 'cannot read a message in', queueDir)
  }
}

type OpenFile = Extract<ReturnType<typeof openQueueFile>, { ok: true }>

function withHistory(queueDir: string, name: string, { meta, content, modified }: OpenFile) {
  try {
    const entry = parseName(name)
    const events = readJournal(queueDir, entry.unique)
    const constant = { meta, size: content.size, modified }
    const history = new ClaimHistory(entryOf('cur', name, entry), constant, events)
    return { history, content, entry, hasJournal: events.length > 0 }
  } catch (error) {
    content.close()
    throw error
  }
}

/**
 * Takes a claimed message away that is not to be tried: removed when nobody is left to be told anything, moved to
 * hold/ when it is held.
 *
 * @returns true when it was removed, so that its journal can go once that is durable
 * @throws MailError QUEUE_* when it cannot be moved
 */
export function clearAway(queueDir: string, name: string, place: 'hold' | 'done'): boolean {
  const path = folderPath(queueDir, 'cur', name)
  if (place === 'hold') {
    moveMessage(path, { queueDir, folder: 'hold', entry: parseName(name) })
    return false
  }
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot remove the delivered message', path)
  }
  return true
}
