/**
 * A message of the queue in memory, and the claim of it.
 */
import type { MessageServer } from '../../config/config.ts'
import { bufferContent, type MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import type { Clock } from '../../util/clock.ts'
import { attemptEvents, isRefusal } from '../journal/attempt-events.ts'
import { ClaimHistory, type Target } from '../journal/claim-history.ts'
import type { TimedEvent } from '../journal/event.ts'
import type { Claim, Disposition, Note, Place, QueuedMessage, QueueEntry, Settled } from '../store.ts'

/** A message and everything known about it. */
export interface StoredMessage {
  readonly id: string
  readonly queuedAt: number
  readonly envelope: Envelope
  readonly expires: number | undefined
  readonly batch: string | undefined
  readonly account: string
  readonly server: MessageServer | undefined
  readonly bytes: Buffer
  /** Failed attempts in another queue. */
  readonly earlierAttempts: number
  readonly lastAttempt: number | undefined
  readonly events: TimedEvent[]
  priority: number
  notBefore: number | undefined
  place: Place
  nextAttempt: number
  /** Who claimed it; whoever is not in the set of open runners is dead. */
  owner: object | undefined
  /** It may have been handed over since it was claimed. */
  flown: boolean
}

/** The entry of a message in a listing. */
export function toEntry(stored: StoredMessage): QueueEntry {
  const { id, place, queuedAt, nextAttempt, priority, notBefore, account, server } = stored
  const ownServer = server !== undefined
  return { id, place, queuedAt, nextAttempt, priority, notBefore, account, ownServer, key: id }
}

/** A message with its history. */
export function historyOf(stored: StoredMessage): ClaimHistory {
  const { envelope, queuedAt, bytes, events, expires, batch, account, server } = stored
  const { earlierAttempts, lastAttempt } = stored
  const meta = {
    envelope,
    queuedAt,
    earlierAttempts,
    lastAttempt,
    expires,
    batch,
    account,
    server,
  }
  return new ClaimHistory(toEntry(stored), { meta, size: bytes.length, modified: queuedAt }, events)
}

const PLACE: Readonly<Record<Exclude<Target, 'done' | 'discarded'>, Settled>> = {
  new: 'waiting',
  hold: 'held',
  failed: 'failed',
}

/** The in-memory implementation of {@link Claim}. */
export class MemoryClaim implements Claim {
  readonly content: MessageContent
  readonly #stored: StoredMessage
  readonly #messages: Map<string, StoredMessage>
  readonly #clock: Clock
  readonly #owner: object
  readonly #origin: Place
  #history: ClaimHistory
  #counted = false

  constructor(
    stored: StoredMessage,
    messages: Map<string, StoredMessage>,
    clock: Clock,
    owner: object,
    origin: Place,
  ) {
    this.content = bufferContent(stored.bytes)
    this.#stored = stored
    this.#messages = messages
    this.#clock = clock
    this.#owner = owner
    this.#origin = origin
    this.#history = historyOf(stored)
  }

  get message(): QueuedMessage {
    return this.#history.message
  }

  get pending(): readonly string[] {
    return this.#history.unfinished
  }

  get lost(): boolean {
    return this.#stored.owner !== this.#owner
  }

  get removed(): boolean {
    return !this.#messages.has(this.#stored.id)
  }

  markFlight(): void {
    if (this.lost)
      throw new Error(`the message ${this.#stored.id} was taken by somebody else; it was not sent`)
    this.#stored.flown = true
  }

  async record(outcomes: readonly RecipientOutcome[], tell = false): Promise<void> {
    const completed = !tell && this.#history.isCompletedBy(outcomes)
    if (this.lost && outcomes.every(isRefusal)) return
    const events = attemptEvents(outcomes, 'memory', this.#clock.now(), { counted: this.#counted, tell })
    this.#counted ||= events.some((event) => event.event === 'attempt' && event.counts)
    this.#add(events)
    if (completed) this.#messages.delete(this.#stored.id)
  }

  async note(...notes: readonly Note[]): Promise<void> {
    const time = this.#clock.now()
    this.#add(notes.map((note): TimedEvent => ({ ...note, time })))
  }

  async finish(unfinished: Disposition, priority = this.#stored.priority): Promise<Settled> {
    if (!this.#messages.has(this.#stored.id)) return 'done'
    if (this.lost) return 'taken'
    this.#add(this.#history.eventsOf(unfinished, this.#clock.now()))
    const target = this.#history.targetOf(unfinished)
    if (target === 'done' || target === 'discarded') {
      this.#messages.delete(this.#stored.id)
      return target
    }
    if (unfinished.action === 'retry' || unfinished.action === 'wait') {
      this.#stored.nextAttempt = unfinished.at
      if (unfinished.at < (this.#stored.notBefore ?? 0)) this.#stored.notBefore = undefined
    }
    this.#stored.priority = priority
    this.#put(target)
    return PLACE[target]
  }

  async release(): Promise<void> {
    if (!this.lost) this.#put(this.#origin === 'cur' ? 'new' : this.#origin)
  }

  abandon(): void {
    // It stays claimed until its runner is closed.
  }

  #add(events: readonly TimedEvent[]): void {
    this.#stored.events.push(...events)
    this.#history.add(events)
  }

  #put(place: Place): void {
    this.#stored.place = place
    this.#stored.owner = undefined
  }
}
