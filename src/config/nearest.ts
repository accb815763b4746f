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

/**
 * The known word nearest to a given one.
 *
 * @param word what was written; upper and lower case count as the same
 * @param known the words to choose from; the first of several equally near ones wins
 * @returns undefined when nothing is near: more than a third of the longer word would have to change
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.slice(0, 64).toLowerCase()
  let best: { word: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    const allowed = Math.floor(Math.max(wanted.length, candidate.length) / 3)
    if (distance <= allowed && (best === undefined || distance < best.distance))
      best = { word: candidate, distance }
  }
  return best?.word
}

/** `; did you mean "x"?`, or nothing when no known word is near. */
export function suggestion(word: string, known: Iterable<string>): string {
  const found = nearest(word, known)
  return found === undefined ? '' : `; did you mean "${found}"?`
}
