/**
 * A message as a queue knows it: file name, metadata block and journal put together.
 */
import type { TimedEvent } from './journal/event.ts'
import type { QueueMeta } from './meta-block.ts'
import { messageState } from './journal/recipient-state.ts'
import type { QueuedMessage, QueueEntry } from './store.ts'

/** The facts of a message that do not change. */
export interface Constant {
  readonly meta: QueueMeta
  /** Octets of the message, without metadata. */
  readonly size: number
  /** When the file was written, milliseconds since the epoch; for messages that do not say when they came. */
  readonly modified: number
}

/** What lies in hold/ is held, whoever put it there. */
const byHand = (time: number): TimedEvent => ({
  event: 'hold',
  by: 'somebody',
  why: 'put into hold/ by hand',
  time,
})

/** Everything that is known about a message. Written out, because a run makes one for each message. */
export function queuedMessage(
  { id, place, queuedAt, nextAttempt, priority, notBefore, ownServer, key }: QueueEntry,
  { meta, size, modified }: Constant,
  events: readonly TimedEvent[],
): QueuedMessage {
  let state = messageState(meta, events)
  if (place === 'hold' && state.held === undefined) state = messageState(meta, [...events, byHand(modified)])
  return {
    id,
    place,
    queuedAt: meta.queuedAt ?? (queuedAt || modified),
    nextAttempt,
    priority,
    notBefore,
    key,
    size,
    expires: meta.expires,
    batch: meta.batch,
    uid: meta.uid,
    account: state.account,
    server: state.server,
    ownServer,
    envelope: state.envelope,
    recipients: state.recipients,
    attempts: state.attempts,
    firstAttempt: state.firstAttempt,
    lastAttempt: state.lastAttempt,
    held: state.held,
    delayNoticed: state.delayNoticed,
    reportsMade: state.reportsMade,
    requeuedAt: state.requeuedAt,
  }
}
