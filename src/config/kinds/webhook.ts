/**
 * What an application can be told of its mail: the names of the events, and the kind of the option that picks some.
 */
import { listOf } from './option-kind.ts'

/** Every event, and when there is one; docs/webhook.md has the same table. */
export const WEBHOOK_EVENTS = {
  queued:
    'the message was stored in the queue as it was handed in: nothing was tried, or a first attempt failed',
  delivered: 'the server took responsibility for the message',
  deferred: 'an attempt failed; the message waits for the next one',
  failed: 'the message was refused for good',
  expired: 'the message was given up because of its age, or by an administrator',
  'in-doubt':
    'the message was handed over completely, and nobody knows whether the server has it; it is tried again',
  bounced: 'the sender is told by mail that the message failed',
} as const

/** A key of {@link WEBHOOK_EVENTS}. */
export type WebhookEvent = keyof typeof WEBHOOK_EVENTS

const NAMES = Object.keys(WEBHOOK_EVENTS) as WebhookEvent[]

/** Some of the events. */
export const EVENT_LIST = listOf({
  form: `some of ${NAMES.join(', ')}`,
  read: (word) => NAMES.find((name) => name === word.toLowerCase()),
  least: 1,
})
