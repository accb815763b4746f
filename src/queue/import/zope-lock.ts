/**
 * The hidden files beside a message of zope.sendmail and repoze.sendmail. `.sending-<name>` is a lock that its owner
 * leaves behind when an attempt fails, `.rejected-<name>` is a message that was refused for good. Both are hard links
 * to the message, so a crash between link and unlink leaves one message under several names: it is read once.
 */
import { lstatSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { Look, Spot } from './format.ts'

const SENDING = '.sending-'
const REJECTED = '.rejected-'
/** How old a lock must be to be a dead one, by the rule of these programs, in milliseconds. */
const LOCK_AGE = 3 * 3_600_000

const statOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

function isSame(a: Stats | undefined, b: Stats | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

/** What the hidden files say about a file of such a queue. */
export function lookAtLocks({ directory, name }: Spot, now: number): Look {
  if (name.startsWith(SENDING)) return lookAtLock(directory, name)
  if (name.startsWith(REJECTED)) return lookAtRejected(directory, name)
  return name.startsWith('.') ? { kind: 'nothing' } : lookAtMessage(directory, name, now)
}

function lookAtMessage(directory: string, name: string, now: number): Look {
  const lockPath = join(directory, SENDING + name)
  const lock = statOf(lockPath)
  if (lock !== undefined && now - lock.mtimeMs < LOCK_AGE) {
    return { kind: 'skip', why: `it is being sent, or was tried less than 3 hours ago: ${SENDING}${name}` }
  }
  const rejectedPath = join(directory, REJECTED + name)
  const failed = isSame(statOf(rejectedPath), statOf(join(directory, name)))
  return {
    kind: 'read',
    failed,
    companions: [...(lock === undefined ? [] : [lockPath]), ...(failed ? [rejectedPath] : [])],
    notes: lock === undefined || failed ? [] : ['an earlier attempt failed or died; it may have been sent'],
  }
}

function lookAtRejected(directory: string, name: string): Look {
  const base = name.slice(REJECTED.length)
  if (isSame(statOf(join(directory, base)), statOf(join(directory, name)))) return { kind: 'nothing' }
  const lock = join(directory, SENDING + base)
  const companions = isSame(statOf(lock), statOf(join(directory, name))) ? [lock] : []
  return { kind: 'read', failed: true, companions, notes: [] }
}

/** A lock alone is all that is left of a message that was sent: its owner died before it removed the lock. */
function lookAtLock(directory: string, name: string): Look {
  const base = name.slice(SENDING.length)
  const own = statOf(join(directory, name))
  const isKnown =
    statOf(join(directory, base)) !== undefined || isSame(own, statOf(join(directory, REJECTED + base)))
  if (own === undefined || isKnown) return { kind: 'nothing' }
  return { kind: 'skip', why: 'it is a lock without a message, which was sent already' }
}
