/**
 * Small files that only their owner may read, replaced as a whole: whoever reads one sees the old text or the new one,
 * also after a crash. And a lock that keeps two processes from replacing one at the same time.
 */
import { closeSync, realpathSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { createExclusive, syncDirectory, syncFile, writeAll } from './durable-file.ts'
import { randomOctets } from './random.ts'

/** How often one who waits for a lock looks, and when a lock was left by somebody who died, in milliseconds. */
const LOOK = 50
const STALE = 120_000

const codeOf = (error: unknown): unknown => (error instanceof Error ? Reflect.get(error, 'code') : undefined)

/** The file itself, where a link stands for it. */
function behindLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/**
 * Writes a file, mode 0600, in the place of the one that is there.
 *
 * @throws the system's error; the old file is then still there
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const target = behindLinks(path)
  const fresh = `${target}.${randomOctets(8).toString('hex')}.tmp`
  const fd = createExclusive(fresh)
  try {
    try {
      writeAll(fd, Buffer.from(text))
      await syncFile(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, target)
  } catch (error) {
    removeQuietly(fresh)
    throw error
  }
  await syncDirectory(dirname(target))
}

/** Removes a file, if it can be. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Not there, or not ours.
  }
}

/** True when the lock is ours now. */
function takeLock(path: string): boolean {
  try {
    closeSync(createExclusive(path))
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats !== undefined && Date.now() - stats.mtimeMs > STALE) removeQuietly(path)
  return false
}

/**
 * Does something that only one process may do at a time. A lock that cannot be made, as on a read-only file system, is
 * no reason not to do it; one that nobody gives back ends after two minutes.
 *
 * @param path the file that stands for the lock
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    while (!takeLock(path)) await new Promise((resolve) => setTimeout(resolve, LOOK))
  } catch {
    return work()
  }
  try {
    return await work()
  } finally {
    removeQuietly(path)
  }
}
