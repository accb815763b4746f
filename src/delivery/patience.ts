/**
 * How long a sender waits for the server. A stop before the last byte of the message costs nothing: the message
 * was not sent. After it, only the reply tells whether the server has the message, and whoever does not wait for
 * the reply has to live with a recipient in doubt.
 */
import { describeError } from '../errors/errno.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import { TimeIsUp } from '../transport/interruption.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

/** When to stop waiting. */
export interface Patience {
  /** Asks to stop. */
  readonly signal?: AbortSignal | undefined
  /** Waits for the reply to a message that was handed over completely, whatever the signal says. */
  readonly awaitReply: boolean
}

/**
 * Makes one attempt with limited patience. Resolves as the transport does; a transport that fails in a way that it should
 * not, because a part of the program cannot be loaded for instance, leaves the recipients to a later attempt.
 */
export async function sendPatiently(
  transport: Transport,
  delivery: Delivery,
  patience: Patience,
): Promise<RecipientOutcome[]> {
  let mayBeThere = false
  const beforeLastByte = (): void => {
    delivery.beforeLastByte?.()
    mayBeThere = true
  }
  try {
    const { envelope, content, id, onBodyStart, onOutcomes } = delivery
    const { awaitReply, signal } = patience
    // Written out, because a run makes one for each message.
    const patient = {
      envelope,
      content,
      id,
      onBodyStart,
      beforeLastByte,
      onOutcomes,
      awaitReply,
    } satisfies Record<keyof Delivery, unknown>
    return await transport.send(patient, signal)
  } catch (error) {
    const reason = describeError(error)
    return delivery.envelope.recipients.map((recipient) =>
      mayBeThere
        ? { status: 'in-doubt', recipient, reason }
        : { status: 'deferred', scope: 'host', recipient, reason },
    )
  }
}

/**
 * A transport whose server must be ready for the message in time. Whoever knows that it is not to be asked now stands
 * before this one, so that no clock runs for nothing. A server that gives no session in that time cannot be used; one that
 * takes long for a message may have its reasons.
 *
 * @param limit milliseconds until the body of a message starts
 */
export function withinTime(transport: Transport, limit: number): Transport {
  return {
    name: transport.name,
    send: (delivery, signal) => sendInTime(transport, { delivery, signal, limit }),
    ...(transport.ready === undefined
      ? {}
      : { ready: (signal?: AbortSignal) => transport.ready?.(signal) ?? Promise.resolve(undefined) }),
    close: () => transport.close(),
  }
}

interface TimedDelivery {
  readonly delivery: Delivery
  readonly signal: AbortSignal | undefined
  readonly limit: number
}

async function sendInTime(
  transport: Transport,
  { delivery, signal, limit }: TimedDelivery,
): Promise<RecipientOutcome[]> {
  const stopper = new AbortController()
  const stop = (): void => {
    stopper.abort(signal?.reason)
  }
  const timer = setTimeout(() => {
    stopper.abort(new TimeIsUp(`the server was not ready for the message within ${limit / 1000} s`))
  }, limit)
  const onBodyStart = (): void => {
    clearTimeout(timer)
  }
  if (signal?.aborted === true) stop()
  signal?.addEventListener('abort', stop)
  try {
    return await transport.send({ ...delivery, onBodyStart }, stopper.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
