/**
 * Puts what the application is to be told into the outbox of the queue: for a message in the queue before it moves or goes,
 * for one that was sent at once before its caller hears of it.
 *
 * The process dies                     what the application hears
 * before the outcome is in the journal what a recovery finds: in doubt, or the outcome of another attempt
 * before the report is in the outbox   the same report: the journal knows that it is owed
 * before that is noted                 the report twice, with the same ids
 * after that                           the report once
 * at once, before the outbox           nothing: neither does the caller
 *
 * A message whose report cannot be stored waits in the queue, as one does whose sender cannot be told. Mail that was sent at
 * once is sent: that its report is missing is said on standard error and in the log.
 */
import { describeError } from '../../errors/errno.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import type { Claim, Disposition, QueuedMessage, QueueStore } from '../../queue/store.ts'
import { randomOctets } from '../../util/random.ts'
import type { DeliveryContext } from '../context.ts'
import {
  eventId,
  eventOfState,
  formatEvents,
  untoldStates,
  type AboutMessage,
  type ApplicationEvent,
} from './event.ts'
import { messageId } from '../report/report.ts'

/** Where a claim is told of. */
interface Telling {
  readonly queue: QueueStore
  readonly context: DeliveryContext
}

async function aboutMessage(message: QueuedMessage, content: MessageContent): Promise<AboutMessage> {
  const { id, envelope, account, batch } = message
  return { queue_id: id, message_id: await messageId(content), sender: envelope.sender, account, batch }
}

/** Whether the message is gone once the claim ends so: then nothing has to be noted about it. */
function isGone({ recipients }: QueuedMessage, { action }: Disposition): boolean {
  const ends = action === 'retry' || action === 'expire'
  const finished = recipients.every(({ status }) => status === 'delivered' || status === 'cancelled')
  return action === 'discard' || (ends && finished)
}

/**
 * Tells of what happened to the recipients of a claimed message and was not told yet.
 *
 * @param next where the message goes afterwards
 * @throws MailError QUEUE_* when it could not be stored or noted; what was stored is stored again then
 */
export async function tellClaim(claim: Claim, next: Disposition, { queue, context }: Telling): Promise<void> {
  const { webhook } = context
  const states = webhook === undefined ? [] : untoldStates(claim.message, webhook.events)
  if (states.length === 0) return
  const about = await aboutMessage(claim.message, claim.content)
  const events = states.map((state) => eventOfState(about, state))
  await (await queue.outbox()).add(formatEvents(events))
  if (isGone(claim.message, next)) return
  await claim.note({ event: 'told', recipients: states.map(({ recipient }) => recipient) })
}

/**
 * Tells that a report about these recipients is made for the sender.
 *
 * @throws MailError QUEUE_* when it could not be stored
 */
export async function tellBounced(
  { message, content }: Claim,
  recipients: readonly string[],
  { queue, context }: Telling,
): Promise<void> {
  if (context.webhook?.events.has('bounced') !== true) return
  const about = await aboutMessage(message, content)
  const time = new Date(context.clock.now()).toISOString()
  const events = message.recipients
    .filter(({ recipient }) => recipients.includes(recipient))
    .map(({ recipient, reason: reply, code, enhanced, attempt = message.attempts }): ApplicationEvent => {
      const id = eventId(message.id, recipient, 'bounced', String(message.reportsMade + 1))
      return { id, event: 'bounced', time, ...about, recipient, attempt, reply, code, enhanced }
    })
  await (await queue.outbox()).add(formatEvents(events))
}

/** A message of a caller, and where a part of it may be now. */
interface Submitted {
  readonly envelope: Envelope
  readonly content: MessageContent
  readonly account: string | undefined
  readonly batch: string | undefined
  readonly queue: QueueStore | undefined
  readonly queueId: string | undefined
  /** The recipients for whom the queue has it. */
  readonly queued: readonly string[]
  /** What became of those for whom it has not. */
  readonly outcomes: readonly RecipientOutcome[]
}

function eventsOf(
  { envelope, account, batch, queueId, queued, outcomes }: Submitted,
  message_id: string | undefined,
  now: number,
): ApplicationEvent[] {
  const time = new Date(now).toISOString()
  const key = message_id ?? randomOctets(16).toString('hex')
  const about = { message_id, sender: envelope.sender, account, batch }
  const final = outcomes.map((outcome): ApplicationEvent => {
    const { recipient, status: event } = outcome
    const more =
      outcome.status === 'delivered'
        ? { reply: outcome.reply, remote_queue_id: outcome.remoteId }
        : { reply: outcome.reason }
    const codes = outcome.status === 'failed' ? { code: outcome.code, enhanced: outcome.enhanced } : {}
    return {
      id: eventId(key, recipient, event, time),
      event,
      time,
      ...about,
      recipient,
      attempt: 1,
      ...more,
      ...codes,
    }
  })
  const waiting = queued.map((recipient): ApplicationEvent => {
    const id = eventId(queueId ?? key, recipient, 'queued')
    return { id, event: 'queued', time, queue_id: queueId, ...about, recipient, attempt: 0 }
  })
  return [...final, ...waiting]
}

/** Tells of a message that a caller has handed in. Never rejects: the mail is sent, or in the queue. */
export async function tellSubmission(submitted: Submitted, context: DeliveryContext): Promise<void> {
  const { webhook, clock, log } = context
  if (webhook === undefined) return
  const { events: wanted } = webhook
  const outcomes = submitted.outcomes.filter(({ status }) => wanted.has(status))
  const queued = wanted.has('queued') ? submitted.queued : []
  if (outcomes.length + queued.length === 0) return
  try {
    if (submitted.queue === undefined) throw new Error('there is no queue to keep it in; set queue_dir')
    const events = eventsOf(
      { ...submitted, outcomes, queued },
      await messageId(submitted.content),
      clock.now(),
    )
    await (await submitted.queue.outbox()).add(formatEvents(events))
  } catch (error) {
    const reason = describeError(error)
    const recipients = [...outcomes.map(({ recipient }) => recipient), ...queued]
    log.error('webhook.missing', {
      id: submitted.queueId,
      sender: submitted.envelope.sender,
      recipients,
      reason,
    })
    webhook.complain?.(`the mail is dealt with, but the webhook will not be told of it: ${reason}`)
  }
}
