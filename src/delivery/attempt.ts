/**
 * One attempt to deliver a claimed message, from the transport to stable storage. The outcome is stored before
 * anybody hears of it. A failure that is not the message's fault (the account, this machine) gives the message
 * back untouched and tells the caller to stop.
 */
import { describeError } from '../errors/errno.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import type { PluginAction } from '../plugins/contract.ts'
import type { Claim, Disposition, Settled } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import type { DeliveryContext } from './context.ts'
import { sendPatiently, type Patience } from './patience.ts'
import { reportAttempt, reportExpired } from './report.ts'
import { isExpired, nextAttempt } from './schedule.ts'

/** Why a run must not go on. */
export interface Stop {
  readonly scope: 'account' | 'host'
  readonly reason: string
}

/** What came of the attempt. */
export interface AttemptResult {
  readonly outcomes: readonly RecipientOutcome[]
  /** `released`: nothing happened to the message. `abandoned`: its outcome could not be stored. */
  readonly settled: Settled | 'released' | 'abandoned'
  readonly stop: Stop | undefined
}

/** True for an outcome that says nothing about the message, so that trying again at once would be right. */
export function blameless(outcome: RecipientOutcome): boolean {
  if (outcome.status !== 'deferred' || outcome.underWay === true) return false
  return outcome.scope === 'account' || outcome.scope === 'host'
}

function stopFor(outcomes: readonly RecipientOutcome[]): Stop | undefined {
  for (const outcome of outcomes) {
    if (outcome.status === 'deferred' && (outcome.scope === 'account' || outcome.scope === 'host')) {
      return { scope: outcome.scope, reason: outcome.reason }
    }
  }
  return undefined
}

function disposition(
  claim: Claim,
  outcomes: readonly RecipientOutcome[],
  action: PluginAction | undefined,
  context: DeliveryContext,
): Disposition {
  if (action !== undefined) return { action, why: 'a plug-in asked for it' }
  const now = context.clock.now()
  const { queuedAt, attempts, nextAttempt: due } = claim.message
  const counted = outcomes.some((outcome) => outcome.status !== 'delivered' && !blameless(outcome))
  if (!counted) return { action: 'retry', at: due }
  if (isExpired(context.policy, queuedAt, now)) return { action: 'expire', why: 'too old to be tried again' }
  return { action: 'retry', at: nextAttempt(context.policy, attempts + 1, now) }
}

/**
 * Makes one attempt for a claim. The claim is over when it resolves; it never rejects for a failed delivery or
 * a queue that cannot be written.
 */
export async function attemptClaim(
  claim: Claim,
  transport: Transport,
  context: DeliveryContext,
  patience: Patience = { awaitReply: true },
): Promise<AttemptResult> {
  const { envelope, id } = claim.message
  const stored = new Set<string>()
  const delivery = {
    envelope: { sender: envelope.sender, recipients: claim.pending },
    content: claim.content,
    id,
    beforeLastByte: () => {
      claim.markFlight()
    },
    // A message to many needs several transactions: who has it is stored before the next one begins.
    onOutcomes: async (part: readonly RecipientOutcome[]) => {
      await claim.record(part)
      for (const { recipient } of part) stored.add(recipient)
    },
  }
  const outcomes = await sendPatiently(transport, delivery, patience)
  const stop = stopFor(outcomes)
  try {
    if (stored.size === 0 && outcomes.every(blameless)) {
      await claim.release()
      return { outcomes, settled: 'released', stop }
    }
    await claim.record(outcomes.filter(({ recipient }) => !stored.has(recipient)))
  } catch (error) {
    claim.abandon()
    return { outcomes, settled: 'abandoned', stop: { scope: 'host', reason: describeError(error) } }
  }
  const subject = { envelope, content: claim.content, id, attempts: claim.message.attempts + 1 }
  const action = await reportAttempt(context, subject, outcomes)
  const next = disposition(claim, outcomes, action, context)
  try {
    if (next.action === 'expire') await reportExpired(context, subject)
    const settled = await claim.finish(next)
    if (settled === 'discarded') context.log.warn('message.discarded', { id: subject.id })
    if (settled === 'held') context.log.warn('message.held', { id: subject.id })
    return { outcomes, settled, stop }
  } catch (error) {
    return { outcomes, settled: 'abandoned', stop: { scope: 'host', reason: describeError(error) } }
  }
}
