/**
 * One attempt to deliver a claimed message, from the transport to stable storage. The outcome is stored before
 * anybody hears of it. A failure that is not the message's fault (the account, this machine) gives the message
 * back untouched and tells the caller to stop.
 */
import { describeError } from '../errors/errno.ts'
import type { RecipientOutcome, Refusal } from '../message/outcome.ts'
import type { PluginAction } from '../plugins/contract.ts'
import type { Claim, Disposition, QueuedMessage, QueueStore, Settled } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import type { DeliveryContext } from './context.ts'
import { sendPatiently, type Patience } from './patience.ts'
import { reportAttempt, reportExpired } from './report/report.ts'
import { isExpired, nextAttempt } from './schedule.ts'
import { settleClaim } from './settle.ts'
import { heldBecause, suspensionOf, wasFree } from './suspension.ts'

/** Why a run must not go on. */
export interface Stop {
  readonly scope: 'account' | 'host'
  readonly reason: string
  /** False where the message itself may have made the server end the session. */
  readonly certain: boolean
}

/** An administrator wants nothing to be sent. */
export const SENDING_SUSPENDED: Stop = {
  scope: 'account',
  reason: 'all sending is suspended; mq-queue activate ALL makes it active again',
  certain: true,
}

/** What came of the attempt. */
export interface AttemptResult {
  readonly outcomes: readonly RecipientOutcome[]
  /** `released`: nothing happened to the message. `abandoned`: its outcome could not be stored. */
  readonly settled: Settled | 'released' | 'abandoned'
  readonly stop: Stop | undefined
}

/** What a person has to mend here although the account works; undefined when that is not why a message waits. */
export function siteLacks(outcome: RecipientOutcome | Refusal): string | undefined {
  if (outcome.status !== 'deferred') return undefined
  const { scope, trouble, reason } = outcome
  return trouble === 'uncounted' || (scope === 'message' && trouble === 'setup') ? reason : undefined
}

/** True for an outcome that says nothing about the message, so that trying again at once would be right. */
export function blameless(outcome: RecipientOutcome): boolean {
  if (outcome.status !== 'deferred') return false
  if (outcome.scope === 'host' || siteLacks(outcome) !== undefined) return true
  // What ended the session may have been this message; a login or a quota is never its fault.
  const { trouble, underWay } = outcome
  const isOurs = trouble === 'login' || trouble === 'quota' || trouble === 'setup'
  return outcome.scope === 'account' && (underWay !== true || isOurs)
}

/** What the site wants done with a new message that is above a limit; undefined when it waits. */
export function aboveLimit(outcomes: readonly RecipientOutcome[]): Disposition | undefined {
  const [first] = outcomes
  if (first?.status !== 'deferred' || !outcomes.every(isLimited)) return undefined
  if (first.onLimit === 'reject') return { action: 'discard' }
  return first.onLimit === 'hold' ? { action: 'hold', by: 'on_limit', why: first.reason } : undefined
}

const isLimited = (outcome: RecipientOutcome): boolean =>
  outcome.status === 'deferred' && outcome.trouble === 'limit'

function stopFor(outcomes: readonly RecipientOutcome[]): Stop | undefined {
  for (const outcome of outcomes) {
    if (outcome.status === 'deferred' && (outcome.scope === 'account' || outcome.scope === 'host')) {
      return { scope: outcome.scope, reason: outcome.reason, certain: blameless(outcome) }
    }
  }
  return undefined
}

/** The queue failed: nothing more is to be tried. */
function abandoned(outcomes: readonly RecipientOutcome[], error: unknown): AttemptResult {
  const stop = { scope: 'host', reason: describeError(error), certain: true } as const
  return { outcomes, settled: 'abandoned', stop }
}

