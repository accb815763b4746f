/**
 * What the journal of a new message begins with: the attempt that was made before it was queued, and that another
 * queue had given it up.
 */
import type { RecipientOutcome } from '../../message/outcome.ts'
import { attemptEvents } from './attempt-events.ts'
import type { TimedEvent } from './event.ts'
import type { EnqueueOptions, NewMessage } from '../store.ts'

/** Nobody tries such a recipient again. */
const isFinal = ({ status }: RecipientOutcome): boolean => status === 'failed' || status === 'delivered'

/** The recipients that an attempt before queueing did not finish. */
export function leftOver({ envelope }: NewMessage, { outcomes = [] }: EnqueueOptions): string[] {
  const final = new Set(outcomes.filter(isFinal).map(({ recipient }) => recipient))
  return envelope.recipients.filter((recipient) => !final.has(recipient))
}

/**
 * The first events of a message; none for one that is new.
 *
 * @param runner who made the attempt
 * @param time milliseconds since the epoch
 */
export function firstEvents(
  message: NewMessage,
  options: EnqueueOptions,
  runner: string,
  time: number,
): TimedEvent[] {
  const { outcomes = [], past } = options
  const events = outcomes.length === 0 ? [] : attemptEvents(outcomes, runner, time)
  const recipients = leftOver(message, options)
  if (past?.givenUp === undefined || recipients.length === 0) return events
  return [...events, { event: 'expire', recipients, why: past.givenUp, time }]
}
