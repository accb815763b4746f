/**
 * Small files that only their owner may read, replaced as a whole: whoever reads one sees the old text or the new one,
 * also after a crash. And a lock that keeps two processes from replacing one at the same time.
 */
import { closeSync, fstatSync, ftruncateSync, realpathSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createExclusive, removeQuietly, syncDirectory, syncFile, writeAll } from './durable-file.ts'
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

/** Room for a file that is not known yet. Either of the two has to be called. */
export interface ReservedFile {
  /**
   * Writes the file, in the place of the one that is there.
   *
   * @throws the system's error; the old file is then still there
   */
  replace(text: string): Promise<void>
  /** Gives the room back. */
  release(): void
}

function writeFromStart(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
  ftruncateSync(fd, bytes.length)
}

/**
 * Takes the room for a file, mode 0600, before its text is known, so that a full disk cannot lose it later.
 *
 * @param size of the room, in octets
 * @throws the system's error when there is none
 */
export async function reservePrivateFile(path: string, size: number): Promise<ReservedFile> {
  const target = behindLinks(path)
  const fresh = `${target}.${randomOctets(8).toString('hex')}.tmp`
  const fd = createExclusive(fresh)
  const discard = (): void => {
    closeSync(fd)
    removeQuietly(fresh)
  }
  try {
    writeAll(fd, Buffer.alloc(size))
    if (size > 0) await syncFile(fd)
  } catch (error) {
    discard()
    throw error
  }
  const replace = async (text: string): Promise<void> => {
    try {
      writeFromStart(fd, Buffer.from(text))
      await syncFile(fd)
      renameSync(fresh, target)
    } catch (error) {
      discard()
      throw error
    }
    closeSync(fd)
    await syncDirectory(dirname(target))
  }
  return { replace, release: discard }
}

/**
 * Writes a file, mode 0600, in the place of the one that is there.
 *
 * @throws the system's error; the old file is then still there
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await (await reservePrivateFile(path, 0)).replace(text)
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

function isStale(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE
}

/** Removes a lock that was left behind; one at a time, so that nobody removes the one that is taken instead of it. */
function breakLock(path: string): void {
  const claim = `${path}.stale`
  try {
    closeSync(createExclusive(claim))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    if (isStale(claim)) removeQuietly(claim)
    return
  }
  if (isStale(path)) removeQuietly(path)
  removeQuietly(claim)
}

/** The lock's inode when it is ours now. */
function takeLock(path: string): number | undefined {
  try {
    const fd = createExclusive(path)
    const { ino } = fstatSync(fd)
    closeSync(fd)
    return ino
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  if (isStale(path)) breakLock(path)
  return undefined
}

async function awaitLock(path: string, signal: AbortSignal | undefined): Promise<number | undefined> {
  for (;;) {
    signal?.throwIfAborted()
    try {
      const lock = takeLock(path)
      if (lock !== undefined) return lock
    } catch {
      return undefined
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK))
  }
}

/**
 * Does something that only one process may do at a time. A lock that cannot be made, as on a read-only file system, is
 * no reason not to do it; one that nobody gives back ends after two minutes.
 *
 * @param path the file that stands for the lock
 * @param signal ends the wait for the lock, with its reason
 */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const lock = await awaitLock(path, signal)
  try {
    return await work()
  } finally {
    // Who took too long may find the lock of somebody else there.
    if (lock !== undefined && inodeOf(path) === lock) removeQuietly(path)
  }
}
