/**
 * Giving a message from cur/ another place. A rename replaces whatever has the new name, so the name is made
 * one that is free: two files that were put there by hand with the same unique part never become one.
 */
import { existsSync, renameSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { formatName, type RestingName } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'

/** Where a claimed message goes. */
export interface Destination {
  readonly queueDir: string
  readonly folder: Extract<Folder, 'new' | 'hold' | 'failed'>
  readonly entry: RestingName
}

/**
 * Moves a file to another folder of its queue under the name that its entry has there, or one a second later
 * when that is taken.
 *
 * @param path absolute path of the file
 * @throws MailError QUEUE_* when it is gone or cannot be moved; it is then where it was
 */
export function moveMessage(path: string, { queueDir, folder, entry }: Destination): void {
  let { nextAttempt } = entry
  const target = (): string => folderPath(queueDir, folder, formatName({ ...entry, nextAttempt }))
  while (existsSync(target())) nextAttempt += 1
  try {
    renameSync(path, target())
  } catch (error) {
    throw queueError(error, `cannot move the message to ${folder}/ in`, queueDir)
  }
}

/** True when {@link moveMessage} failed because somebody else has moved the file. */
export function isGone(error: unknown): boolean {
  return error instanceof MailError && errnoOf(error.cause) === 'ENOENT'
}
