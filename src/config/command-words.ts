/**
 * A command as the words it consists of, without a shell: blanks separate, quotes join, a backslash outside of single
 * quotes takes the next character as it is. Nothing else has a meaning.
 */

const PIECE = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)/gy

/**
 * Splits a command.
 *
 * @returns its words; undefined when a quote is not closed, or nothing follows a backslash
 */
export function splitCommand(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  for (const match of text.matchAll(PIECE)) {
    const [piece, double, single, escaped, plain] = match
    at += piece.length
    const value = double?.replace(/\\(.)/g, '$1') ?? single ?? escaped ?? plain
    if (value !== undefined) word = (word ?? '') + value
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  if (at < text.length) return undefined
  return word === undefined ? words : [...words, word]
}

/** Writes words so that {@link splitCommand} reads the same ones. */
export function formatCommand(words: readonly string[]): string {
  const quoted = (word: string): string =>
    /^[^\s"'\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`
  return words.map(quoted).join(' ')
}
