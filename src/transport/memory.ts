/**
 * A transport that keeps what it is sent in memory, for tests of programs that send mail. It behaves like the
 * real one: an outcome for each recipient, and `beforeLastByte` before a message is complete.
 */
import { describeError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import { refusal, type Failure } from './failure.ts'
import type { Delivery, Transport } from './transport.ts'

/** A message that was delivered to at least one recipient. */
export interface KeptMessage {
  readonly sender: string
  /** Those it was delivered to. */
  readonly recipients: readonly string[]
  readonly data: Buffer
  readonly id: string | undefined
}

/** Says what becomes of a recipient; undefined means that it is delivered. */
export type OutcomeScript = (recipient: string, delivery: Delivery) => RecipientOutcome | undefined

/** Keeps messages instead of sending them. */
export class MemoryTransport implements Transport {
  readonly name = 'memory:'
  /** What was delivered, in order. */
  readonly messages: KeptMessage[] = []
  readonly #script: OutcomeScript

  /**
   * @param script the outcomes that are not "delivered". A refusal with scope `message` and the status
   *   `in-doubt` happen after the message was handed over, all other refusals before.
   */
  constructor(script: OutcomeScript = () => undefined) {
    this.#script = script
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { envelope, content, id } = delivery
    const stopped = (reason: string): RecipientOutcome[] => {
      const failure: Failure = { phase: 'local', reason }
      return envelope.recipients.map((recipient) => refusal(recipient, failure))
    }
    const outcomes = envelope.recipients.map(
      (recipient): RecipientOutcome =>
        this.#script(recipient, delivery) ?? { status: 'delivered', recipient, reply: '250 2.0.0 kept' },
    )
    try {
      const data = await readAll(content)
      if (signal?.aborted === true) return stopped('interrupted')
      if (outcomes.some(needsTheMessage)) {
        delivery.onBodyStart?.()
        delivery.beforeLastByte?.()
      }
      const taken = outcomes.filter(({ status }) => status === 'delivered')
      const recipients = taken.map(({ recipient }) => recipient)
      if (taken.length > 0) this.messages.push({ sender: envelope.sender, recipients, data, id })
    } catch (error) {
      return stopped(describeError(error))
    }
    return outcomes
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function needsTheMessage(outcome: RecipientOutcome): boolean {
  return outcome.status === 'delivered' || outcome.status === 'in-doubt' || outcome.scope === 'message'
}

async function readAll(content: MessageContent): Promise<Buffer> {
  const chunks: Buffer[] = []
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
