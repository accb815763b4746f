/**
 * Taking a message from a caller: sent at once, or durably queued, or refused with everything the caller needs
 * to know. No other path says "accepted". The three spool modes of docs/queue.md differ only in what comes
 * first.
 *
 * When the process dies         fallback                      first                    only
 * before the message is stored  lost; the caller knows        lost; the caller knows   lost; the caller knows
 * while sending                 lost; the caller knows        in cur/, recovered       -
 * after it was stored           in the queue                  in cur/, recovered       in the queue
 */
import type { MessageServer, SpoolMode } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import type { RecipientOutcome, Refused } from '../message/outcome.ts'
import { notifyFor } from '../message/recipient-request.ts'
import type { Claim, Disposition, Handling, NewMessage, QueueStore } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { guardAccount } from './account/guard.ts'
import { aboveLimit, attemptClaim, blameless, type AttemptResult } from './attempt.ts'
import type { DeliveryContext } from './context.ts'
import { sendPatiently, withinTime, type Patience } from './patience.ts'
import { reportAttempt, reportQueued } from './report/report.ts'
import { nextAttempt } from './schedule.ts'
import { reportedFailures, settleClaim, type Settling } from './settle.ts'
import { suspensionOf } from './suspension.ts'

/** A message on its way in, and the means to deal with it. */
export interface Submission {
  readonly envelope: Envelope
  readonly content: MessageContent
  readonly transport: Transport | undefined
  readonly queue: QueueStore | undefined
  readonly spool: SpoolMode
  /** The account that the transport is of, and its breaker; left out for a transport that belongs to none. */
  readonly account?: string | undefined
  /** The server that the message goes to instead of its account's, now and from the queue. */
  readonly server?: MessageServer | undefined
  /** The transport has the breaker of its account already, or what it meets says nothing about the account. */
  readonly guarded?: boolean | undefined
  /** Milliseconds until the server must be ready for the body; after that the message is queued. */
  readonly submitTimeout?: number | undefined
  /** How the queue treats the message. */
  readonly handling?: Handling | undefined
  /** The caller must end now: what is not sent yet is queued. */
  readonly signal?: AbortSignal | undefined
}

/** What became of a submission. A recipient that is in none of the lists does not exist. */
export interface SubmitResult {
  /** The server has it. */
  readonly sent: readonly string[]
  /** In the queue, to be sent later. */
  readonly queued: readonly string[]
  /** Refused for good. With a queue the message is kept in failed/ for them. */
  readonly refused: readonly Refused[]
  /** Those of the refused of whom a delivery report tells, to the sender or to the postmaster: made, or owed for sure. */
  readonly reported: readonly string[]
  /** Neither sent nor queued: the caller still has the message. */
  readonly unaccepted: readonly string[]
  readonly queueId: string | undefined
  /** What this site lacks to send what is in `queued`, so that a person has to do something. */
  readonly fault?: string
  /** Why the recipients in `unaccepted` are there, or why a refused message could not be kept. */
  readonly problem: MailError | undefined
}

const NOT_TRIED: readonly RecipientOutcome[] = []

/** A caller who has to end waits no longer. */
function callersPatience({ signal }: Submission): Patience {
  return { signal, awaitReply: false }
}

function isRefused(outcome: RecipientOutcome): outcome is Refused {
  return outcome.status === 'failed'
}

/** Sorts the outcomes of a submission into what the caller wants to know. */
function sortOutcomes(
  envelope: Envelope,
  outcomes: readonly RecipientOutcome[],
): { sent: string[]; refused: Refused[]; left: string[] } {
  const final = new Set<string>()
  for (const outcome of outcomes) {
    if (outcome.status === 'delivered' || outcome.status === 'failed') final.add(outcome.recipient)
  }
  return {
    sent: outcomes.filter((outcome) => outcome.status === 'delivered').map((outcome) => outcome.recipient),
    refused: outcomes.filter(isRefused),
    left: envelope.recipients.filter((recipient) => !final.has(recipient)),
  }
}

