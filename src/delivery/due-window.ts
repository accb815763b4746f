/**
 * Chooses what a run delivers next, from names alone, in bounded memory: the best entries of the whole queue,
 * a window at a time. Most urgent priority first, then the longest due. Each waiting message comes up once in
 * a run, however large the queue is.
 */
import type { QueueEntry, QueueStore } from '../queue/store.ts'
import type { Clock } from '../util/clock.ts'
import { isDue, type RetryPolicy } from './schedule.ts'

/** How many entries a window holds: a few megabytes, against one scan of the folder for each window. */
const WINDOW = 10_000

/** What a run is about. */
export interface Selection {
  /** Milliseconds since the epoch: what becomes due later, or is rescheduled by this run, is left for the next. */
  readonly cutoff: number
  /** Ignores the schedule: everything waiting is due, but for what must not be sent yet. */
  readonly all: boolean
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** Entries that are passed over, as far as it is known when they come up. */
  readonly skips?: (entry: QueueEntry) => boolean
  /** Entries of a window; for tests. */
  readonly size?: number
}

type Order = (a: QueueEntry, b: QueueEntry) => number

const byUrgency: Order = (a, b) =>
  a.priority - b.priority || a.nextAttempt - b.nextAttempt || (a.key < b.key ? -1 : 1)
/** With the schedule ignored, these do not change when a message is rescheduled. */
const byAge: Order = (a, b) => a.priority - b.priority || a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1)

/** Keeps the first `size` entries of an order without holding more than twice as many. */
function bestOf(order: Order, size: number): { offer(entry: QueueEntry): void; take(): QueueEntry[] } {
  let kept: QueueEntry[] = []
  const prune = (): void => {
    kept.sort(order)
    kept = kept.slice(0, size)
  }
  return {
    offer: (entry) => {
      kept.push(entry)
      if (kept.length >= size * 2) prune()
    },
    take: () => {
      prune()
      return kept
    },
  }
}

/**
 * Yields windows of entries to deliver until nothing is left. The next window is chosen only after the previous
 * one has been dealt with.
 */
export async function* dueWindows(store: QueueStore, selection: Selection): AsyncGenerator<QueueEntry[]> {
  const size = selection.size ?? WINDOW
  const order = selection.all ? byAge : byUrgency
  let last: QueueEntry | undefined
  for (;;) {
    const best = bestOf(order, size)
    for await (const entry of store.list(['new'])) {
      // What came up and still waits, because nobody wanted it or it could not be read, does not come up again.
      if (last !== undefined && order(last, entry) >= 0) continue
      if (selection.skips?.(entry) === true) continue
      const { cutoff, all, clock } = selection
      if (isDue(selection.policy, entry, { cutoff, all, now: clock.now() })) best.offer(entry)
    }
    const window = best.take()
    if (window.length === 0) return
    yield window
    if (window.length < size) return
    last = window.at(-1)
  }
}
