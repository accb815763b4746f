/**
 * Which of several processes gets a dropped file: the one that renames it to its mark, which the file system grants to
 * exactly one. The mark stays beside the other files, and is still the message, until all that was made of it is in the queue: so
 * whoever comes later knows who got it. Its owner may take the file away before; then nobody gets it.
 */
import { lstatSync, renameSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { syncDirectory } from '../../util/durable-file.ts'
import { markName } from './taker-name.ts'
import { unlinkIfThere } from '../runner-record.ts'

/** Whose the file is now; `blocked` where its owner made something that keeps it from being marked. */
export type Marking = 'ours' | 'gone' | 'blocked'

/** A directory in the place of the mark, or of the file. */
const BLOCKED: ReadonlySet<string | undefined> = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'])

/**
 * Whether there is anything of this name in the drop. Only what is certainly not there is not.
 *
 * @throws MailError QUEUE_* when nobody can tell
 */
export function isInDrop(directory: string, name: string): boolean {
  try {
    return lstatSync(`${directory}/${name}`, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw queueError(error, 'cannot look for a dropped message in', directory)
  }
}

function markOne(directory: string, name: string, taker: string): Marking {
  const mark = markName(name, taker)
  try {
    renameSync(`${directory}/${name}`, `${directory}/${mark}`)
    return 'ours'
  } catch (error) {
    const errno = errnoOf(error)
    if (BLOCKED.has(errno)) return 'blocked'
    if (errno !== 'ENOENT') throw queueError(error, 'cannot take a dropped message out of', directory)
    // A file server that is asked a second time may say this of what it has done.
    return isInDrop(directory, mark) ? 'ours' : 'gone'
  }
}

/**
 * Waits until what was changed in a directory is on stable storage.
 *
 * @throws MailError QUEUE_*
 */
export async function syncTaking(path: string): Promise<void> {
  try {
    await syncDirectory(path)
  } catch (error) {
    throw queueError(error, 'cannot make a dropped message durable in', path)
  }
}

/**
 * Marks dropped files, durably. Their copies must be on stable storage.
 *
 * @throws MailError QUEUE_* when one cannot be marked; nothing may be published then, and what was marked is left to the
 *   next one who takes over
 */
export async function markDropped(
  directory: string,
  names: readonly string[],
  taker: string,
): Promise<ReadonlyMap<string, Marking>> {
  const markings = new Map(names.map((name) => [name, markOne(directory, name, taker)]))
  await syncTaking(directory)
  return markings
}

/** Removes marks. One that a power cut brings back has no copies, so it is removed again. */
export function removeMarks(directory: string, marks: readonly string[]): void {
  for (const mark of marks) {
    try {
      unlinkIfThere(`${directory}/${mark}`)
    } catch (error) {
      throw queueError(error, 'cannot remove what is in the queue from', directory)
    }
  }
}
