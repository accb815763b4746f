/**
 * Why an attempt was stopped, in words: those of whoever stopped it, where they gave any.
 */

/**
 * The reason that an aborted signal carries.
 *
 * @param otherwise what to say when it carries none
 */
export function interruption(signal: AbortSignal | undefined, otherwise: string): string {
  const reason: unknown = signal?.reason
  return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : otherwise
}
