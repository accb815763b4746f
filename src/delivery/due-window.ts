/**
 * Chooses what a run delivers next, from names alone, in bounded memory: the best entries of the whole queue,
 * a window at a time. Most urgent priority first, then the longest due. Each waiting message comes up once in
 * a run, however large the queue is.
 */
import type { Glance } from '../queue/entry-name.ts'
import type { QueueEntry, QueueStore, Wants } from '../queue/store.ts'
import type { Clock } from '../util/clock.ts'
import { dueTest, type RetryPolicy } from './schedule.ts'

/** How many entries a window holds: a few megabytes, against one scan of the folder for each window. */
const WINDOW = 20_000
/** How many entries more than a window holds are collected before they are sorted and the last ones are dropped. */
const SPARE = 10_000

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
  /**
   * Asked about what is due, in the order in which it is found, until it says `go`; `stop` ends everything. A queue that
   * cannot be sent need not be sorted.
   */
  readonly begins?: (entry: QueueEntry) => Promise<'go' | 'ask' | 'stop'>
  /** Entries of a window; for tests. */
  readonly size?: number
}

type Order<T> = (a: T, b: T) => number

/**
 * What comes first, as far as a glance at the names tells. Where the schedule is ignored, the order is by the time of
 * queueing, which stays the same when an attempt of this run reschedules a message: none comes up twice.
 */
const glanceOrder = (all: boolean): Order<Glance> =>
  all
    ? (a, b) => a.priority - b.priority || a.queuedAt - b.queuedAt
    : (a, b) => a.priority - b.priority || a.nextAttempt - b.nextAttempt

const entryOrder = (all: boolean): Order<QueueEntry> => {
  const atAGlance = glanceOrder(all)
  return all
    ? (a, b) => atAGlance(a, b) || (a.id < b.id ? -1 : 1)
    : (a, b) => atAGlance(a, b) || (a.key < b.key ? -1 : 1)
}

/** Keeps the first `size` entries of an order, and not many more at any time. */
class Best {
  readonly #order: Order<QueueEntry>
  readonly #size: number
  #kept: QueueEntry[] = []
  /** The last entry of a full window; undefined as long as there is room for all. */
  #last: QueueEntry | undefined

  constructor(order: Order<QueueEntry>, size: number) {
    this.#order = order
    this.#size = size
  }

  /** What comes behind it is too late for this window. */
  get last(): QueueEntry | undefined {
    return this.#last
  }

  offer(entry: QueueEntry): void {
    this.#kept.push(entry)
    if (this.#kept.length >= this.#size + SPARE) this.#prune()
  }

  take(): QueueEntry[] {
    this.#prune()
    return this.#kept
  }

  #prune(): void {
    this.#kept.sort(this.#order)
    this.#kept = this.#kept.slice(0, this.#size)
    if (this.#kept.length === this.#size) this.#last = this.#kept.at(-1)
  }
}

/** What may belong to the window, by a glance at its name. */
function wanted(selection: Selection, best: Best, after: QueueEntry | undefined): Wants {
  const { all, cutoff, policy, clock } = selection
  const due = dueTest(policy, { cutoff, all, now: clock.now() })
  const order = glanceOrder(all)
  return (glance) => {
    if (!due(glance) || (after !== undefined && order(after, glance) > 0)) return false
    return best.last === undefined || order(glance, best.last) <= 0
  }
}

/**
 * Yields windows of entries to deliver until nothing is left. The next window is chosen only after the previous
 * one has been dealt with.
 */
export async function* dueWindows(store: QueueStore, selection: Selection): AsyncGenerator<QueueEntry[]> {
  const size = selection.size ?? WINDOW
  const order = entryOrder(selection.all)
  let { begins } = selection
  let after: QueueEntry | undefined
  for (;;) {
    const best = new Best(order, size)
    for await (const entry of store.list(['new'], wanted(selection, best, after))) {
      // What came up and still waits, because nobody wanted it or it could not be read, does not come up again.
      if (after !== undefined && order(after, entry) >= 0) continue
      if (begins !== undefined) {
        const answer = await begins(entry)
        if (answer === 'stop') return
        if (answer === 'go') begins = undefined
      }
      if (selection.skips?.(entry) !== true) best.offer(entry)
    }
    // `begins` never said `go`: nothing that is due is among the messages that the run is about.
    if (begins !== undefined) return
    const window = best.take()
    if (window.length === 0) return
    yield window
    if (window.length < size) return
    after = window.at(-1)
  }
}
