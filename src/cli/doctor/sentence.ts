/**
 * Sentences of ours say what is wrong and, after a semicolon, what to do about it.
 */

/** Takes a sentence apart; `otherwise` is the remedy where it has none. */
export function splitSentence(
  sentence: string,
  otherwise: string,
): { readonly why: string; readonly remedy: string } {
  const at = sentence.lastIndexOf('; ')
  if (at === -1) return { why: sentence, remedy: otherwise }
  return { why: sentence.slice(0, at), remedy: sentence.slice(at + 2) }
}
