/**
 * The few file operations that durability rests on. Each either did what it says or throws the system's error;
 * none hides a short write, a failed sync or a failed close. A failed sync is final: the caller must write a
 * new file and never sync the old one again, since the kernel may have dropped the pages.
 */
import {
  close,
  closeSync,
  constants,
  fchownSync,
  fdatasync,
  fstatSync,
  fsync,
  lchownSync,
  open,
  openSync,
  statSync,
  unlink,
  unlinkSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { dirname } from 'node:path'

/**
 * Creates a file that must not exist, mode 0600, never through a symbolic link. What root creates in somebody
 * else's directory belongs to whoever owns the directory, who would be locked out of it otherwise.
 *
 * @returns the descriptor
 */
export function createExclusive(path: string): number {
  return createOwned(path, constants.O_WRONLY)
}

function createOwned(path: string, flags: number, mode = 0o600): number {
  const fd = openSync(path, flags | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode)
  const owner = foreignOwner(dirname(path))
  if (owner === undefined) return fd
  try {
    fchownSync(fd, owner.uid, owner.gid)
    return fd
  } catch (error) {
    closeSync(fd)
    unlinkSync(path)
    throw error
  }
}

/** Who owns a directory in which root is at work; undefined when that is root, or this is not. */
export function foreignOwner(directory: string): { readonly uid: number; readonly gid: number } | undefined {
  if (process.geteuid?.() !== 0) return undefined
  const { uid, gid } = statSync(directory)
  return uid === 0 ? undefined : { uid, gid }
}

/**
 * Gives what root has just made in a directory to whoever owns that. They may have put a link in its place meanwhile, which
 * is then theirs, and not what it leads to.
 */
export function giveToOwner(path: string, directory: string): void {
  const owner = foreignOwner(directory)
  if (owner !== undefined) lchownSync(path, owner.uid, owner.gid)
}

/** Opens an existing regular file for reading; never follows a link and never waits for a writer of a FIFO. */
export function openForReading(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
}

/** Writes all bytes, however many calls that takes. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.length) written += writeSync(fd, bytes, written)
}

/** Writes two buffers one after the other, in one call where the system takes them. */
export function writePair(fd: number, first: Buffer, second: Buffer): void {
  const written = writevSync(fd, [first, second])
  if (written < first.length) writeAll(fd, first.subarray(written))
  writeAll(fd, second.subarray(Math.max(0, written - first.length)))
}

/** Waits until data and metadata of the open file are on stable storage. Does not block the event loop. */
export function syncFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** As {@link syncFile}, for files whose metadata does not matter (append-only journals). */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** A removal that takes longer, in milliseconds, waits for the disk. */
const SLOW = 1
/** So many removals are left to another thread after a slow one. */
const PATIENT = 64
let leftToOthers = 0

/**
 * Removes a name. On a disk that is busy this is the call that waits, and then another thread does it, so that the event
 * loop goes on; on one that is not, to wake another thread costs more than to remove the name.
 */
export function unlinkFile(path: string): Promise<void> {
  if (leftToOthers > 0) {
    leftToOthers -= 1
    return new Promise((resolve, reject) => {
      unlink(path, (error) => (error === null ? resolve() : reject(error)))
    })
  }
  const start = performance.now()
  try {
    unlinkSync(path)
    return Promise.resolve()
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
  } finally {
    if (performance.now() - start > SLOW) leftToOthers = PATIENT
  }
}

/** Removes a file, if it can be: for what is of no use any more, and harmless where it stays. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Not there, or not ours.
  }
}

/**
 * Waits until the names in a directory (created, renamed, removed) are on stable storage. File systems that
 * cannot sync a directory answer EINVAL and keep names safe in their own way: that is not an error.
 */
export function syncDirectory(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    open(path, constants.O_RDONLY | constants.O_DIRECTORY, (openError, fd) => {
      if (openError !== null) {
        reject(openError)
        return
      }
      fsync(fd, (syncError) => {
        close(fd, (closeError) => {
          const error = syncError?.code === 'EINVAL' ? closeError : (syncError ?? closeError)
          if (error === null) resolve()
          else reject(error)
        })
      })
    })
  })
}

/**
 * Appends text with one write and, if asked, waits until it is on stable storage. A file that is not there is
 * created, mode 0600; its name then still needs a directory sync.
 */
export async function appendText(path: string, text: string, sync: boolean): Promise<void> {
  const fd = openForAppending(path)
  try {
    writeAll(fd, Buffer.from(text))
    if (sync) await syncData(fd)
  } finally {
    closeSync(fd)
  }
}

function openForAppending(path: string): number {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW
  // Others than root are the owner of what they create, and cannot be lured into a file that is not theirs.
  if (foreignOwner(dirname(path)) === undefined) return openSync(path, flags | constants.O_CREAT, 0o600)
  const fd = openAsGuest(path, flags, 0o600)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw notItsOwn(path)
}

/**
 * Opens a file for root in the directory of somebody else, who may have put anything there. One that is not there is made
 * and belongs to whoever owns the directory; no link leads root to another file.
 *
 * @param flags for a file that may be there
 * @param mode of one that is made
 */
export function openAsGuest(path: string, flags: number, mode: number): number {
  try {
    return createOwned(path, flags, mode)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if (fstatSync(fd).nlink === 1) return fd
  closeSync(fd)
  throw notItsOwn(path)
}

function notItsOwn(path: string): Error {
  return Object.assign(new Error(`${path} is no file of its own, so root does not write to it`), {
    code: 'EPERM',
  })
}
