/**
 * What the journal says about a message and each of its recipients: a pure fold over its events. Nothing else
 * decides whether a recipient still gets the message, and where the message belongs.
 */
import type { MessageServer } from '../../config/config.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { TimedEvent } from './event.ts'
import type { QueueMeta } from '../meta-block.ts'

/** Where a recipient stands; {@link RECIPIENT_STATUS} says what each means. */
export type RecipientStatus =
  'pending' | 'delivered' | 'deferred' | 'failed' | 'in-doubt' | 'held' | 'expired' | 'cancelled'

/** Every status, and what it tells; docs/queue.md has the same table. */
export const RECIPIENT_STATUS: Readonly<Record<RecipientStatus, string>> = {
  pending: 'not tried yet',
  delivered: 'the server has the message',
  deferred: 'not taken for now; tried again',
  failed: 'refused for good',
  'in-doubt': 'handed over completely, and nobody knows whether the server has it; tried again',
  held: 'stopped by an administrator or a plug-in until released',
  expired: 'given up because of the age of the message, or by an administrator',
  cancelled: 'taken off the message by an administrator',
}

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
  /** Expired because an administrator gave it up, whatever its age. */
  readonly stopped?: boolean
  /** The server took over the delivery reports that were asked for. */
  readonly reportsTaken: boolean
  /** The sender was told what became of this recipient in the end. */
  readonly reported: boolean
  /** When it got its status, milliseconds since the epoch; undefined while it has none but the first. */
  readonly changedAt?: number
  /** The attempt that gave it, from 1; for one that was given up, how many there were. */
  readonly attempt?: number
  /** How often in a row it was handed over completely without an outcome; undefined for never. */
  readonly doubts?: number | undefined
  /** Whether the application is told of that: not yet, and the message may not go before; or already. */
  readonly told?: 'owed' | 'done' | undefined
}

/** The state of a whole message. */
export interface MessageState {
  /** The account it goes over. */
  readonly account: string
  /** The server it goes to instead of the account's. */
  readonly server: MessageServer | undefined
  readonly envelope: Envelope
  readonly recipients: readonly RecipientState[]
  /** Failed attempts, those of mailqueue-runner included; attempts that failed because of the account are not. */
  readonly attempts: number
  /** Milliseconds since the epoch; the first one that is in the journal. */
  readonly firstAttempt: number | undefined
  /** Milliseconds since the epoch. */
  readonly lastAttempt: number | undefined
  /** Why the message is not tried; undefined when it is. */
  readonly held: string | undefined
  /** The sender was told that the message is delayed. */
  readonly delayNoticed: boolean
  /** Delivery reports about the message so far, of every kind. */
  readonly reportsMade: number
  /** When it was queued anew by an administrator, milliseconds since the epoch: its age counts from there. */
  readonly requeuedAt: number | undefined
}

const UNFINISHED: ReadonlySet<RecipientStatus> = new Set(['pending', 'deferred', 'in-doubt', 'held'])
const SETTLED: ReadonlySet<RecipientStatus> = new Set(['delivered', 'cancelled'])
const GIVEN_UP: ReadonlySet<RecipientStatus> = new Set(['failed', 'expired'])

/** True while the recipient may still get the message from this queue. */
export function isUnfinished({ status }: Pick<RecipientState, 'status'>): boolean {
  return UNFINISHED.has(status)
}

/** True for a recipient that did not get the message and never will. */
export function isGivenUp({ status }: Pick<RecipientState, 'status'>): boolean {
  return GIVEN_UP.has(status)
}

/** Where a message belongs that nobody is working on; `done` is nowhere any more. */
export function restingPlace({
  recipients,
  held,
}: Pick<MessageState, 'recipients' | 'held'>): 'new' | 'hold' | 'failed' | 'done' {
  if (recipients.some(isUnfinished)) return held === undefined ? 'new' : 'hold'
  return recipients.every(({ status }) => SETTLED.has(status)) ? 'done' : 'failed'
}

type Change = Partial<Omit<RecipientState, 'recipient'>>
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Folding = Mutable<Omit<MessageState, 'recipients'>> & {
  readonly book: {
    readonly states: Map<string, RecipientState>
    /** The number of the attempt that the events are about. */
    attempt: number
  }
}

const freshState = (recipient: string): RecipientState => ({
  recipient,
  status: 'pending',
  reason: undefined,
  code: undefined,
  enhanced: undefined,
  remoteId: undefined,
  reportsTaken: false,
  reported: false,
})

/** Changes recipients; delivered is for ever. */
function change({ book: { states } }: Folding, recipients: Iterable<string>, by: Change): void {
  for (const recipient of recipients) {
    const state = states.get(recipient)
    if (state !== undefined && state.status !== 'delivered') states.set(recipient, { ...state, ...by })
  }
}

const those = ({ book: { states } }: Folding, wanted: (state: RecipientState) => boolean): string[] =>
  [...states.values()].filter(wanted).map(({ recipient }) => recipient)

