/**
 * Why an attempt was stopped, in words: those of whoever stopped it, where they gave any. And whose fault that is: nobody's
 * when somebody wanted to end, the server's when it had its time.
 */
import type { Failure, Phase } from './failure.ts'

/** The reason of a signal that ends an attempt because the server has taken all the time that there was for it. */
export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp'
}

/**
 * The reason that an aborted signal carries.
 *
 * @param otherwise what to say when it carries none
 */
export function interruption(signal: AbortSignal | undefined, otherwise: string): string {
  const reason: unknown = signal?.reason
  return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : otherwise
}

/**
 * What a step on the way to a session that was stopped has failed with.
 *
 * @param phase the step
 * @param otherwise what to say when the signal carries no reason
 */
export function stoppedAt(phase: Phase, signal: AbortSignal | undefined, otherwise: string): Failure {
  const isLate = signal?.reason instanceof TimeIsUp
  return { phase: isLate ? phase : 'local', reason: interruption(signal, otherwise) }
}
