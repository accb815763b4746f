/**
 * The names in notes/, for whoever looks again and again. As long as the folder has not changed, they are those that
 * were read before. A folder that changed just now is read anew each time: the next change could have the same time.
 * What was read is believed for a second at most, whatever the clock of a file server says.
 */
import { readdirSync, statSync } from 'node:fs'
import { folderPath } from '../layout.ts'

/** How far the times of changes may be apart without being different, in milliseconds, with much to spare. */
const COARSE = 2000
/** For how long names are believed, in milliseconds. */
const BELIEVED = 1000

interface Listing {
  readonly names: readonly string[]
  /** The folder's inode and time of change. */
  readonly state: string
  readonly readAt: number
}

const listings = new Map<string, Listing>()

/**
 * What lies in notes/.
 *
 * @param now milliseconds since the epoch
 * @throws the system's error when the folder cannot be read
 */
export function noteNames(queueDir: string, now = Date.now()): readonly string[] {
  const path = folderPath(queueDir, 'notes')
  const { ino, ctimeMs } = statSync(path)
  const state = `${ino} ${ctimeMs}`
  const known = listings.get(queueDir)
  const age = known === undefined ? BELIEVED : now - known.readAt
  if (known?.state === state && age >= 0 && age < BELIEVED) return known.names
  const names = readdirSync(path)
  if (now - ctimeMs > COARSE) listings.set(queueDir, { names, state, readAt: now })
  else listings.delete(queueDir)
  return names
}
