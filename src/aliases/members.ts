/**
 * Where quotes, comments and commas are in the text of an alias. These functions only look at characters; they
 * never fail: a quote that is not closed reaches to the end of the text and is reported.
 */

/** Forms that take the rest of the text, commas included, because it is a sentence for people. */
const TAKES_THE_REST = /^\s*(?::fail:|:defer:|error:)/i

const CLOSING: Readonly<Record<string, string>> = { '"': '"', '<': '>', '(': ')' }

/** The text without the quotes around the whole of it, or the text itself when there are none. */
export function unquote(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1]
  return quoted === undefined ? text : quoted.replace(/\\(.)/gs, '$1')
}

/** The index behind the quoted part that opens at `start`; the text's length when it is not closed. */
function endOfEnclosed(text: string, start: number): number {
  const opening = text[start]
  const closing = opening === undefined ? undefined : CLOSING[opening]
  let nested = 0
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === closing && nested-- === 0) return i + 1
    else if (char === opening) nested++
  }
  return text.length + 1
}

/**
 * Removes `#` comments: from a `#` after white space, outside quotes, to the end of the physical line.
 *
 * @param text one or more lines, separated by line feeds
 */
export function withoutComments(text: string): string {
  let kept = ''
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ''
    if (char === '"') {
      const end = endOfEnclosed(text, i)
      kept += text.slice(i, end)
      i = end - 1
    } else if (char === '#' && (i === 0 || /\s/.test(text[i - 1] ?? ''))) {
      const newline = text.indexOf('\n', i)
      i = (newline === -1 ? text.length : newline) - 1
    } else {
      kept += char
    }
  }
  return kept
}

/**
 * Splits at the commas that are not inside quotes, angle brackets or parentheses; empty members are left out.
 *
 * @returns the members without the white space around them, and what is wrong with the text, if something is
 */
export function splitMembers(text: string): { members: string[]; problem: string | undefined } {
  const members: string[] = []
  let problem: string | undefined
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    if (i === start && TAKES_THE_REST.test(text.slice(i))) i = text.length
    const char = text[i]
    if (char === undefined || char === ',') {
      members.push(text.slice(start, i).trim())
      start = i + 1
    } else if (char === '\\') {
      i++
    } else if (char in CLOSING) {
      const end = endOfEnclosed(text, i)
      if (end > text.length) problem = `${char} is never closed with ${CLOSING[char] ?? ''}`
      i = end - 1
    }
  }
  return { members: members.filter((member) => member !== ''), problem }
}
