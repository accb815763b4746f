/**
 * One bad file never stops a run: what is no queued message is moved to corrupt/ beside a file that says why.
 * Nothing is ever deleted; a human decides.
 */
import { closeSync, renameSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { createExclusive, writeAll } from '../util/durable-file.ts'
import { LONGEST_NAME } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Quarantined } from './store.ts'

function writeReason(path: string, why: string): void {
  try {
    const fd = createExclusive(path)
    try {
      writeAll(fd, Buffer.from(`${new Date().toISOString()} ${why}\n`))
    } finally {
      closeSync(fd)
    }
  } catch {
    // The file is safe in corrupt/; the reason is in the log as well.
  }
}

/**
 * Moves a file out of the way.
 *
 * @returns undefined when somebody else moved it first
 * @throws MailError QUEUE_* when it cannot be moved
 */
export function quarantine(
  queueDir: string,
  folder: Folder,
  name: string,
  why: string,
): Quarantined | undefined {
  const target = folderPath(queueDir, 'corrupt', name)
  try {
    renameSync(folderPath(queueDir, folder, name), target)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw queueError(error, 'cannot move a bad file to', target)
  }
  // A name may be as long as names can be.
  writeReason(folderPath(queueDir, 'corrupt', `${name.slice(0, LONGEST_NAME)}.reason`), why)
  return { name, why }
}
