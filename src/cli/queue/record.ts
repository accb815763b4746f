/**
 * A queued message as one JSON object: the members that `postqueue -j` has, under the same names, and more. Members
 * are never renamed or removed; new ones may come. Times are Unix seconds. docs/administration.md has the tables.
 */
import { isGivenUp, isUnfinished, type RecipientState } from '../../queue/journal/recipient-state.ts'
import type { Place, QueuedMessage } from '../../queue/store.ts'

/** Where a message is, in one word. */
export const PLACE_WORD = {
  new: 'waiting',
  cur: 'active',
  hold: 'held',
  failed: 'failed',
} as const satisfies Record<Place, string>

/** The members of a message in their order, and what each says. */
export const MESSAGE_MEMBERS = {
  queue_name:
    'the queue of Postfix it would be in: `incoming` (never tried), `deferred`, `active`, `hold`; or `failed`',
  queue_id: 'the queue id',
  arrival_time: 'when it was queued',
  message_size: 'octets of the message',
  forced_expire: 'true when its own time of expiry is over: the next attempt is the last',
  sender: 'the envelope sender; `MAILER-DAEMON` is the null sender',
  status: '`waiting`, `active`, `held` or `failed`',
  held: 'why it is not tried',
  attempts: 'failed attempts so far',
  next_attempt: 'when it is due; null unless it is waiting',
  not_before: 'when it may be sent at the earliest',
  last_attempt: 'when it was tried last',
  expires: 'its own time of expiry',
  account: 'the account it goes over',
  batch: 'the batch it belongs to',
  recipients: 'the recipients, see below',
} as const

/** The members of a recipient in their order, and what each says. */
export const RECIPIENT_MEMBERS = {
  address: 'the address in the envelope',
  delay_reason: 'why it does not have the message yet',
  bounce_reason: 'why it will not get the message',
  status: 'where it stands',
  last_reply: "the server's last reply, or why there was none",
  code: 'the SMTP reply code of a refusal',
  enhanced: 'the enhanced status code of a refusal',
  remote_queue_id: 'the queue id that the server gave it',
} as const

/** What one recipient looks like. */
export type RecipientRecord = Readonly<Partial<Record<keyof typeof RECIPIENT_MEMBERS, string | number>>>
/** What one message looks like; members without a value are undefined, and not written. */
export type MessageRecord = Readonly<Record<keyof typeof MESSAGE_MEMBERS, unknown>>

const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.floor(ms / 1000)

function queueName({ place, lastAttempt }: QueuedMessage): string {
  if (place === 'new') return lastAttempt === undefined ? 'incoming' : 'deferred'
  return place === 'cur' ? 'active' : place
}

function recipientRecord(state: RecipientState): RecipientRecord {
  const { reason } = state
  const record: Record<keyof typeof RECIPIENT_MEMBERS, string | number | undefined> = {
    address: state.recipient,
    delay_reason: isUnfinished(state) ? reason : undefined,
    bounce_reason: isGivenUp(state) ? reason : undefined,
    status: state.status,
    last_reply: reason,
    code: state.code,
    enhanced: state.enhanced,
    remote_queue_id: state.remoteId,
  }
  return record as RecipientRecord
}

/**
 * Makes the object of a message.
 *
 * @param now milliseconds since the epoch
 */
export function messageRecord(message: QueuedMessage, now: number): MessageRecord {
  const { place, expires, envelope } = message
  return {
    queue_name: queueName(message),
    queue_id: message.id,
    arrival_time: seconds(message.queuedAt),
    message_size: message.size,
    forced_expire: expires !== undefined && expires <= now,
    sender: envelope.sender === '' ? 'MAILER-DAEMON' : envelope.sender,
    status: PLACE_WORD[place],
    held: message.held,
    attempts: message.attempts,
    next_attempt: place === 'new' ? seconds(message.nextAttempt) : null,
    not_before: seconds(message.notBefore),
    last_attempt: seconds(message.lastAttempt),
    expires: seconds(expires),
    account: message.account,
    batch: message.batch,
    recipients: message.recipients.map(recipientRecord),
  }
}
