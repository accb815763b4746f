/**
 * Telling everybody who wants to know what an attempt brought: the structured log, the text logs and the
 * plug-ins. It happens after the outcome is on stable storage, and nothing here can change that outcome.
 */
import { nullLogger, type Logger } from '../../logging/logger.ts'
import { nullTransactionLog } from '../../logging/transaction-log.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import { messageIdOf } from '../../message/message-id.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import { noPlugins, type PluginAction, type PluginEvent, type PluginSignal } from '../../plugins/contract.ts'
import type { DeliveryContext } from '../context.ts'

/** The message that a report is about. */
export interface Subject {
  readonly envelope: Envelope
  readonly content: MessageContent
  readonly id: string | undefined
  /** Failed attempts, the one reported included. */
  readonly attempts: number
  /** The account that it goes over; undefined where it belongs to none. */
  readonly account?: string | undefined
  /** The server, or where else it goes, as its transport is called. */
  readonly server?: string
}

/** What an attempt brought. */
export interface Attempted {
  readonly outcomes: readonly RecipientOutcome[]
  /** Milliseconds that it took. */
  readonly duration: number
}

type Status = RecipientOutcome['status']

const SIGNAL_OF: Readonly<Record<Status, PluginSignal>> = {
  delivered: 'delivered',
  deferred: 'deferred',
  failed: 'failed',
  'in-doubt': 'deferred',
}

/**
 * The Message-ID as it stands at the start of the message; only looked for when something will show it. A message that
 * cannot be read just now has none to show.
 */
export async function messageId(content: MessageContent): Promise<string | undefined> {
  if (content.bytes !== undefined) return messageIdOf(content.bytes.subarray(0, 64 * 1024))
  try {
    for await (const chunk of content.stream()) return messageIdOf(chunk as Buffer)
  } catch {
    return undefined
  }
  return undefined
}

function logOutcomes(
  context: DeliveryContext,
  subject: Subject,
  outcomes: readonly RecipientOutcome[],
): void {
  if (context.log === nullLogger) return
  for (const outcome of outcomes) logOutcome(context.log, subject, outcome)
}

function logOutcome(
  log: Logger,
  { id, account, server, envelope }: Subject,
  outcome: RecipientOutcome,
): void {
  const about = { id, account, server, sender: envelope.sender }
  if (outcome.status === 'delivered') log.info('message.delivered', { ...about, ...outcome })
  else if (outcome.status === 'in-doubt') log.warn('message.in-doubt', { ...about, ...outcome })
  else if (outcome.status === 'failed') log.warn('message.failed', { ...about, ...outcome })
  else log.info('message.deferred', { ...about, ...outcome })
}

function event(subject: Subject, result: readonly RecipientOutcome[]): PluginEvent {
  return {
    message: {
      envelope: subject.envelope,
      queueId: subject.id,
      retries: subject.attempts,
      body: () => subject.content.stream(),
    },
    result,
  }
}

function signals(outcomes: readonly RecipientOutcome[]): PluginSignal[] {
  const some = outcomes.some((outcome) => outcome.status === 'delivered')
  const all = outcomes.every((outcome) => outcome.status === 'delivered')
  const exact = new Set(outcomes.map((outcome) => SIGNAL_OF[outcome.status]))
  return [
    ...(some ? (['delivery_successful'] as const) : []),
    ...(all ? [] : (['delivery_failed'] as const)),
    ...exact,
  ]
}

async function emitAll(
  context: DeliveryContext,
  names: readonly PluginSignal[],
  given: PluginEvent,
): Promise<PluginAction | undefined> {
  let strongest: PluginAction | undefined
  for (const name of names) {
    const action = await context.plugins.emit(name, given)
    if (action === 'discard' || strongest === undefined) strongest = action ?? strongest
  }
  return strongest
}

async function recordDelivered(
  { deliveryLog }: DeliveryContext,
  { envelope: { sender }, content }: Subject,
  outcomes: readonly RecipientOutcome[],
): Promise<void> {
  const recipients = outcomes
    .filter((outcome) => outcome.status === 'delivered')
    .map((outcome) => outcome.recipient)
  if (recipients.length === 0) return
  deliveryLog.record({ sender, recipients, messageId: await messageId(content) })
}

/**
 * Reports one attempt.
 *
 * @returns what the plug-ins want done with the recipients that did not get the message
 */
export async function reportAttempt(
  context: DeliveryContext,
  subject: Subject,
  { outcomes, duration }: Attempted,
): Promise<PluginAction | undefined> {
  logOutcomes(context, subject, outcomes)
  const { id, account, server = '' } = subject
  context.log.debug('attempt.finished', { id, account, server, size: subject.content.size, duration })
  if (context.deliveryLog !== nullTransactionLog) await recordDelivered(context, subject, outcomes)
  if (context.plugins === noPlugins) return undefined
  return emitAll(context, signals(outcomes), event(subject, outcomes))
}

/** Reports that a message was stored in the queue. */
export async function reportQueued(context: DeliveryContext, subject: Subject): Promise<void> {
  const { sender, recipients } = subject.envelope
  context.log.info('message.queued', { id: subject.id, sender, recipients, size: subject.content.size })
  if (context.queueLog !== nullTransactionLog) {
    context.queueLog.record({ sender, recipients, messageId: await messageId(subject.content) })
  }
  await context.plugins.emit('queued', event(subject, []))
}

/** Reports that a message was given up because of its age. */
export async function reportExpired(context: DeliveryContext, subject: Subject): Promise<void> {
  const { id, account, envelope } = subject
  context.log.warn('message.expired', { id, account, sender: envelope.sender })
  await context.plugins.emit('expired', event(subject, []))
}

/** Reports that the sender is told of recipients who did not get the message. */
export async function reportBounced(
  context: DeliveryContext,
  subject: Subject,
  facts: { readonly report: string; readonly to: string; readonly recipients: readonly string[] },
): Promise<void> {
  context.log.info('message.bounced', { id: subject.id, account: subject.account, ...facts })
  await context.plugins.emit('bounced', event(subject, []))
}
