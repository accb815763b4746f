/**
 * Several transports as one: each takes what the one before it could not deliver for the time being. A recipient
 * that is in doubt is never handed to the next: that could send the message twice.
 */
import type { RecipientOutcome } from '../message/outcome.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

/** Joins transports, in the order they are tried. */
export function transportChain(transports: readonly Transport[]): Transport | undefined {
  const [first, ...others] = transports
  if (first === undefined || others.length === 0) return first
  return {
    name: transports.map((transport) => transport.name).join(', '),
    send: (delivery, signal) => sendThrough(transports, delivery, signal),
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()))
    },
  }
}

async function sendThrough(
  transports: readonly Transport[],
  delivery: Delivery,
  signal: AbortSignal | undefined,
): Promise<RecipientOutcome[]> {
  const outcomes = new Map<string, RecipientOutcome>()
  let rest = delivery.envelope.recipients
  for (const transport of transports) {
    const envelope = { ...delivery.envelope, recipients: rest }
    for (const outcome of await transport.send({ ...delivery, envelope }, signal))
      outcomes.set(outcome.recipient, outcome)
    rest = rest.filter((recipient) => outcomes.get(recipient)?.status === 'deferred')
    if (rest.length === 0 || signal?.aborted === true) break
  }
  return delivery.envelope.recipients.flatMap((recipient) => outcomes.get(recipient) ?? [])
}
