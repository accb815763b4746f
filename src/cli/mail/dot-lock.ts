/**
 * The lock of mail programs: a file with `.lock` behind the name of the mailbox, made by whoever writes to it. It
 * holds against every program that keeps to the custom, and against none that does not. A lock is never waited for
 * without end, and one whose owner is known to be gone, or that is old, is taken away.
 */
import { closeSync, fstatSync, linkSync, lstatSync, renameSync, unlinkSync, type Stats } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { readListFile } from '../../aliases/list-file.ts'
import { errnoOf } from '../../errors/errno.ts'
import { createExclusive, writeAll } from '../../util/durable-file.ts'
import { hostName } from '../../util/host-name.ts'
import { randomOctets } from '../../util/random.ts'

/** How it went. */
export type DotLock =
  | { readonly kind: 'taken'; readonly release: () => void }
  /** Somebody else has it, and did not let go in time. */
  | { readonly kind: 'held' }
  /** No lock can be made there, such as in a directory that is not this user's. */
  | { readonly kind: 'impossible' }

/** A lock of this age is taken to be left over, in milliseconds: the custom of mail programs. */
const LOCK_STALE = 5 * 60_000
const POLL = 50

/** The number alone may belong to another file by now. */
const sameFile = (left: Stats, right: Stats): boolean =>
  left.ino === right.ino && left.dev === right.dev && left.mtimeMs === right.mtimeMs

/** The process in the lock is gone: known only of those that wrote their host and ran on this one. */
function ownerIsGone(lock: string): boolean {
  const text = readListFile(lock, 1024)
  if (!text.ok) return false
  const [pid = '', host] = text.text.split('\n')
  if (host !== hostName() || !/^[1-9]\d{0,9}$/.test(pid)) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return errnoOf(error) === 'ESRCH'
  }
}

/** Takes a lock away that nobody holds any more. Of two processes that find it so, one succeeds. */
function clearStale(lock: string): void {
  const seen = lstatSync(lock, { throwIfNoEntry: false })
  if (seen === undefined || (Date.now() - seen.mtimeMs < LOCK_STALE && !ownerIsGone(lock))) return
  const aside = `${lock}.${String(process.pid)}.${randomOctets(6).toString('hex')}`
  renameSync(lock, aside)
  try {
    // Another process was faster, and this is its new lock: it is put back.
    if (!sameFile(lstatSync(aside), seen)) linkSync(aside, lock)
  } finally {
    unlinkSync(aside)
  }
}

/** Takes a lock away that is still this process's. */
function letGo(lock: string, mine: Stats): void {
  try {
    const there = lstatSync(lock, { throwIfNoEntry: false })
    if (there !== undefined && sameFile(there, mine)) unlinkSync(lock)
  } catch {
    // The message is in its file all the same, and others see that the owner of the lock is gone.
  }
}

/** Makes the lock file. @returns undefined when there is one already */
function create(lock: string): (() => void) | undefined {
  let fd: number
  try {
    fd = createExclusive(lock)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined
    throw error
  }
  try {
    writeAll(fd, Buffer.from(`${String(process.pid)}\n${hostName()}\n`))
  } catch {
    // The disk is full: an empty lock says less and holds as well.
  }
  const mine = fstatSync(fd)
  closeSync(fd)
  return () => letGo(lock, mine)
}

/**
 * Takes the lock of a mailbox file.
 *
 * @param path the mailbox
 * @param patience milliseconds to wait for somebody else
 */
export async function takeDotLock(path: string, patience: number): Promise<DotLock> {
  const lock = `${path}.lock`
  const end = Date.now() + patience
  for (;;) {
    try {
      const release = create(lock)
      if (release !== undefined) return { kind: 'taken', release }
    } catch {
      return { kind: 'impossible' }
    }
    try {
      clearStale(lock)
    } catch {
      // It is gone, or this user may not take it away: the next attempt tells.
    }
    if (Date.now() >= end) return { kind: 'held' }
    await delay(Math.min(POLL, Math.max(1, end - Date.now())))
  }
}
