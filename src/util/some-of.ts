/**
 * A list in a sentence: the first few, and how many more there are, since it may be very long.
 */

/** What a line names at the most. */
const NAMED = 10

/** The first few of a list, as the words of a sentence. */
export function someOf(items: readonly string[], separator = ', '): string {
  const more = items.length - NAMED
  const named = items.slice(0, NAMED).join(separator)
  return more > 0 ? `${named} and ${more} more` : named
}
