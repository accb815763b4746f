/**
 * Claims of mailqueue-runner: files in cur/ under the name they had in new/. That program holds a flock while
 * it works on one and gives it back itself after 30 minutes; until then, and while it is locked, it is left
 * alone. It moves a file by link and unlink, so its death can leave one message under two names.
 */
import { lstatSync, readFileSync, type Stats } from 'node:fs'
import { folderPath, type Folder } from './layout.ts'
import { unlinkIfThere } from './runner-record.ts'

/** How old a claim must be to be a dead one, in milliseconds. */
const CLAIM_AGE = 30 * 60_000

/** Linux lists flocks by device and inode; a lock by any process means the claim is in use. */
function isFlocked(inode: number): boolean {
  try {
    return readFileSync('/proc/locks', 'utf8').includes(`:${inode} `)
  } catch {
    return false
  }
}

function look(queueDir: string, folder: Folder, name: string): Stats | undefined {
  return lstatSync(folderPath(queueDir, folder, name), { throwIfNoEntry: false })
}

/**
 * Whether nobody works on a claim of mailqueue-runner any more.
 *
 * @param name the file in cur/
 * @param now milliseconds since the epoch
 */
export function foreignClaimIsDead(queueDir: string, name: string, now: number): boolean {
  const stats = look(queueDir, 'cur', name)
  if (stats === undefined) return false
  return now - Math.max(stats.mtimeMs, stats.ctimeMs) > CLAIM_AGE && !isFlocked(stats.ino)
}

/**
 * Takes the name in cur/ away from a message that is in new/ as well, when nobody works on it: it would be
 * delivered twice.
 *
 * @returns true when there was a second name
 */
export function dropSecondName(queueDir: string, name: string): boolean {
  const claimed = look(queueDir, 'cur', name)
  if (claimed === undefined || claimed.nlink < 2 || isFlocked(claimed.ino)) return false
  const waiting = look(queueDir, 'new', name)
  if (waiting?.ino !== claimed.ino || waiting.dev !== claimed.dev) return false
  unlinkIfThere(folderPath(queueDir, 'cur', name))
  return true
}