/** An attempt that says nothing about the message does not delay the next one. */
function firstRetry(context: DeliveryContext, outcomes: readonly RecipientOutcome[]): number {
  const now = context.clock.now()
  const counted = outcomes.some((outcome) => outcome.status !== 'delivered' && !blameless(outcome))
  return counted ? nextAttempt(context.policy, 1, now) : now
}

function notAccepted(outcomes: readonly RecipientOutcome[]): MailError {
  if (outcomes.length === 0) {
    const remedy = 'set smtp_hostname to send it, or queue_dir to keep it'
    return new MailError('CONFIG_MISSING', `the message can neither be sent nor queued: ${remedy}`)
  }
  const reasons = outcomes.flatMap((o) =>
    o.status === 'deferred' || o.status === 'in-doubt' ? [o.reason] : [],
  )
  const why = reasons[0] ?? 'it was refused'
  const sentence = `the message was not accepted: ${why}`
  return faultIn(outcomes) === undefined
    ? new MailError(
        'NOT_ACCEPTED',
        `${sentence}; there is no queue_dir to keep it in, so send it again later`,
      )
    : new MailError('CONFIG_INVALID', `${sentence}; there is no queue_dir to keep it in`)
}

/** Why nobody can send with this set-up until somebody mends it. */
function faultIn(outcomes: readonly RecipientOutcome[]): string | undefined {
  const fault = outcomes.find(
    (each) => each.status === 'deferred' && (each.trouble === 'setup' || each.trouble === 'uncounted'),
  )
  return fault?.status === 'deferred' ? fault.reason : undefined
}

/** The fault as a member of a result, where there is one. */
function withFault(outcomes: readonly RecipientOutcome[]): Pick<SubmitResult, 'fault'> {
  const fault = faultIn(outcomes)
  return fault === undefined ? {} : { fault }
}

/** Nothing is kept of a message that is above a limit, where the site wants it so. */
function rejected({ envelope }: Submission, outcomes: readonly RecipientOutcome[]): SubmitResult | undefined {
  if (aboveLimit(outcomes)?.action !== 'discard') return undefined
  const [why] = outcomes.flatMap((outcome) => (outcome.status === 'deferred' ? [outcome.reason] : []))
  const problem = new MailError(
    'NOT_ACCEPTED',
    `the message was not accepted: ${why ?? ''}; send it again then`,
  )
  const nothing = { sent: [], queued: [], refused: [], reported: [], queueId: undefined }
  return { ...nothing, unaccepted: envelope.recipients, problem }
}

/** What is to be kept of a submission, and what an attempt brought for it. */
interface Rest {
  readonly message: NewMessage
  readonly outcomes: readonly RecipientOutcome[]
  readonly nextAttempt: number
  /** Where it goes. */
  readonly next: Disposition
}

/** A message that was stored, and the refused recipients of whom a report tells. */
interface Stored {
  readonly id: string
  readonly reported: readonly string[]
}

/** Not just to wait, or the sender is to be told: stored, told and put where it belongs before the caller hears. */
async function storeAndTell(
  queue: QueueStore,
  rest: Rest,
  settling: Omit<Settling, 'queue'>,
): Promise<Stored> {
  const { message, next, ...history } = rest
  const runner = await queue.openRunner('submit')
  try {
    const claim = await queue.enqueueClaimed(message, runner, history)
    try {
      await settleClaim(claim, next, { ...settling, queue })
    } catch (error) {
      // It is in the queue: the next run takes it up again and comes to the same end.
      settling.context.log.error('report.postponed', { id: claim.message.id, reason: describeError(error) })
    }
    return { id: claim.message.id, reported: reportedFailures(claim.message, settling.context) }
  } finally {
    await runner.close().catch(() => undefined)
  }
}

/** The message as the queue keeps it: for a part of its recipients, and with the way that was chosen for it. */
function newMessage({ content, account, server, handling }: Submission, envelope: Envelope): NewMessage {
  return {
    ...handling,
    envelope,
    content,
    ...(account === undefined ? {} : { account }),
    ...(server === undefined ? {} : { server }),
  }
}

