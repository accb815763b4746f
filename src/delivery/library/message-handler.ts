/**
 * The library's way to send: a list of transports and queues, tried in their order, and for each message the
 * answer what became of each recipient. A message that any of them took is accepted; nothing else is.
 */
import type { Handling, QueueStore } from '../../queue/store.ts'
import type { Transport } from '../../transport/transport.ts'
import { attemptClaim } from '../attempt.ts'
import { deliveryContext, type DeliveryContext } from '../context.ts'
import { handlingOf, type InProgressMessage } from './enqueue-message.ts'
import { givenEnvelope, type Addresses } from './given-envelope.ts'
import { prepareMessage, type MessageInput } from './prepare-message.ts'
import { claimResult, submit, type SubmitResult } from '../submit.ts'
import { transportChain } from '../transport-chain.ts'

/** What became of a message. */
export interface SendResult extends SubmitResult {
  /** True when every recipient's mail was sent or queued. */
  readonly accepted: boolean
  readonly messageId: string | undefined
}

function isQueue(each: Transport | QueueStore): each is QueueStore {
  return 'enqueue' in each
}

function isTransport(each: Transport | QueueStore): each is Transport {
  return !isQueue(each)
}

function sendResult(result: SubmitResult, messageId: string | undefined): SendResult {
  return { ...result, messageId, accepted: result.refused.length === 0 && result.unaccepted.length === 0 }
}

/** Sends messages through a list of transports and queues. */
export class MessageHandler {
  readonly #transport: Transport | undefined
  readonly #queue: QueueStore | undefined
  readonly #context: DeliveryContext

  /**
   * @param transports tried in this order until a recipient is served. What stands behind a queue is never
   *   reached, since a queue takes everything: `[smtp, queue]` sends first and queues on failure, `[queue]`
   *   always queues, `[smtp]` never does
   * @param context logs, plug-ins and retry policy; nothing is logged when left out
   */
  constructor(transports: readonly (Transport | QueueStore)[], context: Partial<DeliveryContext> = {}) {
    const queueAt = transports.findIndex(isQueue)
    const before = queueAt === -1 ? transports : transports.slice(0, queueAt)
    this.#transport = transportChain(before.filter(isTransport))
    this.#queue = transports.find(isQueue)
    this.#context = deliveryContext(context)
  }

  /**
   * Sends one message.
   *
   * @param message a message, or one that `enqueueMessage` stored with `inProgress`
   * @param to the envelope, and how the queue is to treat the message; not needed for a message that is in the queue already
   * @returns what became of each recipient; `accepted` is false when the caller has to do something
   * @throws MailError ADDRESS_INVALID, NO_RECIPIENTS, MESSAGE_MALFORMED or USAGE; nothing was done then
   */
  async sendMessage(message: InProgressMessage): Promise<SendResult>
  async sendMessage(message: MessageInput | InProgressMessage, to: Addresses & Handling): Promise<SendResult>
  async sendMessage(
    message: MessageInput | InProgressMessage,
    to?: Addresses & Handling,
  ): Promise<SendResult> {
    if (typeof message === 'object' && 'takeClaim' in message) return this.#sendClaimed(message)
    const addressed = givenEnvelope(to)
    const handling = handlingOf(to ?? {})
    const { content, messageId } = await prepareMessage(message, addressed.sender, this.#context.clock)
    try {
      const parts = { transport: this.#transport, queue: this.#queue, spool: 'fallback', handling } as const
      const result = await submit({ envelope: addressed, content, ...parts }, this.#context)
      return sendResult(result, messageId)
    } finally {
      content.close()
    }
  }

  async #sendClaimed(message: InProgressMessage): Promise<SendResult> {
    const { claim, queue, end } = message.takeClaim()
    try {
      if (this.#transport !== undefined) {
        const delivering = { queue, claim, transport: this.#transport, context: this.#context }
        const attempt = await attemptClaim(delivering)
        return sendResult(claimResult(claim, attempt, this.#context), undefined)
      }
      // What cannot be given back now is in the queue all the same, and a run recovers it.
      await claim.release().catch(() => undefined)
      const nothing = { sent: [], refused: [], reported: [], unaccepted: [], problem: undefined }
      return sendResult({ ...nothing, queued: claim.pending, queueId: claim.message.id }, undefined)
    } finally {
      await end()
    }
  }

  /** Ends the connections of the transports. Never rejects. */
  async close(): Promise<void> {
    await this.#transport?.close()
  }
}
