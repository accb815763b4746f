/**
 * A random number generator with a seed, so that a test with generated input fails the same way each time.
 */

/** Draws numbers and choices that depend on the seed only. */
export interface Seeded {
  /** A whole number from 0 to below the limit. */
  below(limit: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  /** The bytes cut into chunks of random length, some of them empty. */
  chunks(bytes: Buffer): Buffer[]
}

/** Starts a generator (mulberry32). */
export function seeded(seed: number): Seeded {
  let state = seed
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  const chunks = (bytes: Buffer) => {
    const result: Buffer[] = []
    for (let start = 0; start < bytes.length;) {
      const end = start + below(5)
      result.push(bytes.subarray(start, end))
      start = end
    }
    return result
  }
  return { below, pick: (choices) => choices[below(choices.length)] ?? choices[0], chunks }
}
