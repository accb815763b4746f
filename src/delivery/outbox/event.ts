/**
 * What the application is told: one object for each recipient and each thing that happened, in the words of
 * docs/webhook.md. Whoever is told the same again finds the same `id`.
 */
import { createHash } from 'node:crypto'
import type { WebhookEvent } from '../../config/kinds/webhook.ts'
import type { RecipientState, RecipientStatus } from '../../queue/journal/recipient-state.ts'
import type { QueuedMessage } from '../../queue/store.ts'

/** One event, as it is stored and sent. Members without a value are left out. */
export interface ApplicationEvent {
  readonly id: string
  readonly event: WebhookEvent
  /** When it happened, as in RFC 3339. */
  readonly time: string
  readonly queue_id?: string | undefined
  readonly message_id?: string | undefined
  /** The envelope sender; empty for the null sender. */
  readonly sender: string
  readonly recipient: string
  readonly account?: string | undefined
  readonly batch?: string | undefined
  /** The attempt, from 1; 0 where it does not matter. */
  readonly attempt: number
  /** The server's words, or ours when it said nothing. */
  readonly reply?: string | undefined
  readonly code?: number | undefined
  readonly enhanced?: string | undefined
  readonly remote_queue_id?: string | undefined
}

/** The members and what they say, for the documentation. */
export const EVENT_MEMBERS: Readonly<Record<keyof ApplicationEvent, string>> = {
  id: 'the same for the same event, however often it is told',
  event: 'what happened: one of the events above',
  time: 'when it happened',
  queue_id: 'the id of the message in the queue; missing for one that never was in it',
  message_id: 'the Message-ID of the message',
  sender: 'the envelope sender; empty for the null sender',
  recipient: 'the envelope recipient that the event is about',
  account: 'the account that the message goes over',
  batch: 'the batch that the message was handed in with',
  attempt: 'the number of the attempt, from 1; 0 for `queued`',
  reply: 'the last words of the server on one line, or why there were none',
  code: 'the reply code of SMTP, for a recipient that was refused',
  enhanced: 'the enhanced status code of RFC 3463, for a recipient that was refused',
  remote_queue_id: 'the id of the message in the queue of the server, once it has it',
}

const EVENT_OF: Readonly<Partial<Record<RecipientStatus, WebhookEvent>>> = {
  delivered: 'delivered',
  deferred: 'deferred',
  failed: 'failed',
  expired: 'expired',
  'in-doubt': 'in-doubt',
}

/** The part of an event that is the same for all recipients of a message. */
export type AboutMessage = Pick<ApplicationEvent, 'queue_id' | 'message_id' | 'sender' | 'account' | 'batch'>

/** The id of an event: a digest of what makes it the one that it is. */
export function eventId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}

/** The states of a message of which the application was not told, as far as it wants to know. */
export function untoldStates(
  { recipients }: Pick<QueuedMessage, 'recipients'>,
  wanted: ReadonlySet<WebhookEvent>,
): RecipientState[] {
  return recipients.filter(({ status, told }) => {
    const event = EVENT_OF[status]
    return told !== 'done' && event !== undefined && wanted.has(event)
  })
}

/** What is told of a state of a recipient. */
export function eventOfState(
  about: AboutMessage,
  { recipient, status, attempt = 0, reason, code, enhanced, remoteId, changedAt = 0 }: RecipientState,
): ApplicationEvent {
  const event = EVENT_OF[status] ?? 'failed'
  const time = new Date(changedAt).toISOString()
  const id = eventId(about.queue_id ?? '', recipient, event, time)
  return {
    ...{ id, event, time, ...about, recipient, attempt },
    ...{ reply: reason, code, enhanced, remote_queue_id: remoteId },
  }
}

/** Events as they are stored: one a line. */
export function formatEvents(events: readonly ApplicationEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

/** A stored event, as far as its sender cares. */
export interface StoredEvent {
  readonly id: string
  /** JSON. */
  readonly text: string
}

function parseEvent(line: string): StoredEvent | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
    return typeof value.id === 'string' ? { id: value.id, text: line } : undefined
  } catch {
    return undefined
  }
}

/** Reads stored events; undefined when the text is not whole. */
export function parseEvents(text: string): StoredEvent[] | undefined {
  if (!text.endsWith('\n')) return undefined
  const events = text.slice(0, -1).split('\n').map(parseEvent)
  const whole = events.filter((event) => event !== undefined)
  return whole.length === events.length ? whole : undefined
}
