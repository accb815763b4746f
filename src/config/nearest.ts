/**
 * The "did you mean": finds the known word that a misspelt one most likely stands for. Says nothing rather than
 * something far-fetched.
 */

/**
 * Edits that turn one word into the other: a character inserted, removed or replaced, or two neighbours swapped
 * (optimal string alignment).
 */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const replace = (last[column - 1] ?? 0) + (same ? 0 : 1)
      const remove = (last[column] ?? 0) + 1
      const insert = (current[column - 1] ?? 0) + 1
      const swap = swapped ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity
      current.push(Math.min(replace, remove, insert, swap))
    }
    beforeLast = last
    last = current
  }
  return last[to.length] ?? 0
}

/** A shorter word says too little to be looked for in others. */
const LEAST_PART = 4

/** Whether a word is a whole part of a longer one, or several in a row. */
const isPart = (word: string, of: string): boolean =>
  word.length >= LEAST_PART && word !== of && `_${of.replaceAll('-', '_')}_`.includes(`_${word}_`)

/** The one known word that a word is a part of; several are no answer. */
function onlyWhole(word: string, known: readonly string[]): string | undefined {
  const [whole, ...others] = known.filter((each) => isPart(word, each.toLowerCase()))
  return others.length === 0 ? whole : undefined
}

/** The edits between two words. What begins like the other lacks only its end, which counts as one. */
function cost(word: string, candidate: string): number {
  const edits = editDistance(word, candidate)
  if (edits > Math.floor(Math.max(word.length, candidate.length) / 3)) return Infinity
  return edits > 1 && (word.startsWith(candidate) || candidate.startsWith(word)) ? 1 : edits
}

/**
 * The known word nearest to a given one.
 *
 * @param word what was written; upper and lower case count as the same
 * @param known the words to choose from; the first of several equally near ones wins
 * @returns undefined when nothing is near: more than a third of the longer word would have to change, and it is not a
 *   part of exactly one of them
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.slice(0, 64).toLowerCase()
  const words = [...known]
  const whole = onlyWhole(wanted, words)
  let best: { word: string; cost: number } | undefined =
    whole === undefined ? undefined : { word: whole, cost: 2 }
  for (const candidate of words) {
    const found = cost(wanted, candidate.toLowerCase())
    if (found < (best?.cost ?? Infinity)) best = { word: candidate, cost: found }
  }
  return best?.word
}

/** `; did you mean "x"?`, or nothing when no known word is near. */
export function suggestion(word: string, known: Iterable<string>): string {
  const found = nearest(word, known)
  return found === undefined ? '' : `; did you mean "${found}"?`
}
