/**
 * From the end of a transaction to the outcome of each recipient, and to what the rest of the message may still hope
 * for. Whatever the server did, everybody who was named gets an outcome here.
 */
import type { RecipientOutcome } from '../message/outcome.ts'
import { isTooManyRecipients, refusal, replyFailure, type Failure, type Judge } from './failure.ts'
import { remoteQueueId, replyText } from './reply.ts'
import type { Rejection, TransactionResult } from './transaction.ts'
import type { Delivery } from './transport.ts'

/** One delivery under way: what is decided, and the promise to announce the last byte once. */
export interface Attempt {
  readonly delivery: Delivery
  readonly signal: AbortSignal | undefined
  readonly outcomes: Map<string, RecipientOutcome>
  readonly judge: Judge
  readonly onBodyStart: () => void
  readonly beforeLastByte: () => void
}

/** The recipients a transaction was for, and how it ended. */
export interface BatchResult {
  /** Everybody it was to be for, also those who cannot be named to this server. */
  readonly batch: readonly string[]
  readonly named: readonly string[]
  /** Undefined when nobody was left to name, or everybody was refused. */
  readonly result?: TransactionResult
  /** Why the message could not be offered to this server. */
  readonly refused?: Failure
  /** Why another connection may do. */
  readonly renewal?: 'dead' | 'sequence' | undefined
  /** The server took over the reports that were asked for. */
  readonly reportsTaken?: boolean
}

/** What a transaction means for the recipients that were not in it. */
export interface BatchEnd {
  /** The first of those who were left: the ones it was for. */
  readonly batch: readonly string[]
  /** To be tried in another transaction: the server takes no more in one. */
  readonly again: readonly string[]
  /** Why the rest of the message need not be tried now. */
  readonly stop?: Failure
}

/** The same failure for all. */
export function refuseAll(attempt: Attempt, recipients: readonly string[], failure: Failure): BatchEnd {
  for (const recipient of recipients)
    attempt.outcomes.set(recipient, refusal(recipient, failure, attempt.judge))
  return { batch: recipients, again: [], stop: failure }
}

/** Turns the end of a transaction into outcomes. */
export function conclude(attempt: Attempt, ended: BatchResult): BatchEnd {
  const { batch, named, result, refused, reportsTaken = false } = ended
  if (refused !== undefined) return refuseAll(attempt, batch, refused)
  if (result === undefined) return { batch, again: [] }
  const again: string[] = []
  const { outcomes, judge } = attempt
  const someTaken = result.rejected.length < named.length
  for (const { recipient, failure } of result.rejected) {
    if (result.status === 'accepted' && someTaken && isTooManyRecipients(failure)) again.push(recipient)
    outcomes.set(recipient, refusal(recipient, failure, judge))
  }
  const others = withoutRejected(named, result.rejected)
  const outcomeOf = outcomeMaker(result, judge, reportsTaken)
  for (const recipient of others) {
    const answer = result.answered.get(recipient)
    const outcome =
      answer === undefined
        ? outcomeOf(recipient)
        : answeredOutcome(recipient, answer, { judge, reportsTaken })
    outcomes.set(recipient, outcome)
  }
  const stop = stopAfter(result, judge)
  return { batch, again, ...(stop === undefined ? undefined : { stop }) }
}

function withoutRejected(named: readonly string[], rejected: readonly Rejection[]): readonly string[] {
  if (rejected.length === 0) return named
  const refused = new Set(rejected.map(({ recipient }) => recipient))
  return named.filter((one) => !refused.has(one))
}

/** Makes the outcome of everybody who was taken with this reply. */
function deliveredMaker(response: string, reportsTaken: boolean): (recipient: string) => RecipientOutcome {
  const reply = replyText(response)
  const remoteId = remoteQueueId(reply)
  const outcome: RecipientOutcome = {
    status: 'delivered',
    recipient: '',
    reply,
    ...(remoteId === undefined ? undefined : { remoteId }),
    ...(reportsTaken ? { reportsTaken } : undefined),
  }
  return (recipient) => ({ ...outcome, recipient })
}

/** What the end of a transaction is for a recipient without a reply of its own. */
function outcomeMaker(
  result: TransactionResult,
  judge: Judge,
  reportsTaken: boolean,
): (recipient: string) => RecipientOutcome {
  if (result.status === 'accepted') return deliveredMaker(result.response, reportsTaken)
  if (result.status === 'failed') return (recipient) => refusal(recipient, result.failure, judge)
  return (recipient) => ({ status: 'in-doubt', recipient, reason: result.reason })
}

/** What a reply after the dot is for the one recipient it is about (LMTP). */
function answeredOutcome(
  recipient: string,
  response: string,
  { judge, reportsTaken }: { readonly judge: Judge; readonly reportsTaken: boolean },
): RecipientOutcome {
  const failure = replyFailure('dot', response)
  const { code = 0, reason } = failure
  if (code >= 200 && code < 300) return deliveredMaker(response, reportsTaken)(recipient)
  if (code < 400) return { status: 'in-doubt', recipient, reason }
  const outcome = refusal(recipient, failure, judge)
  return outcome.scope === 'message' ? { ...outcome, scope: 'recipient' } : outcome
}

function stopAfter(result: TransactionResult, judge: Judge): Failure | undefined {
  if (result.status === 'accepted') return undefined
  if (result.status === 'in-doubt')
    return { phase: 'connect', reason: `not tried: ${result.reason}`, underWay: true }
  return judge(result.failure).scope === 'recipient' ? undefined : result.failure
}
