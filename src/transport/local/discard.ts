/**
 * Throws mail away, for machines that must never send any. Each message is logged; nothing else is left of it.
 */
import type { Logger } from '../../logging/logger.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import type { Delivery, Transport } from '../transport.ts'

/** Takes every message, and keeps none. */
export class DiscardTransport implements Transport {
  readonly name = 'discard:'
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  send({ envelope, id }: Delivery): Promise<RecipientOutcome[]> {
    const { sender, recipients } = envelope
    this.#log.warn('message.dropped', { id, sender, recipients })
    return Promise.resolve(
      recipients.map((recipient) => ({ status: 'delivered', recipient, reply: 'discarded' })),
    )
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