/** Whom somebody was told of, whatever the status. */
function mark(
  { book: { states } }: Folding,
  recipients: Iterable<string>,
  by: Pick<Change, 'reported' | 'told'>,
): void {
  for (const recipient of recipients) {
    const state = states.get(recipient)
    if (state !== undefined) states.set(recipient, { ...state, ...by })
  }
}

/** Something new, which nobody was told of. */
function happen(
  folding: Folding,
  { recipients, time }: { readonly recipients: readonly string[]; readonly time: number },
  by: Change,
): void {
  const { attempt } = folding.book
  change(folding, recipients, { told: undefined, doubts: undefined, attempt, ...by, changedAt: time })
}

/** Everybody who did not get the message gets it again. */
function startAgain(folding: Folding): void {
  change(folding, those(folding, isGivenUp), { status: 'pending', reported: false, doubts: undefined })
  release(folding)
}

/** Who lifts a hold has seen the doubt and wants the message sent. */
function release(folding: Folding): void {
  if (folding.held === undefined) return
  folding.held = undefined
  change(
    folding,
    those(folding, ({ status }) => status === 'in-doubt'),
    { status: 'pending', doubts: undefined },
  )
}

function apply(folding: Folding, event: TimedEvent): void {
  switch (event.event) {
    case 'attempt':
      if (event.counts) folding.attempts += 1
      if (event.part !== true) folding.book.attempt = event.counts ? folding.attempts : folding.attempts + 1
      folding.firstAttempt ??= event.time
      folding.lastAttempt = event.time
      return
    case 'delivered': {
      const { reply: reason, remoteId, reportsTaken = false, tell } = event
      const told = tell === true ? 'owed' : undefined
      happen(folding, event, { status: 'delivered', reason, remoteId, reportsTaken, told })
      return
    }
    case 'deferred':
    case 'failed': {
      const { event: status, recipient, reason, code, enhanced } = event
      happen(folding, { recipients: [recipient], time: event.time }, { status, reason, code, enhanced })
      return
    }
    case 'in-doubt': {
      for (const recipient of event.recipients) {
        const doubts = (folding.book.states.get(recipient)?.doubts ?? 0) + 1
        const by = { status: 'in-doubt', reason: event.why, doubts } as const
        happen(folding, { recipients: [recipient], time: event.time }, by)
      }
      return
    }
    case 'expire': {
      const { attempts: attempt } = folding
      happen(folding, event, { status: 'expired', stopped: event.by !== undefined, attempt })
      return
    }
    case 'cancel': {
      happen(folding, event, { status: 'cancelled', reason: event.why })
      return
    }
    case 'told': {
      mark(folding, event.recipients, { told: 'done' })
      return
    }
    case 'bounce':
      folding.reportsMade += 1
      {
        mark(folding, event.recipients, { reported: true })
        return
      }
    case 'delay-notice':
      folding.reportsMade += 1
      folding.delayNoticed = true
      return
    case 'hold':
      folding.held = event.why
      return
    case 'release': {
      release(folding)
      return
    }
    case 'retry': {
      startAgain(folding)
      return
    }
    case 'requeue':
      folding.attempts = 0
      folding.requeuedAt = event.time
      {
        startAgain(folding)
        return
      }
    case 'edit': {
      edit(folding, event)
      return
    }
  }
}

function edit(
  folding: Folding,
  { sender, account, added = [] }: Extract<TimedEvent, { event: 'edit' }>,
): void {
  if (sender !== undefined) folding.envelope = { ...folding.envelope, sender }
  if (account !== undefined) {
    folding.account = account
    folding.server = undefined
  }
  for (const recipient of added) {
    const state = folding.book.states.get(recipient)
    const idle = state === undefined || isGivenUp(state) || state.status === 'cancelled'
    if (idle) folding.book.states.set(recipient, freshState(recipient))
  }
  folding.envelope = { ...folding.envelope, recipients: [...folding.book.states.keys()] }
}

/** A doubt is never hidden behind a hold: it is what a person has to know before releasing the message. */
function shown(state: RecipientState, held: string | undefined): RecipientState {
  if (held === undefined || (state.status !== 'pending' && state.status !== 'deferred')) return state
  return { ...state, status: 'held', reason: state.reason ?? held }
}

/** A message of which nothing is known yet: most of them, so this is kept short. */
function freshMessage({ envelope, account, server, earlierAttempts, lastAttempt }: QueueMeta): MessageState {
  return {
    account,
    server,
    envelope,
    recipients: envelope.recipients.map(freshState),
    attempts: earlierAttempts,
    firstAttempt: undefined,
    lastAttempt,
    held: undefined,
    delayNoticed: false,
    reportsMade: 0,
    requeuedAt: undefined,
  }
}

/** Folds the journal of a message into its state. */
export function messageState(meta: QueueMeta, events: readonly TimedEvent[]): MessageState {
  const message = freshMessage(meta)
  if (events.length === 0) return message
  const { recipients, ...fresh } = message
  const states = new Map(recipients.map((state) => [state.recipient, state]))
  const folding: Folding = { ...fresh, book: { states, attempt: fresh.attempts } }
  for (const event of events) apply(folding, event)
  const { book, ...rest } = folding
  return { ...rest, recipients: [...book.states.values()].map((state) => shown(state, folding.held)) }
}
