/**
 * Delivery over SMTP or LMTP to the configured smarthost. Each recipient gets exactly one outcome; a failure is
 * never thrown. Connections are kept for the next message. A reused connection that turns out dead, and one on which
 * the server lost the thread, is replaced once, silently, before the server wanted the message: nothing can be sent
 * twice by that.
 */
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { nullLogger, type Logger } from '../logging/logger.ts'
import type { MessageContent } from '../message/content.ts'
import type { RecipientOutcome, Refusal } from '../message/outcome.ts'
import type { Capabilities } from './capabilities.ts'
import { conclude, refuseAll, type Attempt, type BatchEnd, type BatchResult } from './conclude.ts'
import { ConnectionPool } from './connection-pool.ts'
import { SmtpConnection } from './connection.ts'
import { refusal, refusalOf, type Failure, type Judge } from './failure.ts'
import { fitContent, fitsAsItIs, type FittedContent } from './fit-content.ts'
import { judgeOf } from './judge.ts'
import { refuseMessage, refuseRecipient } from './preflight.ts'
import { oneLine } from './reply.ts'
import { inGroups, nextBatch, type Batch } from './report-groups.ts'
import { serverName } from './server-name.ts'
import type { SrvResolver } from './srv.ts'
import type { Delivery, Transport } from './transport.ts'
import { verpSender } from './verp.ts'

/** Sends over SMTP or LMTP. Safe to call concurrently: what exceeds the allowed connections waits. */
export class SmtpTransport implements Transport {
  readonly name: string
  readonly #settings: SmtpSettings
  readonly #pool: ConnectionPool
  readonly #judge: Judge

  /**
   * @param settings the smarthost; nothing is opened before the first message
   * @param log gets the SMTP dialogue when it wants debug events
   * @param resolver looks the records of `srv` up; that of the system unless given
   */
  constructor(settings: SmtpSettings, log: Logger = nullLogger, resolver?: SrvResolver) {
    this.name = serverName(settings)
    this.#settings = settings
    this.#pool = new ConnectionPool(settings, log, resolver)
    this.#judge = judgeOf(settings)
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { envelope } = delivery
    const outcomes = new Map<string, RecipientOutcome>()
    const attempt: Attempt = {
      delivery,
      signal,
      outcomes,
      judge: this.#judge,
      onBodyStart: onlyOnce(delivery.onBodyStart),
      beforeLastByte: () => delivery.beforeLastByte?.(),
    }
    let rest = inGroups(envelope)
    while (rest.length > 0) {
      const { batch, again, stop } = await this.#sendBatch(attempt, rest)
      rest = [...again, ...rest.slice(batch.length)]
      const failure = stop ?? (rest.length > 0 ? await announce(attempt, batch, again) : undefined)
      if (failure === undefined) continue
      for (const recipient of rest) outcomes.set(recipient, refusal(recipient, failure, this.#judge))
      break
    }
    return envelope.recipients.map(
      (recipient) => outcomes.get(recipient) ?? refusal(recipient, UNDECIDED, this.#judge),
    )
  }

  async ready(signal?: AbortSignal): Promise<Refusal | undefined> {
    const failure = await this.#pool.warm(signal)
    return failure === undefined ? undefined : refusalOf(failure, this.#judge)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  /** Sends to the first of those who are left, as many as can go in one transaction. */
  async #sendBatch(attempt: Attempt, rest: readonly string[]): Promise<BatchEnd> {
    const connection = this.#pool.take(attempt.signal) ?? (await this.#pool.acquire(attempt.signal))
    if (!(connection instanceof SmtpConnection)) return refuseAll(attempt, rest, connection)
    const reused = connection.idleSince > 0
    const first = await this.#runBatch(connection, attempt, rest)
    const renew = first.renewal === 'sequence' || (reused && first.renewal === 'dead')
    if (!renew || attempt.signal?.aborted === true) {
      this.#pool.release(connection)
      return conclude(attempt, first)
    }
    const fresh = await this.#pool.renew(connection, attempt.signal)
    if (!(fresh instanceof SmtpConnection)) return refuseAll(attempt, rest, fresh)
    const second = await this.#runBatch(fresh, attempt, rest)
    this.#pool.release(fresh)
    return conclude(attempt, second)
  }

  /** When it rejects, the connection has been given back. */
  async #runBatch(
    connection: SmtpConnection,
    attempt: Attempt,
    rest: readonly string[],
  ): Promise<BatchResult> {
    const reports = connection.capabilities.dsn ? attempt.delivery.envelope.reports : undefined
    const { verp, maxRecipients } = this.#settings
    const batch = nextBatch(rest, reports, verp ? 1 : maxRecipients)
    const { sender } = attempt.delivery.envelope
    const [recipient = ''] = batch.recipients
    try {
      return await runBatch(connection, attempt, batch, verp ? verpSender(sender, recipient) : sender)
    } catch (error) {
      // Nobody knows where the dialogue stands, and whoever waits for a connection must not wait for this one.
      connection.cut()
      this.#pool.release(connection)
      throw error
    }
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

/** Content and sender as this server takes them, or why it will not. */
function prepare(
  { delivery: { content } }: Attempt,
  { capabilities }: SmtpConnection,
  sender: string,
): FittedContent | Failure | Promise<FittedContent | Failure> {
  const refused = refuseMessage(sender, content, capabilities)
  return refused ?? fitsAsItIs(content, capabilities) ?? refit(content, capabilities, sender)
}

async function refit(
  content: MessageContent,
  capabilities: Capabilities,
  sender: string,
): Promise<FittedContent | Failure> {
  const fitted = await fitContent(content, capabilities)
  if ('phase' in fitted || fitted.content === content) return fitted
  return refuseMessage(sender, fitted.content, capabilities) ?? fitted
}

/** Checks what can be checked here, then runs the transaction with what is left. */
async function runBatch(
  connection: SmtpConnection,
  attempt: Attempt,
  { recipients: batch, reports }: Batch,
  sender: string,
): Promise<BatchResult> {
  const { envelope, id, awaitReply = false } = attempt.delivery
  const { capabilities } = connection
  const prepared = prepare(attempt, connection, sender)
  const fitted = prepared instanceof Promise ? await prepared : prepared
  if ('phase' in fitted) return { batch, named: batch, refused: fitted }
  const named = batch.filter((recipient) => {
    const failure = refuseRecipient(recipient, capabilities)
    if (failure !== undefined) attempt.outcomes.set(recipient, refusal(recipient, failure, attempt.judge))
    return failure === undefined
  })
  if (named.length === 0) return { batch, named }
  const { onBodyStart, beforeLastByte, signal } = attempt
  const request = {
    sender,
    recipients: named,
    content: fitted.content,
    eightBit: fitted.eightBit || (envelope.body === '8bitmime' && capabilities.eightBitMime),
    reports,
    onBodyStart,
    beforeLastByte,
    awaitReply,
  }
  const result = await connection.send(request, { id, signal })
  const renewal = result.status === 'failed' ? result.renewal : undefined
  return { batch, named, result, renewal, reportsTaken: reports !== undefined }
}
