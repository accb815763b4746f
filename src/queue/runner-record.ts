/**
 * What the file of a runner says, read by other processes: who it is, whether it lives, and which of its claims
 * were handed over. Looking changes nothing; only a runner that is known to be dead is ever removed.
 *
 * The first line of the file is the {@link RunnerInfo}; each further line is the claim of a message that was
 * about to be handed over completely. See docs/queue.md.
 */
import { closeSync, fstatSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { openForReading } from '../util/durable-file.ts'
import { liveness, type ProcessIdentity } from './host.ts'
import { folderPath } from './layout.ts'

/**
 * Why a process works on the queue. Of `run`, of `intake` (taking over dropped mail) and of `outbox` (telling the
 * application), one at a time is enough.
 */
export type RunnerRole = 'run' | 'submit' | 'admin' | 'intake' | 'outbox'

/** Without a heartbeat for this long, in milliseconds, a runner of another host is given up. */
export const LEASE_STALE = 60_000

/** What the first line of a runner's file says. */
export interface RunnerInfo extends ProcessIdentity {
  readonly role: RunnerRole
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** The path of a runner's file. */
export const runnerFile = (queueDir: string, runner: string): string =>
  folderPath(queueDir, 'runners', runner)

/** The path of the lock beside it, whose time of change is the heartbeat. */
export const runnerLock = (queueDir: string, runner: string): string => `${runnerFile(queueDir, runner)}.lock`

/** Whether a name in runners/ is a runner's file and not something beside it. */
export const isRunnerFile = (name: string): boolean => /^p\d+r[0-9a-f]{8}$/.test(name)

/** Removes a file; one that is not there is fine. */
export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    // A directory that somebody put here is none of ours.
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EISDIR') throw error
  }
}

/**
 * Runners of this process that have given up their lease, and perhaps could not remove it: the queue was away, or not to
 * be written. Their process lives on, so nothing that others can see tells that they are dead.
 */
const ended = new Set<string>()

/** From now on this process knows that a runner of its own is dead. */
export function noteEnded(runner: string): void {
  ended.add(runner)
}

/** What is known of a runner by its file. */
export interface RunnerRecord {
  readonly info: RunnerInfo | undefined
  readonly alive: boolean
  /** Its heartbeat is fresh: it is not stopped, nor is it hanging. */
  readonly beating: boolean
  /** Dead for certain, and not only silent for too long. */
  readonly gone: boolean
  /** Claims whose message went out completely; undefined when that cannot be known. */
  readonly flown: ReadonlySet<string> | undefined
}

/** Milliseconds since the last heartbeat; undefined when the lease was given up. */
function silence(queueDir: string, runner: string, now: number): number | undefined {
  const stats = statSync(runnerLock(queueDir, runner), { throwIfNoEntry: false })
  return stats === undefined ? undefined : now - stats.mtimeMs
}

function parseInfo(line: string): RunnerInfo | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'pid' in value && 'boot' in value
      ? (value as RunnerInfo)
      : undefined
  } catch {
    return undefined
  }
}

/** The text of a runner's file: undefined when it is gone, empty when it is not for us to read. */
function readRecord(path: string): string | undefined {
  let fd: number | undefined
  try {
    // Never waiting for the other end of a FIFO that somebody put there.
    fd = openForReading(path)
    return fstatSync(fd).isFile() ? readFileSync(fd, 'utf8') : ''
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return undefined
    if (errno === 'EACCES' || errno === 'ELOOP' || errno === 'ENXIO') return ''
    throw queueError(error, 'cannot read', path)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/**
 * Looks at a runner without changing anything. A runner whose file is gone is not alive, nor is one that has
 * given up its lease, though its process may live on.
 *
 * @throws MailError QUEUE_* when the file cannot be read
 */
export function inspectRunner(
  queueDir: string,
  runner: string,
  self: ProcessIdentity,
  now: number,
): RunnerRecord {
  const text = readRecord(runnerFile(queueDir, runner))
  if (text === undefined) {
    return { info: undefined, alive: false, beating: false, gone: true, flown: undefined }
  }
  const [head = '', ...claims] = text.split('\n')
  const info = parseInfo(head)
  const seen = info === undefined ? 'unknown' : liveness(info, self)
  const silent = silence(queueDir, runner, now)
  const over = silent === undefined || ended.has(runner)
  const alive = !over && (seen === 'alive' || (seen === 'unknown' && silent < LEASE_STALE))
  const gone = over || seen === 'gone'
  // After a reboot the unsynced flight log proves nothing.
  const trusted = info !== undefined && info.boot === self.boot
  const flown = trusted ? new Set(claims.filter((claim) => claim !== '')) : undefined
  return { info, alive, beating: !over && silent < LEASE_STALE, gone, flown }
}

/** Removes what a dead runner left in runners/. */
export function forgetRunner(queueDir: string, runner: string): void {
  const path = runnerFile(queueDir, runner)
  unlinkIfThere(path)
  unlinkIfThere(`${path}.new`)
  rmSync(runnerLock(queueDir, runner), { recursive: true, force: true })
}
