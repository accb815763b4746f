/**
 * Delivery over SMTP to the configured smarthost. Each recipient gets exactly one outcome; a failure is never
 * thrown. Connections are kept for the next message. A reused connection that turns out dead before the
 * server wanted the message is replaced once, silently: nothing can be sent twice by that.
 */
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { nullLogger, type Logger } from '../logging/logger.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import { ConnectionPool } from './connection-pool.ts'
import { SmtpConnection } from './connection.ts'
import { classify, isTooManyRecipients, refusal, type Failure } from './failure.ts'
import { refuseMessage, refuseRecipient } from './preflight.ts'
import { oneLine, parseReply, remoteQueueId } from './reply.ts'
import type { TransactionResult } from './transaction.ts'
import type { Delivery, Transport } from './transport.ts'

/** One delivery under way: what is decided, and the promise to announce the last byte once. */
interface Attempt {
  readonly delivery: Delivery
  readonly signal: AbortSignal | undefined
  readonly outcomes: Map<string, RecipientOutcome>
  readonly onBodyStart: () => void
  readonly beforeLastByte: () => void
}

/** What a transaction means for the recipients that were not in it. */
interface BatchEnd {
  /** To be tried in another transaction: the server takes no more in one. */
  readonly again: readonly string[]
  /** Why the rest of the message need not be tried now. */
  readonly stop?: Failure
}

/** Sends over SMTP. Safe to call concurrently: what exceeds the allowed connections waits. */
export class SmtpTransport implements Transport {
  readonly name: string
  readonly #settings: SmtpSettings
  readonly #pool: ConnectionPool

