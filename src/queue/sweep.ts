/**
 * Removing what crashes left behind and nobody will miss: files in tmp/ that nobody writes any more, and
 * journals whose message is gone. Both go by age only, so nothing that is in use is ever touched.
 */
import { statSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { parseName, queuedSeconds } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import { scanNames } from './scan.ts'

/** The Maildir rule: what is being written is never older, in milliseconds. */
const LEFTOVER_AGE = 36 * 3600_000
const JOURNAL = '.log'
/** A message moves between the first two; whoever is missed in one place is met in the other. */
const PLACES: readonly Folder[] = ['new', 'cur', 'new', 'hold', 'failed', 'corrupt']

function isOld(path: string, now: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && now - Math.max(stats.mtimeMs, stats.ctimeMs) >= LEFTOVER_AGE
}

function removeIfOld(path: string, now: number): void {
  try {
    // Whoever takes a file up again makes it young.
    if (isOld(path, now)) unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot sweep', path)
  }
}

/**
 * The files that crashed writers left in tmp/. Nothing is changed.
 *
 * @param now milliseconds since the epoch
 * @yields absolute paths
 */
export async function* tmpLeftovers(queueDir: string, now: number): AsyncGenerator<string> {
  for await (const { name } of scanNames(queueDir, 'tmp')) {
    const path = folderPath(queueDir, 'tmp', name)
    if (isOld(path, now)) yield path
  }
}

/**
 * Removes what crashed writers left in tmp/.
 *
 * @param now milliseconds since the epoch
 */
export async function sweepTmp(queueDir: string, now: number): Promise<void> {
  for await (const path of tmpLeftovers(queueDir, now)) removeIfOld(path, now)
}

/** The unique names of journals that have not changed for long. */
async function oldJournals(queueDir: string, now: number): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { name } of scanNames(queueDir, 'state')) {
    if (!name.endsWith(JOURNAL)) continue
    const unique = name.slice(0, -JOURNAL.length)
    // The name alone tells for most, without a look at the file.
    if (now - queuedSeconds(unique) * 1000 < LEFTOVER_AGE) continue
    if (isOld(folderPath(queueDir, 'state', name), now)) found.add(unique)
  }
  return found
}

/**
 * The journals of messages that are in no place any more. Nothing is changed.
 *
 * @param now milliseconds since the epoch
 * @returns absolute paths
 */
export async function orphanJournals(queueDir: string, now: number): Promise<string[]> {
  const orphans = await oldJournals(queueDir, now)
  for (const place of PLACES) {
    if (orphans.size === 0) return []
    for await (const { name } of scanNames(queueDir, place)) orphans.delete(parseName(name).unique)
  }
  return [...orphans].map((unique) => folderPath(queueDir, 'state', `${unique}${JOURNAL}`))
}

/**
 * Removes the journals of messages that are in no place any more. Only to be called while no other runner is
 * at work.
 *
 * @param now milliseconds since the epoch
 */
export async function sweepJournals(queueDir: string, now: number): Promise<void> {
  for (const path of await orphanJournals(queueDir, now)) removeIfOld(path, now)
}
