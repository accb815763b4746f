/**
 * What one attempt leaves in the journal: whether it counts, who has the message, who was refused, and who may or
 * may not have it.
 */
import type { Delivered, RecipientOutcome } from '../../message/outcome.ts'
import type { TimedEvent } from './event.ts'

/** False for success, and for a failure that says nothing about the message. */
function isBlamed(outcome: RecipientOutcome): boolean {
  if (outcome.status === 'delivered') return false
  return outcome.status !== 'deferred' || (outcome.scope !== 'account' && outcome.scope !== 'host')
}

/** True for an outcome after which the server certainly does not have the message. */
export function isRefusal({ status }: RecipientOutcome): boolean {
  return status === 'deferred' || status === 'failed'
}

/** How the events of an attempt are written. */
interface Noting {
  /** This attempt is in the journal already: its next part adds none. */
  readonly counted?: boolean
  /** The application is to be told of who has the message. */
  readonly tell?: boolean
}

/** The events that one attempt, or a part of it, leaves behind. */
export function attemptEvents(
  outcomes: readonly RecipientOutcome[],
  runner: string,
  time: number,
  { counted = false, tell = false }: Noting = {},
): TimedEvent[] {
  const counts = !counted && outcomes.some(isBlamed)
  const part = counted ? { part: true as const } : {}
  const events: TimedEvent[] = [{ event: 'attempt', time, runner, counts, ...part }]
  for (const group of groupDelivered(outcomes)) {
    events.push({ ...group, event: 'delivered', time, ...(tell ? { tell } : {}) })
  }
  for (const outcome of outcomes) {
    if (outcome.status !== 'deferred' && outcome.status !== 'failed') continue
    const { status, scope, recipient, reason, code, enhanced } = outcome
    events.push({
      event: status,
      class: scope,
      time,
      recipient,
      reason,
      ...(code === undefined ? {} : { code }),
      ...(enhanced === undefined ? {} : { enhanced }),
    })
  }
  const doubtful = outcomes.filter((outcome) => outcome.status === 'in-doubt')
  const [first] = doubtful
  if (first !== undefined) {
    events.push({ event: 'in-doubt', recipients: doubtful.map((o) => o.recipient), why: first.reason, time })
  }
  return events
}

type Group = Omit<Delivered, 'status' | 'recipient'> & { readonly recipients: string[] }

function groupDelivered(outcomes: readonly RecipientOutcome[]): Group[] {
  const groups = new Map<string, Group>()
  for (const outcome of outcomes) {
    if (outcome.status !== 'delivered') continue
    const { recipient, reply, remoteId, reportsTaken } = outcome
    const group = groups.get(reply)
    if (group !== undefined) group.recipients.push(recipient)
    else {
      groups.set(reply, {
        recipients: [recipient],
        reply,
        ...(remoteId === undefined ? {} : { remoteId }),
        ...(reportsTaken === undefined ? {} : { reportsTaken }),
      })
    }
  }
  return [...groups.values()]
}