/** What happens to the recipients that an attempt left over. */
function disposition(
  message: QueuedMessage,
  outcomes: readonly RecipientOutcome[],
  context: DeliveryContext,
): Disposition {
  const { policy, clock } = context
  const now = clock.now()
  const doubtful = outcomes.find((outcome) => outcome.status === 'in-doubt')
  if (doubtful !== undefined && policy.inDoubt === 'hold') {
    return { action: 'hold', by: 'in_doubt', why: `in doubt: ${doubtful.reason}` }
  }
  const counted = outcomes.some((outcome) => outcome.status !== 'delivered' && !blameless(outcome))
  if (!counted) return { action: 'retry', at: message.nextAttempt }
  if (isExpired(policy, message, now)) return { action: 'expire', why: 'too old to be tried again' }
  return { action: 'retry', at: nextAttempt(policy, Math.max(1, message.attempts), now) }
}

const ASKED_BY_PLUGIN: Readonly<Record<PluginAction, Disposition>> = {
  discard: { action: 'discard' },
  hold: { action: 'hold', by: 'plug-in', why: 'a plug-in asked for it' },
}

/** A doubt that a recovery found: the policy of this site may be to wait for a human. */
function holdsDoubt({ message }: Claim, { policy }: DeliveryContext): boolean {
  return policy.inDoubt === 'hold' && message.recipients.some(({ status }) => status === 'in-doubt')
}

/** True for nearly all messages of a run, so that nothing has to be asked: nothing is suspended, and their time has come. */
function maySend({ queue, claim, context }: Delivering): boolean {
  const { notBefore } = claim.message
  return wasFree(queue) && (notBefore === undefined || notBefore <= context.clock.now())
}

/** Ends a claim of a message that must not be sent now: its time has not come, or sending is suspended. */
async function keptBack(delivering: Delivering): Promise<AttemptResult | undefined> {
  const { queue, claim, context } = delivering
  const { batch, notBefore = 0 } = claim.message
  try {
    const suspended = await suspensionOf(queue, batch)
    if (suspended === 'batch' && batch !== undefined) {
      const next = { action: 'hold', by: 'suspended', why: heldBecause(batch) } as const
      return await settle(delivering, [], next, undefined)
    }
    if (suspended === undefined && notBefore <= context.clock.now()) return undefined
    await claim.release()
    const stop = suspended === undefined ? undefined : SENDING_SUSPENDED
    return { outcomes: [], settled: 'released', stop }
  } catch (error) {
    claim.abandon()
    return abandoned([], error)
  }
}

/**
 * What happened before and was not told, such as a doubt that a recovery found, is told before another attempt takes its
 * place. Where it cannot be told, the message waits.
 */
async function tellBefore(delivering: Delivering): Promise<AttemptResult | undefined> {
  const { queue, claim, context } = delivering
  const next = { action: 'wait', at: context.clock.now() } as const
  try {
    const { tellClaim } = await import('./outbox/tell.ts')
    await tellClaim(claim, next, { queue, context })
    return undefined
  } catch {
    return settle(delivering, [], next, undefined)
  }
}

/**
 * A message at whose delivery the process ends each time would be sent for ever: no attempt of it has an end at which its
 * age is looked at. Once is an accident, after which it is tried again whatever its age.
 */
function endsInDoubt({ message }: Claim, { policy, clock }: DeliveryContext): boolean {
  const again = message.recipients.some(({ status, doubts = 0 }) => status === 'in-doubt' && doubts > 1)
  return again && isExpired(policy, message, clock.now())
}

/** What becomes of a claim that needs no attempt; undefined when one is to be made. */
function withoutAttempt({ claim, context }: Delivering): Disposition | undefined {
  if (claim.pending.length === 0) return { action: 'retry', at: claim.message.nextAttempt }
  if (holdsDoubt(claim, context))
    return { action: 'hold', by: 'in_doubt', why: 'in doubt: the server may have the message' }
  if (!endsInDoubt(claim, context)) return undefined
  return {
    action: 'expire',
    why: 'too old to be tried again: each attempt ended before its outcome was known',
  }
}

