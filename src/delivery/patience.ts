/**
 * How long a sender waits for the server. A stop before the last byte of the message costs nothing: the message
 * was not sent. After it, only the reply tells whether the server has the message, and whoever does not wait for
 * the reply has to live with a recipient in doubt.
 */
import { describeError } from '../errors/errno.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

/** When to stop waiting. */
export interface Patience {
  /** Asks to stop. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the server must be ready for the body. */
  readonly untilBody?: number | undefined
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
    const { awaitReply } = patience
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
    // A signal of one's own for each message costs as much as a third of sending it.
    return await (patience.untilBody === undefined
      ? transport.send(patient, patience.signal)
      : sendInTime(transport, patient, patience, patience.untilBody))
  } catch (error) {
    const reason = describeError(error)
    return delivery.envelope.recipients.map((recipient) =>
      mayBeThere
        ? { status: 'in-doubt', recipient, reason }
        : { status: 'deferred', scope: 'host', recipient, reason },
    )
  }
}

async function sendInTime(
  transport: Transport,
  delivery: Delivery,
  { signal }: Patience,
  untilBody: number,
): Promise<RecipientOutcome[]> {
  const stopper = new AbortController()
  const stop = (): void => {
    stopper.abort(signal?.reason)
  }
  const timer = setTimeout(() => {
    stopper.abort(new Error(`the server was not ready for the message within ${untilBody / 1000} s`))
  }, untilBody)
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
