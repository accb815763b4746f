/**
 * The runner and the claim of the queue in memory.
 */
import { bufferContent, type MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import type { Clock } from '../util/clock.ts'
import { attemptEvents, type TimedEvent } from './journal.ts'
import { isUnfinished, messageState } from './recipient-state.ts'
import type { RunnerRole } from './runner-record.ts'
import type {
  Claim,
  ClaimResult,
  Disposition,
  Place,
  QueueEntry,
  QueuedMessage,
  Recovered,
  Runner,
  Settled,
} from './store.ts'

/** A message and everything known about it. */
export interface StoredMessage {
  readonly id: string
  readonly queuedAt: number
  readonly priority: number
  readonly envelope: Envelope
  readonly bytes: Buffer
  readonly events: TimedEvent[]
  place: Place
  nextAttempt: number
  /** Who claimed it. */
  owner: MemoryRunner | undefined
  /** It may have been handed over since it was claimed. */
  flown: boolean
}

/** The entry of a message in a listing. */
export function toEntry({ id, place, queuedAt, nextAttempt, priority }: StoredMessage): QueueEntry {
  return { id, place, queuedAt, nextAttempt, priority, key: id }
}

/** A message with everything but its bytes. */
export function toMessage(stored: StoredMessage): QueuedMessage {
  const { envelope, queuedAt, bytes, events } = stored
  const meta = { envelope, queuedAt, earlierAttempts: 0, lastAttempt: undefined }
  return { ...toEntry(stored), ...messageState(meta, events), envelope, size: bytes.length }
}

const unfinishedOf = (stored: StoredMessage): string[] =>
  toMessage(stored)
    .recipients.filter(isUnfinished)
    .map(({ recipient }) => recipient)

const doubt = (recipients: readonly string[], time: number): TimedEvent[] => [
  { event: 'attempt', runner: 'memory', counts: true, time },
  { event: 'in-doubt', recipients, why: 'the runner ended before the outcome was stored', time },
]

class MemoryClaim implements Claim {
  readonly message: QueuedMessage
  readonly content: MessageContent
  readonly pending: readonly string[]
  readonly #stored: StoredMessage
  readonly #messages: Map<string, StoredMessage>
  readonly #clock: Clock
  #counted = false

  constructor(stored: StoredMessage, messages: Map<string, StoredMessage>, clock: Clock) {
    this.message = toMessage(stored)
    this.content = bufferContent(stored.bytes)
    this.pending = unfinishedOf(stored)
    this.#stored = stored
    this.#messages = messages
    this.#clock = clock
  }

  markFlight(): void {
    this.#stored.flown = true
  }

  async record(outcomes: readonly RecipientOutcome[]): Promise<void> {
    const events = attemptEvents(outcomes, 'memory', this.#clock.now(), this.#counted)
    this.#counted ||= events.some((event) => event.event === 'attempt' && event.counts)
    this.#stored.events.push(...events)
    const { recipients } = toMessage(this.#stored)
    if (recipients.every(({ status }) => status === 'delivered')) this.#messages.delete(this.#stored.id)
  }

  async finish(unfinished: Disposition): Promise<Settled> {
    if (!this.#messages.has(this.#stored.id)) return 'done'
    if (unfinished.action === 'discard') {
      this.#messages.delete(this.#stored.id)
      return 'discarded'
    }
    const left = unfinishedOf(this.#stored)
    const time = this.#clock.now()
    if (left.length === 0) return this.#put('failed', 'failed')
    if (unfinished.action === 'expire') {
      this.#stored.events.push({ event: 'expire', recipients: left, why: unfinished.why, time })
      return this.#put('failed', 'failed')
    }
    if (unfinished.action === 'hold') {
      this.#stored.events.push({ event: 'hold', by: 'plug-in', why: unfinished.why, time })
      return this.#put('hold', 'held')
    }
    this.#stored.nextAttempt = unfinished.at
    return this.#put('new', 'waiting')
  }

  async release(): Promise<void> {
    this.#put('new', 'waiting')
  }

  abandon(): void {
    // It stays claimed until its runner is closed.
  }

  #put(place: Place, settled: Settled): Settled {
    this.#stored.place = place
    this.#stored.owner = undefined
    return settled
  }
}

/** The in-memory implementation of {@link Runner}. */
export class MemoryRunner implements Runner {
  readonly id = 'memory'
  readonly lost = false
  readonly #role: RunnerRole
  readonly #messages: Map<string, StoredMessage>
  /** All open runners of the queue, the oldest first. */
  readonly #runners: Set<MemoryRunner>
  readonly #clock: Clock

  constructor(
    role: RunnerRole,
    messages: Map<string, StoredMessage>,
    runners: Set<MemoryRunner>,
    clock: Clock,
  ) {
    this.#role = role
    this.#messages = messages
    this.#runners = runners
    this.#clock = clock
  }

  async othersAtWork(): Promise<boolean> {
    return [...this.#runners].find((runner) => runner.#role === 'run' || runner === this) !== this
  }

  async recover(inDoubtUntil: number): Promise<readonly Recovered[]> {
    const recovered: Recovered[] = []
    for (const stored of this.#messages.values()) {
      if (stored.owner === undefined || this.#runners.has(stored.owner)) continue
      const left = unfinishedOf(stored)
      const inDoubt = stored.flown && left.length > 0
      if (inDoubt) {
        stored.events.push(...doubt(left, this.#clock.now()))
        stored.nextAttempt = inDoubtUntil
      }
      recovered.push({ id: stored.id, inDoubt })
      stored.owner = undefined
      stored.place = left.length > 0 ? 'new' : 'failed'
    }
    return recovered
  }

  async claim(entry: QueueEntry): Promise<ClaimResult> {
    const stored = this.#messages.get(entry.id)
    return stored?.place === 'new' ? { kind: 'claimed', claim: this.take(stored) } : { kind: 'gone' }
  }

  /** Claims a message that nobody has. */
  take(stored: StoredMessage): Claim {
    stored.place = 'cur'
    stored.owner = this
    stored.flown = false
    return new MemoryClaim(stored, this.#messages, this.#clock)
  }

  async flush(): Promise<void> {
    // Nothing here is on a disk.
  }

  async close(): Promise<void> {
    this.#runners.delete(this)
  }
}
