/**
 * Batches that are suspended, or all sending: kept in a ledger of the queue, so that two administrators do not undo
 * each other and a power cut does not let a campaign out. A message of a suspended batch is queued instead of sent,
 * and a run that meets one puts it into hold/, where it stays until the batch is active again. A run that is at work
 * notices within 20 milliseconds.
 *
 *     s NAME   suspended        a NAME   active again
 *     S        all sending      A        all is active again
 */
import { MailError } from '../errors/mail-error.ts'
import type { LedgerLine, QueuedMessage, QueueStore } from '../queue/store.ts'
import { elapsed } from '../util/clock.ts'
import { randomOctets } from '../util/random.ts'

/** What is suspended. */
export interface Suspended {
  readonly all: boolean
  readonly batches: ReadonlySet<string>
}

const LEDGER = 'suspended'

function readLines(lines: readonly LedgerLine[]): Suspended {
  let all = false
  const batches = new Set<string>()
  for (const line of lines) {
    const [, word, name] = /^([sSaA])(?: (\S+))?(?: #.*)?$/.exec(line ?? '') ?? []
    if (word === 'S') all = true
    else if (word === 'A') {
      all = false
      batches.clear()
    } else if (word === 's' && name !== undefined) batches.add(decodeURIComponent(name))
    else if (word === 'a' && name !== undefined) batches.delete(decodeURIComponent(name))
  }
  return { all, batches }
}

function condense(lines: readonly LedgerLine[]): readonly string[] {
  const { all, batches } = readLines(lines)
  return [...(all ? ['S'] : []), ...[...batches].map((name) => `s ${encodeURIComponent(name)}`)]
}

/** What is suspended in a queue. */
export async function readSuspended(queue: QueueStore): Promise<Suspended> {
  return readLines(await queue.readLedger(LEDGER))
}

/** For so long whoever sends one message after the other believes that nothing is suspended, in milliseconds. */
const BELIEVED = 20
/** When it was seen last that nothing is suspended, in milliseconds of this process. */
const free = new WeakMap<QueueStore, number>()

/** True when nothing was suspended a moment ago, so that nobody has to look again. */
export function wasFree(queue: QueueStore): boolean {
  return elapsed() - (free.get(queue) ?? -BELIEVED) < BELIEVED
}

/** Why a message is not sent although it is due; undefined when it may be. */
export async function suspensionOf(
  queue: QueueStore,
  batch: string | undefined,
): Promise<'all' | 'batch' | undefined> {
  const now = elapsed()
  const { all, batches } = await readSuspended(queue)
  if (all) return 'all'
  if (batches.size === 0) free.set(queue, now)
  return batch !== undefined && batches.has(batch) ? 'batch' : undefined
}

/** Why a message of a suspended batch is held; by this it is known when the batch is active again. */
export const heldBecause = (batch: string): string => `the batch ${batch} is suspended`

/** A message as it is shown: one that waits says that it is suspended, also before a run has met it. */
export function shownSuspended(message: QueuedMessage, { all, batches }: Suspended): QueuedMessage {
  const { place, batch } = message
  if (place !== 'new') return message
  if (all) return { ...message, held: 'all sending is suspended' }
  return batch !== undefined && batches.has(batch) ? { ...message, held: heldBecause(batch) } : message
}

async function write(queue: QueueStore, line: string): Promise<void> {
  const ledger = await queue.openLedger(LEDGER, condense)
  try {
    // No two lines are the same.
    ledger.exchange(`${line} #${randomOctets(8).toString('hex')}`)
    free.delete(queue)
    await ledger.sync()
  } finally {
    ledger.close()
  }
}

/**
 * Suspends a batch, or all sending. It holds once the promise is fulfilled.
 *
 * @param batch the exact name; all sending when left out
 * @throws MailError QUEUE_* when it cannot be stored
 */
export async function suspend(queue: QueueStore, batch?: string): Promise<void> {
  await write(queue, batch === undefined ? 'S' : `s ${encodeURIComponent(batch)}`)
}

/**
 * Makes a batch active again, or everything. What is held already is not released by that.
 *
 * @param batch the exact name; everything that was suspended when left out
 * @throws MailError USAGE for a batch while all sending is suspended, QUEUE_* when it cannot be stored
 */
export async function activate(queue: QueueStore, batch?: string): Promise<void> {
  if (batch !== undefined && (await readSuspended(queue)).all) {
    throw new MailError('USAGE', 'all sending is suspended, and so is this batch; activate ALL first')
  }
  await write(queue, batch === undefined ? 'A' : `a ${encodeURIComponent(batch)}`)
}
