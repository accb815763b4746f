/**
 * One mail transaction: MAIL to the reply to the final dot, for one message and some recipients. It always
 * ends, within the configured times, with exactly one result, and it knows the difference between "the server
 * said no", "the server never got it" and "nobody knows".
 */
import type { SmtpTimeouts } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { MessageBody, type BodyHooks } from './body.ts'
import { DotReplies } from './dot-replies.ts'
import { isOutOfSequence, replyFailure, type Failure } from './failure.ts'
import { interruption } from './interruption.ts'
import { oneLine } from './reply.ts'
import type { TransactionReports } from './report-groups.ts'
import type { TransactionLimits } from './transaction-limits.ts'

/** An error of the protocol engine. */
export interface WireError extends Error {
  /** The engine's own name of the failure, such as `EENVELOPE`. */
  readonly code?: string | undefined
  /** The command that was answered: `MAIL FROM`, `RCPT TO`, `DATA`, or `CONN` for the connection itself. */
  readonly command?: string | undefined
  /** The server's reply; absent when there was none. */
  readonly response?: string | undefined
  readonly recipient?: string | undefined
}

/** The envelope as the engine wants it; the engine writes down in it what was accepted and what was not. */
interface WireEnvelope {
  from: string
  to: string[]
  size: number
  use8BitMime: boolean
  dsn?: { ret?: string; envid?: string; notify?: string[]; orcpt?: string }
  rejectedErrors: WireError[]
}

/** What a transaction needs of the protocol engine, the same for all transactions of a connection. */
export interface Wire {
  /** The signal and the time. */
  readonly limits: TransactionLimits
  /** In milliseconds. */
  readonly timeouts: SmtpTimeouts
  send(
    envelope: WireEnvelope,
    body: MessageBody,
    done: (error: WireError | null, info: { readonly response: string }) => void,
  ): void
  /** Cuts the connection without completing anything. */
  close(): void
  /** Octets that the server has sent so far; a wire that cannot tell leaves this out. */
  heard?(): number
  /**
   * LMTP only, where each recipient gets a reply after the dot: hands over what the server sends.
   *
   * @returns ends it
   */
  watch?(listener: (chunk: Buffer) => void): () => void
}

/** What is to be sent. */
export interface TransactionRequest {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly content: MessageContent
  /** The content may hold bytes over 127 or was declared as such, which is announced (RFC 6152). */
  readonly eightBit: boolean
  /** The delivery reports to ask for, about each recipient; left out when the server knows nothing of them. */
  readonly reports?: TransactionReports | undefined
  /** See `Delivery.onBodyStart`. */
  onBodyStart(): void
  /** See `Delivery.beforeLastByte`. */
  beforeLastByte(): void
  /** See `Delivery.awaitReply`. */
  readonly awaitReply: boolean
}

/** A recipient that was refused by the reply to RCPT. */
export interface Rejection {
  readonly recipient: string
  readonly failure: Failure
}

/** The end of a transaction. Recipients in `rejected` or `answered` are not concerned by the rest. */
export type TransactionResult = {
  readonly rejected: readonly Rejection[]
  /** With LMTP, the reply after the dot of each recipient that got one. */
  readonly answered: ReadonlyMap<string, string>
} & (
  | { readonly status: 'accepted'; readonly response: string }
  | {
      readonly status: 'failed'
      readonly failure: Failure
      /**
       * Why another connection may do, before the server wanted the message: this one was gone, or the server had
       * lost the thread (503).
       */
      readonly renewal: 'dead' | 'sequence' | undefined
    }
  | { readonly status: 'in-doubt'; readonly reason: string }
)

const NO_ANSWERS: ReadonlyMap<string, string> = new Map()

/** The request in the terms of the engine, which encodes the parameters (xtext, RFC 3461 section 4). */
function dsnOf({ ret, envid, notify = [], original }: TransactionReports): NonNullable<WireEnvelope['dsn']> {
  return {
    ...(ret === undefined ? undefined : { ret }),
    ...(envid === undefined ? undefined : { envid }),
    // it refuses what contradicts itself, and the message would wait for nothing
    ...(notify.length === 0 ? undefined : { notify: notify.includes('never') ? ['never'] : [...notify] }),
    ...(original === undefined ? undefined : { orcpt: original }),
  }
}

