/**
 * Small texts that all processes share, such as the state of an account: one file each in notes/. A note is
 * replaced by a rename, so a reader sees the old or the new one and never a part. Notes are hints: they are not
 * synced, the last writer wins, and one that cannot be read counts as none.
 */
import { closeSync, readFileSync, renameSync } from 'node:fs'
import { queueError } from '../../errors/errno.ts'
import type { Clock } from '../../util/clock.ts'
import { createExclusive, openForReading, writeAll } from '../../util/durable-file.ts'
import { newUnique } from '../entry-name.ts'
import { ensureLayout, folderPath } from '../layout.ts'
import { unlinkIfThere } from '../runner-record.ts'

const LARGEST = 64 * 1024

/** Any name becomes a file name that is neither hidden nor a way out of the folder. */
function notePath(queueDir: string, name: string): string {
  return folderPath(queueDir, 'notes', encodeURIComponent(name).replace(/^\./, '%2E'))
}

/** Reads a note; undefined when there is none or it cannot be read. */
export function readNote(queueDir: string, name: string): string | undefined {
  let fd: number | undefined
  try {
    fd = openForReading(notePath(queueDir, name))
    return readFileSync(fd, 'utf8').slice(0, LARGEST)
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Writes the draft and gives it its name; a draft that did not get so far is removed. */
function replaceFile(draft: string, path: string, text: string): void {
  const fd = createExclusive(draft)
  let written = false
  try {
    writeAll(fd, Buffer.from(text))
    renameSync(draft, path)
    written = true
  } finally {
    closeSync(fd)
    if (!written) unlinkIfThere(draft)
  }
}

/**
 * Replaces a note, or removes it.
 *
 * @throws MailError QUEUE_* when it cannot be written; the old one is still there then
 */
export async function writeNote(
  queueDir: string,
  name: string,
  text: string | undefined,
  clock: Clock,
): Promise<void> {
  const path = notePath(queueDir, name)
  try {
    if (text === undefined) {
      unlinkIfThere(path)
      return
    }
    await ensureLayout(queueDir)
    replaceFile(folderPath(queueDir, 'tmp', newUnique(clock)), path, text)
  } catch (error) {
    throw queueError(error, 'cannot write a note to', path)
  }
}
