/**
 * What a claim knows of its message: the journal as it was when the message was claimed and what was added since.
 * Every queue decides by these rules where a message goes; docs/queue.md has the state table.
 */
import type { RecipientOutcome } from '../../message/outcome.ts'
import { asksForSuccess } from '../../message/recipient-request.ts'
import type { TimedEvent } from './event.ts'
import { queuedMessage, type Constant } from '../queued-message.ts'
import { isUnfinished, restingPlace } from './recipient-state.ts'
import type { Disposition, QueuedMessage, QueueEntry } from '../store.ts'

/** The place that a claim leads to. */
export type Target = 'new' | 'hold' | 'failed' | 'done' | 'discarded'

/** A message and its history, which only grows. */
export class ClaimHistory {
  readonly #entry: QueueEntry
  readonly #constant: Constant
  #events: readonly TimedEvent[]
  #message: QueuedMessage | undefined

  constructor(entry: QueueEntry, constant: Constant, events: readonly TimedEvent[]) {
    this.#entry = entry
    this.#constant = constant
    this.#events = events
  }

  get message(): QueuedMessage {
    this.#message ??= queuedMessage(this.#entry, this.#constant, this.#events)
    return this.#message
  }

  get unfinished(): readonly string[] {
    const unfinished: string[] = []
    for (const state of this.message.recipients) if (isUnfinished(state)) unfinished.push(state.recipient)
    return unfinished
  }

  /** True for a message of which its sender may want to hear once it is delivered, be it to one recipient. */
  get wantsSuccessReport(): boolean {
    return asksForSuccess(this.#constant.meta.envelope.reports)
  }

  /** True while the application has to be told of somebody who has the message. */
  get #owesTelling(): boolean {
    return this.message.recipients.some(({ told }) => told === 'owed')
  }

  /** Whether everybody has the message after these outcomes, and nobody wants to be told of it. */
  isCompletedBy(outcomes: readonly RecipientOutcome[]): boolean {
    if (this.wantsSuccessReport || this.#owesTelling) return false
    // By name: a part that could not be stored is told again with the whole.
    const got = new Set<string>()
    for (const { status, recipient } of outcomes) if (status === 'delivered') got.add(recipient)
    return this.message.recipients.every(
      ({ recipient, status }) => status === 'delivered' || got.has(recipient),
    )
  }

  /** What can be done with a message that is claimed for delivery without trying to deliver it. */
  get clearable(): 'hold' | 'done' | undefined {
    const place = restingPlace(this.message)
    if (place === 'hold') return 'hold'
    if (place !== 'done' || this.#owesTelling) return undefined
    const told = this.message.recipients.every(({ status, reported }) => status === 'cancelled' || reported)
    return told || !this.wantsSuccessReport ? 'done' : undefined
  }

  add(events: readonly TimedEvent[]): void {
    this.#events = [...this.#events, ...events]
    this.#message = undefined
  }

  /** What the journal has to say before the message may go where a disposition sends it. */
  eventsOf(disposition: Disposition, time: number): TimedEvent[] {
    const recipients = this.unfinished
    if (recipients.length === 0) return []
    if (disposition.action === 'expire') return [{ event: 'expire', recipients, why: disposition.why, time }]
    if (disposition.action === 'hold')
      return [{ event: 'hold', by: disposition.by, why: disposition.why, time }]
    return []
  }

  /** Where the message goes, once the events of the disposition are added. */
  targetOf({ action }: Disposition): Target {
    if (action === 'discard') return 'discarded'
    return action === 'wait' ? 'new' : restingPlace(this.message)
  }
}
