/**
 * Work that several callers wait for at once, each as long as it wants: who gives up leaves the others alone, and the
 * work is broken off when the last one has given up.
 */
import { interruption } from './interruption.ts'

/** The work, under way or done. */
export interface SharedWork<T> {
  /** There is no result and there will be none: it has failed, or nobody waited until its end. */
  readonly lost: boolean
  /** The result, once it is there. */
  readonly value: T | undefined
  /**
   * Waits for the result.
   *
   * @param signal gives up
   * @throws what the work throws, or why the caller gave up
   */
  wait(signal?: AbortSignal): Promise<T>
}

/**
 * Begins.
 *
 * @param work is told when nobody waits any more
 * @param what it is, for the error of who gives up without a reason
 */
export function shareWork<T>(work: (signal: AbortSignal) => Promise<T>, what: string): SharedWork<T> {
  const allLeft = new AbortController()
  let waiting = 0
  let [ended, failed] = [false, false]
  let value: T | undefined
  const result = work(allLeft.signal).then(
    (found) => {
      ended = true
      return (value = found)
    },
    (error: unknown) => {
      ended = failed = true
      throw error
    },
  )
  // It may fail when nobody is there to be told.
  result.catch(() => undefined)
  const leave = (): void => {
    waiting--
    if (waiting === 0 && !ended) allLeft.abort()
  }
  return {
    get lost() {
      return failed || allLeft.signal.aborted
    },
    get value() {
      return value
    },
    wait: (signal) => {
      waiting++
      return new Promise<T>((resolve, reject) => {
        const giveUp = (): void => {
          leave()
          reject(new Error(interruption(signal, `interrupted while waiting for ${what}`)))
        }
        const settle = (): void => signal?.removeEventListener('abort', giveUp)
        result.finally(settle).then(resolve, reject)
        signal?.addEventListener('abort', giveUp, { once: true })
        if (signal?.aborted === true) giveUp()
      })
    },
  }
}
