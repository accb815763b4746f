/**
 * Runner leases: one per process that claims messages, never one per message. A lease is a file in runners/
 * that says who the process is, and a lock beside it whose time of change is the heartbeat (works on NFS).
 *
 * The file is also the flight log: one short line per claim whose message has been handed over completely,
 * written directly before its last byte. After a crash it tells which claims are in doubt and which were never
 * sent. It is not synced: after a power cut every claim of the runner counts as in doubt.
 */
import { closeSync, renameSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { lock } from 'proper-lockfile'
import { queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { createExclusive, writeAll } from '../util/durable-file.ts'
import { randomOctets } from '../util/random.ts'
import { thisProcess } from './host.ts'
import {
  LEASE_STALE,
  noteEnded,
  runnerFile,
  runnerLock,
  unlinkIfThere,
  type RunnerInfo,
  type RunnerRole,
} from './runner-record.ts'

const HEARTBEAT = 10_000
const FLIGHT_LOG_LIMIT = 1024 * 1024

interface FlightLog {
  readonly mark: Lease['markFlight']
  readonly close: () => void
}

function createFlightLog(path: string, head: string): FlightLog {
  let fd = createExclusive(path)
  try {
    writeAll(fd, Buffer.from(head))
  } catch (error) {
    closeSync(fd)
    unlinkIfThere(path)
    throw error
  }
  let written = head.length
  // A line that was cut short by a full disk must not swallow the next one.
  let torn = false
  const startOver = (claims: Iterable<string>): void => {
    const text = head + [...claims].map((claim) => `${claim}\n`).join('')
    unlinkIfThere(`${path}.new`)
    const next = createExclusive(`${path}.new`)
    try {
      writeAll(next, Buffer.from(text))
      renameSync(`${path}.new`, path)
    } catch (error) {
      closeSync(next)
      throw error
    }
    closeSync(fd)
    fd = next
    torn = false
    written = text.length
  }
  let open = true
  const mark = (claim: string, inFlight: Iterable<string>): void => {
    // Its descriptor may belong to somebody else by now.
    if (!open)
      throw new MailError('QUEUE_BUSY', 'this runner has ended; open another one to deliver messages')
    try {
      if (written > FLIGHT_LOG_LIMIT) startOver(inFlight)
      const line = torn ? `\n${claim}\n` : `${claim}\n`
      torn = true
      writeAll(fd, Buffer.from(line))
      torn = false
      written += line.length
    } catch (error) {
      throw queueError(error, 'cannot write the flight log', path)
    }
  }
  const close = (): void => {
    if (!open) return
    open = false
    closeSync(fd)
  }
  return { mark, close }
}

/** The lease of this process. */
export interface Lease {
  readonly runner: string
  readonly info: RunnerInfo
  /** True once the lease may have been taken for dead: stop claiming. */
  readonly lost: boolean
  /** Notes that a claim's message is about to be handed over completely. Throws when it cannot be noted. */
  readonly markFlight: (claim: string, inFlight: Iterable<string>) => void
  /** Gives the lease up; never fails. With `keepLog` the flight log stays for whoever recovers what is left in cur/. */
  release(keepLog: boolean): Promise<void>
}

/** A lease that cannot say whose it is must not go on beating. */
async function logOrUnlock(path: string, head: string, unlock: () => Promise<void>): Promise<FlightLog> {
  try {
    return createFlightLog(path, head)
  } catch (error) {
    await unlock().catch(() => undefined)
    throw error
  }
}

/**
 * Takes a lease for this process.
 *
 * @param now milliseconds since the epoch
 * @throws MailError QUEUE_* when the runners/ folder cannot be written
 */
export async function acquireLease(queueDir: string, role: RunnerRole, now: () => number): Promise<Lease> {
  const runner = `p${process.pid}r${randomOctets(4).toString('hex')}`
  const path = runnerFile(queueDir, runner)
  let lost = false
  try {
    // The lock comes first: a file without a lock is what a dead runner leaves.
    const unlock = await lock(path, {
      realpath: false,
      lockfilePath: runnerLock(queueDir, runner),
      stale: LEASE_STALE,
      update: HEARTBEAT,
      retries: 0,
      onCompromised: () => {
        lost = true
      },
    })
    // Not before: a lock may take its time, and of two runners the older one is that which could be seen first.
    const info: RunnerInfo = { ...thisProcess(), role, since: now() }
    const log = await logOrUnlock(path, `${JSON.stringify(info)}\n`, unlock)
    return {
      runner,
      info,
      get lost() {
        return lost
      },
      markFlight: log.mark,
      release: async (keepLog) => {
        let isRemoved = !keepLog
        try {
          log.close()
          if (!keepLog) unlinkSync(path)
        } catch {
          // Without a lock the file is that of a dead runner: the next run removes it.
          isRemoved = false
        }
        await unlock().catch(() => (isRemoved = false))
        if (!isRemoved) noteEnded(runner)
      },
    }
  } catch (error) {
    // Not the name, which is another one each time: whoever tries again says what is wrong once.
    throw queueError(error, 'cannot take a runner lease in', dirname(path))
  }
}
