/**
 * What becomes due, and when: the soonest of the queue by their names alone, in bounded memory. Whatever does not fit is
 * found by a look at the queue when its time has come. A message that went away meanwhile costs one failed claim.
 */
import type { QueueEntry, QueueStore } from '../../queue/store.ts'
import type { Clock } from '../../util/clock.ts'
import { EntryList } from './entry-list.ts'
import { dueTime, type RetryPolicy } from '../schedule.ts'

/** Times that are kept. */
const KEPT = 10_000

interface Appointment {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly entry?: QueueEntry
}

/** Who takes a message that is due; the time at which it is to be offered again when it is not taken. */
export type Offer = (entry: QueueEntry) => number | undefined

function bySoonest(a: Appointment, b: Appointment): number {
  const order = a.at - b.at
  const [one = '', other = ''] = [a.entry?.key, b.entry?.key]
  if (order !== 0 || one === other) return order
  return one < other ? -1 : 1
}

/** What an agenda works with. */
export interface AgendaParts {
  readonly store: QueueStore
  readonly policy: RetryPolicy
  readonly clock: Clock
  readonly offer: Offer
  /** How many times are kept; for tests. */
  readonly kept?: number
}

/** The agenda of one queue. */
export class Agenda {
  readonly #parts: AgendaParts
  readonly #times: EntryList<Appointment>

  constructor(parts: AgendaParts) {
    this.#parts = parts
    this.#times = new EntryList(bySoonest, parts.kept ?? KEPT)
  }

  /** When the next message becomes due, milliseconds since the epoch; undefined when none waits. */
  get next(): number | undefined {
    return (this.#times.first ?? this.#times.left)?.at
  }

  /** True when messages are due that only a look at the queue finds. */
  get isHidden(): boolean {
    const { first, left } = this.#times
    return first === undefined && left !== undefined && left.at <= this.#parts.clock.now()
  }

  /** Takes up a message: it is offered now, or when it is due. */
  note(entry: QueueEntry): void {
    const now = this.#parts.clock.now()
    const at = dueTime(this.#parts.policy, now)(entry)
    if (at <= now) this.#offer(entry)
    else this.#times.add({ at, entry })
  }

  /** Takes up a message that is due and to be offered again at that time, milliseconds since the epoch. */
  postpone(entry: QueueEntry, at: number): void {
    this.#times.add({ at, entry })
  }

  /** Offers what has become due. */
  offerDue(): void {
    const now = this.#parts.clock.now()
    for (let { first } = this.#times; first !== undefined && first.at <= now; first = this.#times.first) {
      this.#times.shift()
      if (first.entry !== undefined) this.#offer(first.entry)
    }
  }

  /**
   * Looks at all names of the queue: offers what is due, and keeps the times of the rest.
   *
   * @throws MailError QUEUE_* when the queue cannot be read
   */
  async scan(signal: AbortSignal): Promise<void> {
    const { store, policy, clock } = this.#parts
    this.#times.startOver()
    const now = clock.now()
    const timeOf = dueTime(policy, now)
    const wants = (glance: Parameters<typeof timeOf>[0]): boolean => {
      const at = timeOf(glance)
      return at <= now || this.#times.accepts({ at })
    }
    for await (const entry of store.list(['new'], wants)) {
      if (signal.aborted) return
      this.note(entry)
    }
  }

  #offer(entry: QueueEntry): void {
    const again = this.#parts.offer(entry)
    if (again !== undefined) this.#times.add({ at: again, entry })
  }
}
