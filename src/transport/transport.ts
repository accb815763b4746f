/**
 * The contract of everything that can carry a message away: one attempt, one message, n recipients. A
 * transport never retries, never queues and never throws for a failed delivery: each recipient gets an outcome.
 */
import type { MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import type { RecipientOutcome, Refusal } from '../message/outcome.ts'

/** One message on its way out. */
export interface Delivery {
  readonly envelope: Envelope
  readonly content: MessageContent
  /** Queue id, for logs. */
  readonly id?: string | undefined
  /** Called once when the server is ready for the body (its 354 reply): the caller's patience may end here. */
  readonly onBodyStart?: (() => void) | undefined
  /**
   * Called synchronously, directly before the last byte of the message is handed over, in each transaction: from here on an
   * error leaves the outcome in doubt. If it throws, the message must not be completed and the recipients are
   * deferred with scope `host`.
   */
  readonly beforeLastByte?: (() => void) | undefined
  /**
   * Called after each transaction of a message that needs several, except the last, with the outcomes it brought;
   * the next one begins when the promise is fulfilled. When it is rejected, the rest is deferred with scope `host`.
   */
  readonly onOutcomes?: ((outcomes: readonly RecipientOutcome[]) => Promise<void>) | undefined
  /** Once the last byte is handed over, the signal is ignored and the reply awaited: nothing is left in doubt. */
  readonly awaitReply?: boolean | undefined
}

/** Carries messages to where they can be delivered. Safe to call concurrently. */
export interface Transport {
  /** For logs and listings, such as `smtp://mail.example:587`. */
  readonly name: string
  /**
   * Makes one attempt.
   *
   * @param delivery the message; its content is not closed
   * @param signal aborts the attempt: before the last byte the recipients are deferred (scope `host`), after
   *   it they are in doubt, unless the delivery says `awaitReply`
   * @returns exactly one outcome for each recipient of the envelope, in the envelope's order
   */
  send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]>
  /**
   * Makes sure that a message could be sent now: connects and logs in unless a connection is open, and keeps the
   * connection for the next message. A transport that has nothing to open leaves this out.
   *
   * @returns why no message can be sent, without a recipient; undefined when all is well
   */
  ready?(signal?: AbortSignal): Promise<Refusal | undefined>
  /** Ends idle connections and frees everything. Never rejects. */
  close(): Promise<void>
}
