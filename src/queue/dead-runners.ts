/**
 * Clearing runners/ of processes that are gone. A runner's file is its flight log, so it stays until all its
 * claims have been taken back, and that of a process which took dropped mail over until its copies are gone: they
 * are nobody's once it has ended for certain.
 */
import { rmSync, statSync } from 'node:fs'
import { takersLeft } from './drop/taker-name.ts'
import { folderPath } from './layout.ts'
import { forgetRunner, inspectRunner, isRunnerFile, LEASE_STALE, type RunnerInfo } from './runner-record.ts'
import { scanNames } from './scan.ts'

/** Who clears, and when. */
export interface Clearing {
  readonly queueDir: string
  readonly runner: string
  readonly info: RunnerInfo
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A lock whose runner died before it had a file. */
function removeLonelyLock({ queueDir, now }: Clearing, name: string): void {
  const runner = name.replace(/\.lock$/, '')
  const path = folderPath(queueDir, 'runners', name)
  const lock = statSync(path, { throwIfNoEntry: false })
  const file = statSync(folderPath(queueDir, 'runners', runner), { throwIfNoEntry: false })
  if (lock !== undefined && file === undefined && now - lock.mtimeMs >= LEASE_STALE) {
    rmSync(path, { recursive: true, force: true })
  }
}

/**
 * Removes what dead runners left in runners/.
 *
 * @param withClaims runners that still have claims in cur/
 * @returns true when no other runner is left
 */
export async function clearRunners(clearing: Clearing, withClaims: ReadonlySet<string>): Promise<boolean> {
  const { queueDir, runner, info, now } = clearing
  const takers = takersLeft(queueDir)
  let alone = true
  for await (const { name } of scanNames(queueDir, 'runners')) {
    if (name.endsWith('.lock')) removeLonelyLock(clearing, name)
    if (!isRunnerFile(name) || name === runner) continue
    if (withClaims.has(name) || inspectRunner(queueDir, name, info, now).alive) alone = false
    else if (!takers.has(name)) forgetRunner(queueDir, name)
  }
  return alone
}