/** Ends a claim that needs no attempt: what is owed is done, and the message goes where it belongs. */
async function settleWithoutAttempt(delivering: Delivering, next: Disposition): Promise<AttemptResult> {
  const { claim, context, transport } = delivering
  if (next.action === 'expire') {
    const { envelope, id, attempts, account } = claim.message
    const subject = { envelope, content: claim.content, id, attempts, account, server: transport.name }
    await reportExpired(context, subject)
  }
  return settle(delivering, [], next, undefined)
}

async function settle(
  { queue, claim, context, transport }: Delivering,
  outcomes: readonly RecipientOutcome[],
  next: Disposition,
  stop: Stop | undefined,
): Promise<AttemptResult> {
  const { id } = claim.message
  try {
    const settled = await settleClaim(claim, next, { queue, context, remote: transport.name })
    if (settled === 'discarded') context.log.warn('message.discarded', { id })
    if (settled === 'held') context.log.warn('message.held', { id })
    return { outcomes, settled, stop }
  } catch (error) {
    return abandoned(outcomes, error)
  }
}

/** What an attempt is made with. */
export interface Delivering {
  readonly queue: QueueStore
  readonly claim: Claim
  readonly transport: Transport
  readonly context: DeliveryContext
  /** The message is new: above a limit it is dealt with as the site wants, and does not just wait. */
  readonly isNew?: true
}

/**
 * Makes one attempt for a claim. The claim is over when it resolves; it never rejects for a failed delivery or
 * a queue that cannot be written.
 */
export async function attemptClaim(
  delivering: Delivering,
  patience: Patience = { awaitReply: true },
): Promise<AttemptResult> {
  const { claim, transport, context } = delivering
  const settled = withoutAttempt(delivering)
  if (settled !== undefined) return settleWithoutAttempt(delivering, settled)
  let kept = maySend(delivering) ? undefined : await keptBack(delivering)
  if (context.webhook !== undefined) kept ??= await tellBefore(delivering)
  if (kept !== undefined) return kept
  const { envelope, id } = claim.message
  const { pending } = claim
  const stored = new Set<string>()
  const tell = context.webhook?.events.has('delivered') === true
  const delivery = {
    envelope: pending.length === envelope.recipients.length ? envelope : { ...envelope, recipients: pending },
    content: claim.content,
    id,
    beforeLastByte: () => {
      claim.markFlight()
    },
    // A message to many needs several transactions: who has it is stored before the next one begins.
    onOutcomes: async (part: readonly RecipientOutcome[]) => {
      await claim.record(part, tell)
      for (const { recipient } of part) stored.add(recipient)
    },
  }
  const start = process.uptime()
  const outcomes = await sendPatiently(transport, delivery, patience)
  const duration = Math.round((process.uptime() - start) * 1000)
  if (claim.lost && stored.size === 0 && outcomes.every(blameless)) {
    claim.abandon()
    context.log.warn('message.taken', { id })
    return { outcomes: [], settled: 'taken', stop: undefined }
  }
  // That one message was taken says nothing about the others.
  const stop = claim.lost ? undefined : stopFor(outcomes)
  try {
    if (stored.size === 0 && outcomes.every(blameless)) {
      const above = delivering.isNew === true ? aboveLimit(outcomes) : undefined
      if (above !== undefined) return await settle(delivering, outcomes, above, stop)
      await claim.release()
      return { outcomes, settled: 'released', stop }
    }
    const rest = outcomes.filter(({ recipient }) => !stored.has(recipient))
    await claim.record(rest, tell)
  } catch (error) {
    claim.abandon()
    return abandoned(outcomes, error)
  }
  const { attempts, account } = claim.message
  const subject = { envelope, content: claim.content, id, attempts, account, server: transport.name }
  const action = await reportAttempt(context, subject, { outcomes, duration })
  const next = action === undefined ? disposition(claim.message, outcomes, context) : ASKED_BY_PLUGIN[action]
  if (next.action === 'expire') await reportExpired(context, subject)
  return settle(delivering, outcomes, next, stop)
}
