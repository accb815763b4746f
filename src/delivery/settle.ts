/**
 * The end of a claim: what the application and the sender are owed is put into the queue, that is noted, and only then the
 * message goes where it belongs. A crash in between makes a second report with the same Message-ID or the same ids, never
 * none.
 *
 * A report that cannot be made now (disk full, too many in this hour) keeps the message among the waiting, so that
 * the next run makes it.
 */
import { describeError } from '../errors/errno.ts'
import { asksForSuccess, notifyFor } from '../message/recipient-request.ts'
import { isGivenUp } from '../queue/journal/recipient-state.ts'
import type { Claim, Disposition, QueuedMessage, QueueStore, Settled } from '../queue/store.ts'
import type { DeliveryContext } from './context.ts'
import { owedReports, type OwedReport } from './report/policy.ts'
import { bornAt, REPORT_DELAY } from './schedule.ts'

/** What a claim ends with. */
export interface Settling {
  readonly queue: QueueStore
  readonly context: DeliveryContext
  /** The server that answered, such as `smtp://mail.example:25`. */
  readonly remote: string
}

/** Which reports a message owes at this moment. */
function reportsOwed(message: QueuedMessage, { reports, clock }: DeliveryContext): OwedReport[] {
  if (reports.bounce === 'none') return []
  const { envelope, delayNoticed } = message
  // Nearly all messages, and nobody wants to hear of them.
  if (message.recipients.every(({ status }) => status === 'delivered') && !asksForSuccess(envelope.reports))
    return []
  const now = clock.now()
  const facts = {
    sender: envelope.sender,
    recipients: message.recipients.map((state) => ({
      ...state,
      bounced: state.reported,
      notify: notifyFor(envelope.reports, state.recipient),
    })),
    age: now - (bornAt(message) ?? now),
    delayNoticeSent: delayNoticed,
  }
  return owedReports(facts, reports)
}

/** The recipients of whose failure a report tells: it was made, or it is owed and the next run makes it. */
export function reportedFailures(message: QueuedMessage, context: DeliveryContext): string[] {
  const owed = reportsOwed(message, context).flatMap(({ kind, recipients }) =>
    kind === 'failed' ? recipients : [],
  )
  const made = message.recipients.filter((state) => isGivenUp(state) && state.reported)
  return [...made.map(({ recipient }) => recipient), ...owed]
}

/**
 * Ends a claim.
 *
 * @param priority the new priority; stays as it is when left out
 * @throws MailError QUEUE_* when the message could not be moved; the claim is over then, and the message stays
 *   claimed until a recovery
 */
export async function settleClaim(
  claim: Claim,
  next: Disposition,
  settling: Settling,
  priority?: number,
): Promise<Settled> {
  const { context } = settling
  if (claim.lost || claim.removed) return claim.finish(next)
  const expired = next.action === 'expire' ? claim.pending : []
  const { at } = next.action === 'retry' || next.action === 'wait' ? next : { at: claim.message.nextAttempt }
  try {
    if (next.action === 'expire' && expired.length > 0) {
      await claim.note({ event: 'expire', recipients: expired, why: next.why })
    }
    if (context.webhook !== undefined) {
      const { tellClaim } = await import('./outbox/tell.ts')
      await tellClaim(claim, next, settling)
    }
    const owed = next.action === 'discard' ? [] : reportsOwed(claim.message, context)
    if (owed.length > 0) {
      // Only who makes a report pays for loading what makes it.
      const { makeReports } = await import('./report/reports.ts')
      await makeReports(claim, owed, settling)
    }
  } catch (error) {
    context.log.error('report.postponed', { id: claim.message.id, reason: describeError(error) })
    if (next.action === 'hold') return claim.finish(next)
    return claim.finish({ action: 'wait', at: Math.max(at, context.clock.now() + REPORT_DELAY) }, priority)
  }
  return claim.finish(next.action === 'expire' ? { action: 'retry', at } : next, priority)
}
