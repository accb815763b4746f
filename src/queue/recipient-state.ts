/**
 * What the journal says about each recipient: a pure fold over its events. Nothing else decides whether a
 * recipient still gets the message.
 */
import type { TimedEvent } from './journal.ts'
import type { QueueMeta } from './meta-block.ts'

/** Where a recipient stands. All but pending, deferred and in-doubt are final. */
export type RecipientStatus = 'pending' | 'delivered' | 'deferred' | 'failed' | 'in-doubt' | 'expired'

/** One recipient of a queued message. */
export interface RecipientState {
  readonly recipient: string
  readonly status: RecipientStatus
  /** The server's last reply, or why there was none. */
  readonly reason: string | undefined
  readonly code: number | undefined
  readonly enhanced: string | undefined
  /** The server's queue id, once delivered. */
  readonly remoteId: string | undefined
}

/** The state of a whole message. */
export interface MessageState {
  readonly recipients: readonly RecipientState[]
  /** Failed attempts, those of mailqueue-runner included; attempts that failed because of the account are not. */
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly lastAttempt: number | undefined
}

const UNFINISHED: ReadonlySet<RecipientStatus> = new Set(['pending', 'deferred', 'in-doubt'])

/** True while the recipient may still get the message from this queue. */
export function isUnfinished(state: RecipientState): boolean {
  return UNFINISHED.has(state.status)
}

type Change = Partial<Omit<RecipientState, 'recipient'>> & { readonly status: RecipientStatus }

/** The recipients that an event changes, and how. */
function changes(
  event: TimedEvent,
  states: ReadonlyMap<string, RecipientState>,
): [readonly string[], Change] | undefined {
  switch (event.event) {
    case 'delivered':
      return [event.recipients, { status: 'delivered', reason: event.reply, remoteId: event.remoteId }]
    case 'deferred':
    case 'failed':
      return [
        [event.recipient],
        { status: event.event, reason: event.reason, code: event.code, enhanced: event.enhanced },
      ]
    case 'in-doubt':
      return [event.recipients, { status: 'in-doubt', reason: event.why }]
    case 'expire':
      return [event.recipients, { status: 'expired' }]
    case 'retry': {
      const given = [...states.values()].filter(
        (state) => state.status === 'failed' || state.status === 'expired',
      )
      return [given.map((state) => state.recipient), { status: 'pending' }]
    }
    case 'attempt':
    case 'hold':
    case 'release':
      return undefined
  }
}

/** Folds the journal of a message into its state. */
export function messageState(meta: QueueMeta, events: readonly TimedEvent[]): MessageState {
  const fresh = {
    status: 'pending',
    reason: undefined,
    code: undefined,
    enhanced: undefined,
    remoteId: undefined,
  } as const
  const states = new Map<string, RecipientState>(
    meta.envelope.recipients.map((recipient) => [recipient, { recipient, ...fresh }]),
  )
  let attempts = meta.earlierAttempts
  let lastAttempt = meta.lastAttempt
  for (const event of events) {
    if (event.event === 'attempt') {
      if (event.counts) attempts += 1
      lastAttempt = event.time
    }
    const [recipients, change] = changes(event, states) ?? [[], undefined]
    for (const recipient of recipients) {
      const state = states.get(recipient)
      if (state !== undefined && change !== undefined && state.status !== 'delivered') {
        states.set(recipient, { ...state, ...change })
      }
    }
  }
  return { recipients: [...states.values()], attempts, lastAttempt }
}
