/**
 * Facts of this host that a short call asks for several times, and that hardly ever change: they are looked up at most once a
 * minute.
 */

/** How long an answer is good for, in seconds. */
const VALIDITY = 60

/**
 * Makes a look-up that remembers.
 *
 * @param look must not fail
 */
export function remembered<T>(look: () => T): () => T {
  let answer: { readonly value: T; readonly time: number } | undefined
  return () => {
    const now = process.uptime()
    if (answer === undefined || now - answer.time > VALIDITY) answer = { value: look(), time: now }
    return answer.value
  }
}