  /**
   * @param settings the smarthost; nothing is opened before the first message
   * @param log gets the SMTP dialogue when it wants debug events
   */
  constructor(settings: SmtpSettings, log: Logger = nullLogger) {
    this.name = `smtp://${settings.host}:${settings.port}`
    this.#settings = settings
    this.#pool = new ConnectionPool(settings, log)
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { recipients } = delivery.envelope
    const outcomes = new Map<string, RecipientOutcome>()
    const attempt: Attempt = {
      delivery,
      signal,
      outcomes,
      onBodyStart: onlyOnce(delivery.onBodyStart),
      beforeLastByte: () => delivery.beforeLastByte?.(),
    }
    let rest: readonly string[] = recipients
    while (rest.length > 0) {
      const batch = rest.slice(0, Math.max(1, this.#settings.maxRecipients))
      const { again, stop } = await this.#sendBatch(attempt, batch)
      rest = [...again, ...rest.slice(batch.length)]
      const failure = stop ?? (rest.length > 0 ? await announce(attempt, batch, again) : undefined)
      if (failure === undefined) continue
      for (const recipient of rest) outcomes.set(recipient, refusal(recipient, failure))
      break
    }
    return recipients.map((recipient) => outcomes.get(recipient) ?? refusal(recipient, UNDECIDED))
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #sendBatch(attempt: Attempt, batch: readonly string[]): Promise<BatchEnd> {
    const connection = await this.#pool.acquire(attempt.signal)
    if (!(connection instanceof SmtpConnection)) return refuseAll(attempt, batch, connection)
    const reused = connection.transactions > 0
    const first = await runBatch(connection, attempt, batch)
    if (!reused || !first.dead || attempt.signal?.aborted === true) {
      this.#pool.release(connection)
      return conclude(attempt, first)
    }
    const fresh = await this.#pool.renew(connection, attempt.signal)
    if (!(fresh instanceof SmtpConnection)) return refuseAll(attempt, batch, fresh)
    const second = await runBatch(fresh, attempt, batch)
    this.#pool.release(fresh)
    return conclude(attempt, second)
  }
}

/** Lets the caller store what a transaction brought before the next one begins. */
async function announce(
  { delivery, outcomes }: Attempt,
  batch: readonly string[],
  again: readonly string[],
): Promise<Failure | undefined> {
  if (delivery.onOutcomes === undefined) return undefined
  const settled = batch.filter((recipient) => !again.includes(recipient))
  try {
    await delivery.onOutcomes(settled.flatMap((recipient) => outcomes.get(recipient) ?? []))
    return undefined
  } catch (error) {
    return { phase: 'local', reason: oneLine(describeError(error)) }
  }
}

const UNDECIDED: Failure = { phase: 'mail', reason: 'the server gave no answer for this recipient' }

/** Wraps the announcement so that a message in several transactions makes it once. */
function onlyOnce(announce: (() => void) | undefined): () => void {
  let pending = announce
  return () => {
    pending?.()
    pending = undefined
  }
}

/** The recipients a transaction was for, and how it ended. */
interface BatchResult {
  readonly named: readonly string[]
  readonly result: TransactionResult | undefined
  readonly refused: Failure | undefined
  readonly dead: boolean
}

/** Checks what can be checked here, then runs the transaction with what is left. */
async function runBatch(
  connection: SmtpConnection,
  attempt: Attempt,
  batch: readonly string[],
): Promise<BatchResult> {
  const { envelope, content, id } = attempt.delivery
  const { capabilities } = connection
  const refused = refuseMessage(envelope.sender, content, capabilities)
  if (refused !== undefined) return { named: batch, result: undefined, refused, dead: false }
  const named = batch.filter((recipient) => {
    const failure = refuseRecipient(recipient, capabilities)
    if (failure !== undefined) attempt.outcomes.set(recipient, refusal(recipient, failure))
    return failure === undefined
  })
  if (named.length === 0) return { named, result: undefined, refused: undefined, dead: false }
  const { onBodyStart, beforeLastByte, signal } = attempt
  const { awaitReply = false } = attempt.delivery
  const request = {
    sender: envelope.sender,
    recipients: named,
    content,
    onBodyStart,
    beforeLastByte,
    awaitReply,
  }
  const result = await connection.send(request, { id, signal })
  return { named, result, refused: undefined, dead: result.status === 'failed' && result.dead }
}

function refuseAll(attempt: Attempt, recipients: readonly string[], failure: Failure): BatchEnd {
  for (const recipient of recipients) attempt.outcomes.set(recipient, refusal(recipient, failure))
  return { again: [], stop: failure }
}

/** Turns the end of a transaction into outcomes. */
function conclude(attempt: Attempt, { named, result, refused }: BatchResult): BatchEnd {
  if (refused !== undefined) return refuseAll(attempt, named, refused)
  if (result === undefined) return { again: [] }
  const again: string[] = []
  const { outcomes } = attempt
  const someTaken = result.rejected.length < named.length
  for (const { recipient, failure } of result.rejected) {
    if (result.status === 'accepted' && someTaken && isTooManyRecipients(failure)) again.push(recipient)
    outcomes.set(recipient, refusal(recipient, failure))
  }
  const refusedAlone = new Set(result.rejected.map(({ recipient }) => recipient))
  const others = refusedAlone.size === 0 ? named : named.filter((one) => !refusedAlone.has(one))
  const outcomeOf = outcomeMaker(result)
  for (const recipient of others) outcomes.set(recipient, outcomeOf(recipient))
  const stop = stopAfter(result)
  return stop === undefined ? { again } : { again, stop }
}

/** What the end of a transaction is for a recipient that was not refused by itself. */
function outcomeMaker(result: TransactionResult): (recipient: string) => RecipientOutcome {
  if (result.status === 'accepted') {
    const { text } = parseReply(result.response)
    const remoteId = remoteQueueId(text)
    const facts = remoteId === undefined ? { reply: text } : { reply: text, remoteId }
    return (recipient) => ({ status: 'delivered', recipient, ...facts })
  }
  if (result.status === 'failed') return (recipient) => refusal(recipient, result.failure)
  return (recipient) => ({ status: 'in-doubt', recipient, reason: result.reason })
}

function stopAfter(result: TransactionResult): Failure | undefined {
  if (result.status === 'accepted') return undefined
  if (result.status === 'in-doubt')
    return { phase: 'connect', reason: `not tried: ${result.reason}`, underWay: true }
  return classify(result.failure).scope === 'recipient' ? undefined : result.failure
}
