/**
 * Counts of a queue: how much is where, since when, for whom. One message is counted at a time, so memory grows
 * with the number of domains and accounts, not with that of messages.
 */
import { domainOf } from '../message/address/address.ts'
import { isUnfinished, RECIPIENT_STATUS, type RecipientStatus } from '../queue/journal/recipient-state.ts'
import type { Place, QueuedMessage } from '../queue/store.ts'
import { bornAt } from './schedule.ts'

/** The messages in one place. */
export interface PlaceTally {
  messages: number
  octets: number
  /** When the age of the oldest began, milliseconds since the epoch; undefined when there is none to tell. */
  oldest: number | undefined
}

/** The counts. */
export interface Tally {
  readonly places: Record<Place, PlaceTally>
  /** Recipients of all messages, by where they stand. */
  readonly recipients: Record<RecipientStatus, number>
  /** Recipients who still get their message, by domain. */
  readonly domains: Map<string, number>
  /** Messages that are not finished, by the domain of their sender. */
  readonly senders: Map<string, number>
  /** Messages that are not finished, by account. */
  readonly accounts: Map<string, number>
}

/** The domain that stands for the null sender in counts. */
const NO_SENDER = 'MAILER-DAEMON'

const emptyPlace = (): PlaceTally => ({ messages: 0, octets: 0, oldest: undefined })

/** A tally of nothing. */
export function newTally(): Tally {
  const statuses = Object.keys(RECIPIENT_STATUS) as RecipientStatus[]
  return {
    places: { new: emptyPlace(), cur: emptyPlace(), hold: emptyPlace(), failed: emptyPlace() },
    recipients: Object.fromEntries(statuses.map((status) => [status, 0])) as Record<RecipientStatus, number>,
    domains: new Map(),
    senders: new Map(),
    accounts: new Map(),
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** The domain of a sender; a name for the null sender, which has none. */
export function senderDomain({ envelope: { sender } }: Pick<QueuedMessage, 'envelope'>): string {
  return sender === '' ? NO_SENDER : domainOf(sender)
}

/** Adds one message. */
export function tallyMessage(tally: Tally, message: QueuedMessage): void {
  const place = tally.places[message.place]
  place.messages += 1
  place.octets += message.size
  const born = bornAt(message)
  if (born !== undefined) place.oldest = Math.min(place.oldest ?? born, born)
  for (const state of message.recipients) {
    tally.recipients[state.status] += 1
    if (isUnfinished(state)) add(tally.domains, domainOf(state.recipient))
  }
  if (message.place === 'failed') return
  add(tally.senders, senderDomain(message))
  add(tally.accounts, message.account)
}

/** The largest counts first, equal ones by name. */
export function largestFirst(counts: ReadonlyMap<string, number>, limit = Infinity): [string, number][] {
  return [...counts]
    .sort(([left, many], [right, more]) => more - many || (left < right ? -1 : 1))
    .slice(0, limit)
}
