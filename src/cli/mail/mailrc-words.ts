/**
 * The text of a mailrc file as words. Every text has a result: what is not understood is words all the same, and an
 * open quote ends with its line. No word has a line break or a NUL.
 */

/** One logical line: what a backslash at the end of a line joins is one. */
export interface WordLine {
  /** Of the first line, counted from 1. */
  readonly line: number
  /** At least one, unquoted. */
  readonly words: readonly string[]
}

/** A quoted piece, an open quote, a comment, white space, or a run of other characters. */
const PIECE = /"((?:[^"\\]|\\.)*)(?:"|\\?$)|'([^']*)(?:'|$)|[ \t\f\v]+|[^ \t\f\v"']+/gy

/** Within double quotes a backslash takes the meaning from a quote and from itself, and stands for itself elsewhere. */
const unescaped = (text: string): string => text.replace(/\\(["\\])/g, '$1')

/**
 * Cuts a line into words. A quoted piece may stand anywhere in a word; `#` at the start of a word begins a comment.
 *
 * @param line without a line break
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const [piece, double, single] of line.matchAll(PIECE)) {
    if (/^[ \t\f\v]/.test(piece)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (word === undefined && piece.startsWith('#')) {
      return words
    } else {
      word = (word ?? '') + (double === undefined ? (single ?? piece) : unescaped(double))
    }
  }
  return word === undefined ? words : [...words, word]
}

/** The lines of a file that have words. LF and CRLF end a line. */
export function wordLines(text: string): WordLine[] {
  const found: WordLine[] = []
  let joined = ''
  let start = 1
  for (const [at, raw] of text
    .replaceAll('\0', '')
    .split(/\r?\n|\r/)
    .entries()) {
    if (joined === '') start = at + 1
    if (raw.endsWith('\\')) {
      joined += `${raw.slice(0, -1)} `
      continue
    }
    const words = splitWords(joined + raw)
    joined = ''
    if (words.length > 0) found.push({ line: start, words })
  }
  const rest = splitWords(joined)
  return rest.length > 0 ? [...found, { line: start, words: rest }] : found
}
