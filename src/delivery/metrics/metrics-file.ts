/**
 * The file for the textfile collector: replaced as a whole, so that whoever reads it sees the old or the new one. It is
 * written under a name that begins with a dot, which the collector passes over, and everybody may read it.
 */
import { closeSync, fchmodSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import { createExclusive, removeQuietly, writeAll } from '../../util/durable-file.ts'

const MODE = 0o644

/**
 * Replaces the file. When another process does so at this moment, its file stays.
 *
 * @throws the system's error; the old file is still there then
 */
export function replaceMetricsFile(path: string, text: string): void {
  const draft = join(dirname(path), `.${basename(path)}.tmp`)
  // Left by a process that was killed.
  removeQuietly(draft)
  try {
    const fd = createExclusive(draft)
    try {
      writeAll(fd, Buffer.from(text))
      fchmodSync(fd, MODE)
    } finally {
      closeSync(fd)
    }
    renameSync(draft, path)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return
    removeQuietly(draft)
    throw error
  }
}