/** What the queue has to keep: who did not get it, and everybody when the sender wants to hear of a success. */
function restOf(
  submission: Submission,
  outcomes: readonly RecipientOutcome[],
  context: DeliveryContext,
): Rest & { readonly settles: boolean; readonly gone: readonly RecipientOutcome[] } {
  const { envelope } = submission
  const { bounce, postmaster } = context.reports
  const told = bounce !== 'none' && (envelope.sender !== '' || postmaster !== undefined)
  const wantsSuccess = (recipient: string): boolean =>
    told && notifyFor(envelope.reports, recipient).includes('success')
  const isKept = (outcome: RecipientOutcome): boolean =>
    outcome.status !== 'delivered' || (outcome.reportsTaken !== true && wantsSuccess(outcome.recipient))
  const gone = outcomes.filter((each) => !isKept(each))
  const names = new Set(gone.map(({ recipient }) => recipient))
  const recipients = envelope.recipients.filter((recipient) => !names.has(recipient))
  const kept = outcomes.filter(isKept)
  const nextAttempt = firstRetry(context, outcomes)
  const tells =
    (told && kept.some(({ status }) => status === 'failed' || status === 'delivered')) ||
    kept.some(({ status }) => context.webhook?.events.has(status) === true)
  const above = aboveLimit(outcomes)
  return {
    message: newMessage(submission, { ...envelope, recipients }),
    outcomes: kept,
    nextAttempt,
    next: above ?? { action: 'retry', at: nextAttempt },
    settles: tells || above !== undefined,
    gone,
  }
}

/** Tells the application of what the queue will not tell it of. */
async function tell(
  { envelope, content, account, queue, handling }: Submission,
  outcomes: readonly RecipientOutcome[],
  { queued, queueId }: Pick<SubmitResult, 'queued' | 'queueId'>,
  context: DeliveryContext,
): Promise<void> {
  if (context.webhook === undefined) return
  const { tellSubmission } = await import('./outbox/tell.ts')
  const batch = handling?.batch
  await tellSubmission({ envelope, content, account, batch, queue, queueId, queued, outcomes }, context)
}

/** Stores what was not delivered, and tells the application of the rest; a problem is a result, not an exception. */
async function storeRest(
  submission: Submission,
  outcomes: readonly RecipientOutcome[],
  context: DeliveryContext,
): Promise<SubmitResult> {
  const { envelope, content, queue, transport } = submission
  const { sent, refused, left } = sortOutcomes(envelope, outcomes)
  const base = { sent, refused, reported: [], queued: [], unaccepted: left, queueId: undefined }
  const final = outcomes.filter(({ status }) => status === 'delivered' || status === 'failed')
  if (queue === undefined) {
    await tell(submission, final, base, context)
    return { ...base, problem: left.length > 0 ? notAccepted(outcomes) : undefined }
  }
  const { settles, gone, ...rest } = restOf(submission, outcomes, context)
  if (rest.message.envelope.recipients.length === 0) {
    await tell(submission, gone, base, context)
    return { ...base, unaccepted: [], problem: undefined }
  }
  try {
    const { id, reported } = settles
      ? await storeAndTell(queue, rest, { context, remote: transport?.name ?? '' })
      : { id: await queue.enqueue(rest.message, rest), reported: [] }
    await tell(submission, gone, { queued: left, queueId: id }, context)
    const waiting = { ...rest.message.envelope, recipients: left }
    const attempts = outcomes.length > 0 ? 1 : 0
    if (left.length > 0) await reportQueued(context, { envelope: waiting, content, id, attempts })
    const kept = left.length + refused.length > 0
    const queueId = kept ? id : undefined
    const fault = withFault(outcomes)
    return { ...base, reported, queued: left, unaccepted: [], queueId, problem: undefined, ...fault }
  } catch (error) {
    const problem =
      error instanceof MailError ? error : new MailError('QUEUE_IO', describeError(error), { cause: error })
    await tell(submission, final, base, context)
    return { ...base, problem }
  }
}

async function sendFirst(submission: Submission, context: DeliveryContext): Promise<SubmitResult> {
  const { transport, envelope, content, account } = submission
  const start = process.uptime()
  const outcomes =
    transport === undefined
      ? NOT_TRIED
      : await sendPatiently(transport, { envelope, content }, callersPatience(submission))
  const duration = Math.round((process.uptime() - start) * 1000)
  const result = rejected(submission, outcomes) ?? (await storeRest(submission, outcomes, context))
  // Stored first, told afterwards: a slow plug-in must not stand between a failure and the queue.
  if (transport !== undefined) {
    const subject = { envelope, content, id: result.queueId, attempts: 1, account, server: transport.name }
    await reportAttempt(context, subject, { outcomes, duration })
  }
  return result
}

