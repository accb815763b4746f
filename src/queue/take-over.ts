/**
 * The rename that makes a message one's own. The file system grants it to exactly one of several.
 */
import { renameSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { folderPath } from './layout.ts'
import type { Place } from './store.ts'

/**
 * Moves a message into cur/ under the name of a claim.
 *
 * @param taken the name with the claim
 * @returns false when somebody else was faster
 * @throws MailError QUEUE_* when it cannot be moved
 */
export function takeOver(queueDir: string, place: Place, name: string, taken: string): boolean {
  try {
    renameSync(folderPath(queueDir, place, name), folderPath(queueDir, 'cur', taken))
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw queueError(error, 'cannot claim a message in', queueDir)
  }
}
