/**
 * A Maildir queue in a temporary directory with a clock that tests can set, and the remains of runners that
 * died, as such runners leave them.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import type { ProcessIdentity } from '../../../src/queue/host.ts'
import type { Claim, Runner } from '../../../src/queue/store.ts'
import { temporaryQueue } from '../../helpers/queue-dir.ts'
import { claimOnly, messageTo } from './contract.ts'

/** A queue under test. */
export interface TestQueue {
  readonly store: MaildirQueue
  readonly queueDir: string
  /** What time it is for the queue; set `now` to change it. */
  readonly clock: { now: () => number; ahead: number }
}

/** An empty queue that exists. */
export function testQueue(): TestQueue {
  const queueDir = temporaryQueue()
  for (const folder of ['', 'tmp', 'new', 'cur']) mkdirSync(join(queueDir, folder), { recursive: true })
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead }
  return { store: new MaildirQueue(queueDir, clock), queueDir, clock }
}

/** The pid of a process that has ended. */
export function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

const recordOf = (queueDir: string, runner: Pick<Runner, 'id'>): string =>
  join(queueDir, 'runners', runner.id)

/** Makes the file of a runner say that it belongs to another process. */
export function disown(queueDir: string, runner: Runner, changes: Partial<ProcessIdentity>): void {
  const path = recordOf(queueDir, runner)
  const [head = '', ...rest] = readFileSync(path, 'utf8').split('\n')
  const info = JSON.parse(head) as ProcessIdentity
  writeFileSync(path, [JSON.stringify({ ...info, ...changes }), ...rest].join('\n'))
}

/** Sets the last heartbeat of a runner. */
export function heartbeat(queueDir: string, runner: Runner, ms: number): void {
  utimesSync(`${recordOf(queueDir, runner)}.lock`, ms / 1000, ms / 1000)
}

/** Takes a runner's lock away, as one does that gives its lease up. */
export function unlock(queueDir: string, runner: Runner): void {
  rmSync(`${recordOf(queueDir, runner)}.lock`, { recursive: true })
}

/** A runner that holds the one message of the queue. */
export async function claimed(
  queue: TestQueue,
  ...recipients: string[]
): Promise<{ runner: Runner; claim: Claim }> {
  await queue.store.enqueue(messageTo(...recipients))
  const runner = await queue.store.openRunner('run')
  return { runner, claim: await claimOnly(queue.store, runner) }
}

/** Recovers with a new runner. Says for each message whether it is in doubt. */
export async function recover({ store, clock }: TestQueue): Promise<boolean[]> {
  const runner = await store.openRunner('run')
  const recovered = await runner.recover(() => clock.now() + 60_000)
  await runner.close()
  return recovered.map(({ inDoubt }) => inDoubt)
}