/** What an attempt for a message that was stored first means to its sender. */
export function claimResult(
  claim: Claim,
  { outcomes, settled }: AttemptResult,
  context: DeliveryContext,
): SubmitResult {
  const isOurs = settled !== 'discarded' && settled !== 'taken'
  const { sent, refused, left } = sortOutcomes(
    { ...claim.message.envelope, recipients: claim.pending },
    outcomes,
  )
  return {
    sent,
    refused,
    reported: isOurs ? reportedFailures(claim.message, context) : [],
    queued: settled === 'discarded' ? [] : left,
    unaccepted: [],
    queueId: settled === 'done' ? undefined : claim.message.id,
    problem: undefined,
    ...withFault(outcomes),
  }
}

async function storeFirst(submission: Submission, context: DeliveryContext): Promise<SubmitResult> {
  const { queue, transport } = submission
  if (queue === undefined) {
    throw new MailError('CONFIG_INVALID', 'spool = first needs queue_dir; set it, or use spool = fallback')
  }
  if (transport === undefined) return storeRest(submission, NOT_TRIED, context)
  const runner = await queue.openRunner('submit')
  try {
    const claim = await queue.enqueueClaimed(newMessage(submission, submission.envelope), runner)
    const delivering = { queue, claim, transport, context, isNew: true } as const
    const attempt = await attemptClaim(delivering, callersPatience(submission))
    const refused = attempt.settled === 'discarded' ? rejected(submission, attempt.outcomes) : undefined
    return refused ?? claimResult(claim, attempt, context)
  } finally {
    // What became of the message is decided: to fail now would make the caller send it again.
    await runner.close().catch(() => undefined)
  }
}

/** Where nobody can tell, mail that belongs to no batch goes its way: the queue may be none of the caller's business. */
async function isSuspended(queue: QueueStore, batch: string | undefined): Promise<boolean> {
  try {
    return (await suspensionOf(queue, batch)) !== undefined
  } catch {
    return batch !== undefined
  }
}

/** A message that is not to be sent yet is queued, whatever else would be done with it. */
async function mustWait({ handling, queue }: Submission, { clock }: DeliveryContext): Promise<boolean> {
  if ((handling?.notBefore ?? 0) <= clock.now()) {
    return queue !== undefined && (await isSuspended(queue, handling?.batch))
  }
  if (queue !== undefined) return true
  throw new MailError(
    'CONFIG_MISSING',
    'a message that is to be sent later needs a queue to wait in; set queue_dir',
  )
}

/** A caller waits until the body starts. With a queue, a server that is known to be down is not waited for. */
function withGuard(submission: Submission, context: DeliveryContext): Submission {
  const { queue, account, server, guarded, submitTimeout } = submission
  if (submission.transport === undefined) return submission
  const transport =
    submitTimeout === undefined ? submission.transport : withinTime(submission.transport, submitTimeout)
  if (queue === undefined || guarded === true) return { ...submission, transport }
  const guard = { ...context, queue, account, server }
  return { ...submission, transport: guardAccount(transport, 'submission', guard) }
}

/**
 * Takes a message.
 *
 * @returns what became of each recipient; the promise rejects only when nothing at all was done
 * @throws MailError QUEUE_* when the spool mode wants the message stored first and it could not be
 */
export async function submit(submission: Submission, context: DeliveryContext): Promise<SubmitResult> {
  const guarded = withGuard(submission, context)
  switch ((await mustWait(submission, context)) ? 'only' : guarded.spool) {
    case 'fallback':
      return sendFirst(guarded, context)
    case 'first':
      return storeFirst(guarded, context)
    case 'only':
      if (guarded.queue === undefined) {
        throw new MailError(
          'CONFIG_INVALID',
          'the message is to be queued only, but there is no queue_dir; set it',
        )
      }
      return storeRest(guarded, NOT_TRIED, context)
  }
}