const TOO_EARLY: Failure = { phase: 'data', reason: 'the server answered before it had the message' }

class Transaction implements BodyHooks {
  readonly #wire: Wire
  readonly #signal: AbortSignal | undefined
  readonly #request: TransactionRequest
  readonly #envelope: WireEnvelope
  readonly #body: MessageBody
  readonly #resolve: (result: TransactionResult) => void
  /** Set with LMTP. */
  readonly #replies: DotReplies | undefined
  #unwatch: (() => void) | undefined
  readonly #interrupt = (): void => {
    if (this.#request.awaitReply && this.#body.handedOver) return
    this.#stop({ phase: 'local', reason: interruption(this.#signal, 'interrupted') })
  }
  #done = false

  constructor(
    wire: Wire,
    request: TransactionRequest,
    signal: AbortSignal | undefined,
    resolve: (result: TransactionResult) => void,
  ) {
    const { sender, recipients, content, eightBit, reports } = request
    this.#wire = wire
    this.#signal = signal
    this.#request = request
    this.#resolve = resolve
    this.#envelope = {
      from: sender,
      to: [...recipients],
      size: content.size,
      use8BitMime: eightBit,
      ...(reports === undefined ? undefined : { dsn: dsnOf(reports) }),
      rejectedErrors: [],
    }
    this.#replies = wire.watch === undefined ? undefined : new DotReplies(recipients.length)
    this.#body = new MessageBody(content, this)
  }

  beforeLastByte(): void {
    this.#request.beforeLastByte()
  }

  failed(error: unknown): void {
    this.#stop({ phase: 'local', reason: oneLine(describeError(error)) })
  }

  start(): void {
    if (this.#signal?.aborted === true) {
      this.#interrupt()
      return
    }
    this.#wire.limits.begin(this.#signal, this.#interrupt)
    this.#unwatch = this.#wire.watch?.((chunk) => this.#watched(chunk))
    this.#awaitReplies()
    this.#wire.send(this.#envelope, this.#body, (error, info) => {
      if (error !== null) this.#refused(error)
      else if (this.#body.handedOver) this.#accepted(info.response)
      else this.#stop(TOO_EARLY)
    })
  }

  /** A server that answers for one of a hundred recipients after the other is at work, however long it takes. */
  #awaitReplies(): void {
    const { command, data } = this.#wire.timeouts
    const limit = command + data
    const heard = this.#wire.heard?.()
    this.#wire.limits.within(limit, () => {
      const reason = `the server did not answer MAIL, RCPT or DATA within ${limit} ms`
      if (this.#wire.heard?.() !== heard) this.#awaitReplies()
      else this.#stop({ phase: 'connect', reason, underWay: true })
    })
  }

  /** With LMTP: one recipient after the other gets its reply, each within the time of a dot. */
  #watched(chunk: Buffer): void {
    const before = this.#replies?.complete.length ?? 0
    this.#replies?.push(chunk)
    const [reply] = this.#replies?.complete.slice(before) ?? []
    if (reply === undefined) return
    if (this.#body.handedOver) {
      this.#wire.limits.again()
      return
    }
    const failure = replyFailure('data', reply)
    const refused = failure.code !== undefined && failure.code >= 400
    this.#stop(refused ? failure : TOO_EARLY)
  }

  progress(step: 'wanted' | 'taken' | 'complete'): void {
    const { block, dot } = this.#wire.timeouts
    if (step === 'taken') this.#wire.limits.again()
    else if (step === 'wanted') {
      this.#arm(block, 'data', 'the server stopped taking the message')
      this.#request.onBodyStart()
    } else this.#arm(dot, 'dot', 'the message was sent, but no reply came')
  }

  #arm(ms: number, phase: 'data' | 'dot', what: string): void {
    this.#wire.limits.within(ms, () =>
      this.#stop({ phase, reason: `${what} within ${ms} ms`, underWay: true }),
    )
  }

  #accepted(response: string): void {
    if (this.#replies !== undefined) this.#handedOver('the server gave no reply for this recipient')
    else this.#finish({ status: 'accepted', response, rejected: this.#rejections(), answered: NO_ANSWERS })
  }

  /** Ends what was handed over: in doubt for everybody who has no reply of their own. */
  #handedOver(reason: string): void {
    const refused = new Set(this.#rejections().map(({ recipient }) => recipient))
    const accepted = this.#envelope.to.filter((recipient) => !refused.has(recipient))
    const answered = this.#replies?.assign(accepted, true) ?? NO_ANSWERS
    const rejected = this.#rejections()
    const response = [...answered.values()].at(-1) ?? ''
    if (answered.size === accepted.length) this.#finish({ status: 'accepted', response, rejected, answered })
    else this.#finish({ status: 'in-doubt', reason, rejected, answered })
  }

  #refused(error: WireError): void {
    const { command, response } = error
    if (this.#body.handedOver) {
      const failure = response === undefined ? undefined : replyFailure('dot', response)
      if (this.#replies !== undefined || failure?.code === undefined || failure.code < 400) {
        this.#stop(
          failure ?? { phase: 'dot', reason: oneLine(`no reply after the message: ${error.message}`) },
        )
      } else this.#failed(failure, false)
      return
    }
    if (response === undefined || command === 'CONN') {
      this.#lost(error)
      return
    }
    const phase = command === 'MAIL FROM' ? 'mail' : command === 'RCPT TO' ? 'rcpt' : 'data'
    this.#failed(replyFailure(phase, response), false)
  }

  /** The connection is gone and the message was not completed. */
  #lost(error: WireError): void {
    const { response } = error
    const phase = this.#body.started ? 'data' : 'connect'
    const reason = oneLine(`the connection was lost: ${describeError(error)}`)
    const failure: Failure = response === undefined ? { phase, reason } : replyFailure(phase, response)
    this.#failed({ ...failure, underWay: true }, error.code !== 'ETIMEDOUT')
  }

  /** Ends the transaction ourselves: in doubt when the message was handed over, else not sent. */
  #stop(failure: Failure): void {
    if (this.#done) return
    if (!this.#body.handedOver) this.#failed(failure, false)
    else this.#handedOver(failure.reason)
    this.#wire.close()
  }

  #failed(failure: Failure, lost: boolean): void {
    // a refused sender makes every RCPT fail too; those replies say nothing about the recipients
    const rejected = failure.phase === 'mail' ? [] : this.#rejections()
    const all = [failure, ...rejected.map((one) => one.failure)]
    const renewal = lost || failure.code === 421 ? 'dead' : all.some(isOutOfSequence) ? 'sequence' : undefined
    this.#finish({
      status: 'failed',
      failure,
      renewal: this.#body.started ? undefined : renewal,
      rejected,
      answered: NO_ANSWERS,
    })
  }

  #rejections(): Rejection[] {
    const errors = this.#envelope.rejectedErrors
    if (errors.length === 0) return []
    // with LMTP, the engine puts what was refused after the dot into the same list
    const refused = errors.filter(({ command }) => command === 'RCPT TO')
    return refused.map(({ recipient = '', response = '' }) => ({
      recipient,
      failure: replyFailure('rcpt', response),
    }))
  }

  #finish(result: TransactionResult): void {
    if (this.#done) return
    this.#done = true
    this.#wire.limits.end()
    this.#unwatch?.()
    // a reply in the middle of the message: the rest must not follow, or it would be completed after all
    if (this.#body.started && !this.#body.handedOver) this.#wire.close()
    this.#body.destroy()
    this.#resolve(result)
  }
}

/**
 * Runs one transaction.
 *
 * @param wire a connection that is ready for MAIL
 * @param request the message and its recipients, at least one
 * @param signal stops the attempt
 */
export function runTransaction(
  wire: Wire,
  request: TransactionRequest,
  signal: AbortSignal | undefined,
): Promise<TransactionResult> {
  return new Promise((resolve) => new Transaction(wire, request, signal, resolve).start())
}
