/**
 * Waiting for a client: no longer than it may be silent, and not at all once this process is asked to end. What was
 * waited for may still come later; nobody looks at it then.
 */

/** Why the client is not waited for any more. */
export type Stop = 'idle' | 'signal'

/** How long a client is waited for. */
export interface Patience {
  /** Milliseconds of silence. */
  readonly idle: number
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal
}

/**
 * Waits for something that a client does.
 *
 * @returns its result, or why it was not waited for
 * @throws what `work` rejects with
 */
export async function within<T>(
  work: Promise<T>,
  { idle, signal }: Patience,
): Promise<{ readonly done: T } | { readonly stop: Stop }> {
  let end: () => void = () => undefined
  const stopped = new Promise<{ stop: Stop }>((resolve) => {
    const asked = () => resolve({ stop: 'signal' })
    const timer = setTimeout(() => resolve({ stop: 'idle' }), idle)
    signal.addEventListener('abort', asked)
    if (signal.aborted) asked()
    end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', asked)
    }
  })
  try {
    return await Promise.race([stopped, work.then((done) => ({ done }))])
  } finally {
    end()
  }
}
