/**
 * Runner leases: one per process that claims messages, never one per message. A lease is a file in runners/
 * that says who the process is, and a lock beside it whose time of change is the heartbeat (works on NFS).
 *
 * The file is also the flight log: one short line per claim whose message has been handed over completely,
 * written directly before its last byte. After a crash it tells which claims are in doubt and which were never
 * sent. It is not synced: after a power cut every claim of the runner counts as in doubt.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, renameSync } from 'node:fs'
import { lock } from 'proper-lockfile'
import { queueError } from '../errors/errno.ts'
import { createExclusive, writeAll } from '../util/durable-file.ts'
import { thisProcess } from './host.ts'
import {
  LEASE_STALE,
  runnerFile,
  runnerLock,
  unlinkIfThere,
  type RunnerInfo,
  type RunnerRole,
} from './runner-record.ts'

const HEARTBEAT = 10_000
const FLIGHT_LOG_LIMIT = 1024 * 1024

/** The lease of this process. */
export interface Lease {
  readonly runner: string
  readonly info: RunnerInfo
  /** True once the lease may have been taken for dead: stop claiming. */
  readonly lost: boolean
  /** Notes that a claim's message is about to be handed over completely. Throws when it cannot be noted. */
  markFlight(claim: string, inFlight: Iterable<string>): void
  /** Gives the lease up. With `keepLog` the flight log stays for whoever recovers what is left in cur/. */
  release(keepLog: boolean): Promise<void>
}

/**
 * Takes a lease for this process.
 *
 * @throws MailError QUEUE_* when the runners/ folder cannot be written
 */
export async function acquireLease(queueDir: string, role: RunnerRole, now: number): Promise<Lease> {
  const runner = `p${process.pid}r${randomBytes(4).toString('hex')}`
  const path = runnerFile(queueDir, runner)
  const info: RunnerInfo = { ...thisProcess(), role, since: now }
  const head = `${JSON.stringify(info)}\n`
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
    let fd = createExclusive(path)
    writeAll(fd, Buffer.from(head))
    let written = head.length
    const startOver = (claims: Iterable<string>): void => {
      const text = head + [...claims].map((claim) => `${claim}\n`).join('')
      const next = createExclusive(`${path}.new`)
      writeAll(next, Buffer.from(text))
      renameSync(`${path}.new`, path)
      closeSync(fd)
      fd = next
      written = text.length
    }
    return {
      runner,
      info,
      get lost() {
        return lost
      },
      markFlight: (claim, inFlight) => {
        try {
          if (written > FLIGHT_LOG_LIMIT) startOver(inFlight)
          written += claim.length + 1
          writeAll(fd, Buffer.from(`${claim}\n`))
        } catch (error) {
          throw queueError(error, 'cannot write the flight log', path)
        }
      },
      release: async (keepLog) => {
        closeSync(fd)
        if (!keepLog) unlinkIfThere(path)
        await unlock().catch(() => undefined)
      },
    }
  } catch (error) {
    throw queueError(error, 'cannot take a runner lease', path)
  }
}
