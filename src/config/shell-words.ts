/**
 * Splits a command line into words with the quotes of a shell, and nothing else of a shell: no variable, no pattern, no
 * pipe. A character that would mean more to a shell is refused unless it is quoted, so that no line means one thing here
 * and another there.
 */

/** What a shell would not take as a plain character. */
const SPECIAL = /[|&;<>()$`*?[\]{}!#~\n]/

interface Reading {
  readonly words: string[]
  readonly placeholder: RegExp | undefined
  word: string | undefined
  at: number
}

/** What a backslash can take the meaning from inside double quotes (POSIX, Shell Command Language 2.2.3). */
const ESCAPED_IN_DOUBLE_QUOTES = /[$`"\\]/

/** Takes a placeholder as it is. False when there is none. */
function readPlaceholder(text: string, reading: Reading): boolean {
  const { placeholder, at } = reading
  if (placeholder === undefined) return false
  placeholder.lastIndex = at
  const [whole] = placeholder.exec(text) ?? []
  if (whole === undefined) return false
  reading.word = (reading.word ?? '') + whole
  reading.at += whole.length - 1
  return true
}

/** Reads a part in quotes. False when it does not end. */
function readQuoted(text: string, reading: Reading, quote: string): boolean {
  for (reading.at++; reading.at < text.length; reading.at++) {
    const sign = text[reading.at] ?? ''
    if (sign === quote) return true
    if (quote === '"' && readPlaceholder(text, reading)) continue
    const next = text[reading.at + 1] ?? ''
    const escapes = quote === '"' && sign === '\\' && ESCAPED_IN_DOUBLE_QUOTES.test(next)
    // Between double quotes a shell puts in the values of variables and the output of commands.
    if (quote === '"' && (sign === '$' || sign === '`')) return false
    reading.word = (reading.word ?? '') + (escapes ? next : sign)
    if (escapes) reading.at++
  }
  return false
}

/**
 * The words of a command line.
 *
 * @param placeholder what stays as it is although it begins with a dollar sign; a sticky expression
 * @returns undefined for a line that means more, or something else, to a shell; and for one without words
 */
export function shellWords(text: string, placeholder?: RegExp): readonly string[] | undefined {
  const reading: Reading = { words: [], placeholder, word: undefined, at: 0 }
  for (; reading.at < text.length; reading.at++) {
    const sign = text[reading.at] ?? ''
    if (sign === ' ' || sign === '\t') {
      if (reading.word !== undefined) reading.words.push(reading.word)
      reading.word = undefined
    } else if (sign === "'" || sign === '"') {
      reading.word ??= ''
      if (!readQuoted(text, reading, sign)) return undefined
    } else if (sign === '\\') {
      reading.at++
      const next = text[reading.at]
      if (next === undefined) return undefined
      reading.word = (reading.word ?? '') + next
    } else if (readPlaceholder(text, reading)) continue
    else if (SPECIAL.test(sign)) return undefined
    else reading.word = (reading.word ?? '') + sign
  }
  if (reading.word !== undefined) reading.words.push(reading.word)
  return reading.words.length === 0 ? undefined : reading.words
}

/** Writes words so that {@link shellWords} reads the same ones. */
export function quoteShellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
