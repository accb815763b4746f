/**
 * One bad file never stops a run: what is no queued message is moved to corrupt/ beside a file that says why.
 * Nothing is ever deleted; a human decides.
 */
import { closeSync, existsSync, renameSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { createExclusive, writeAll } from '../util/durable-file.ts'
import { LONGEST_NAME } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Quarantined } from './store.ts'

/** What every file system takes. */
const LONGEST_FILE_NAME = 250

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

/** A rename would replace what came from another folder under the same name. */
function freeName(queueDir: string, name: string): string {
  let free = name
  for (let count = 2; existsSync(folderPath(queueDir, 'corrupt', free)); count += 1) {
    free = `${count}.${name}`.slice(0, LONGEST_FILE_NAME)
  }
  return free
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
  const kept = freeName(queueDir, name)
  const target = folderPath(queueDir, 'corrupt', kept)
  try {
    renameSync(folderPath(queueDir, folder, name), target)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw queueError(error, 'cannot move a bad file to', target)
  }
  // A name may be as long as names can be.
  writeReason(folderPath(queueDir, 'corrupt', `${kept.slice(0, LONGEST_NAME)}.reason`), why)
  return { name: kept, why }
}
