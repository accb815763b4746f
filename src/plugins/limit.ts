/**
 * A limit on how long somebody else's code may take. It cannot interrupt code that never gives the event loop
 * back; what it can do is stop waiting.
 */

/** Thrown when the limit is over. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded'
}

/**
 * Waits for the work, but not for ever.
 *
 * @param work called at once; may throw or reject, which is passed on
 * @param limit milliseconds
 * @returns what the work returns; rejects with {@link LimitExceeded} when it takes longer, and then whatever the
 *   work still does is ignored
 */
export async function withLimit<T>(work: () => T | Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new LimitExceeded(`no answer within ${limit / 1000} s`))
    }, limit)
  })
  try {
    return await Promise.race([(async () => work())(), over])
  } finally {
    clearTimeout(timer)
  }
}
