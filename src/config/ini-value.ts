/**
 * What stands right of the `=` in one line of an ini file: where the value ends and a comment begins, and
 * whether the value is in quotes. Decides only what belongs to the value; nothing is unescaped here.
 */

/** The extent of a value. */
type ScannedValue =
  | { readonly kind: 'plain'; readonly text: string }
  /** `body` is what stands between the quotes, escapes included. */
  | { readonly kind: 'quoted'; readonly quote: '"' | "'"; readonly body: string }
  /** A quote was opened and never closed. */
  | { readonly kind: 'unclosed' }

/** Index of the quote that ends the one at index 0; -1 if there is none. Only `"` knows the backslash. */
function closingQuote(text: string): number {
  const quote = text[0]
  for (let index = 1; index < text.length; index++) {
    if (quote === '"' && text[index] === '\\') index++
    else if (text[index] === quote) return index
  }
  return -1
}

function quoteAt(text: string): '"' | "'" | undefined {
  return text.startsWith('"') ? '"' : text.startsWith("'") ? "'" : undefined
}

function withoutComment(text: string): string {
  const comment = text.search(/\s[;#]/)
  return (comment === -1 ? text : text.slice(0, comment)).trim()
}

/**
 * The extent of an ordinary value. A comment begins at a blank followed by `;` or `#`, outside quotes. Quotes
 * that end before the value does, as in `"Ann" <ann@site.example>`, are part of the value.
 *
 * @param rest everything after the delimiter, blanks included
 */
export function scanValue(rest: string): ScannedValue {
  const text = rest.trim()
  const quote = quoteAt(text)
  if (quote === undefined) return { kind: 'plain', text: withoutComment(rest) }
  const end = closingQuote(text)
  if (end === -1) return { kind: 'unclosed' }
  const tail = text.slice(end + 1)
  if (withoutComment(tail) === '') return { kind: 'quoted', quote, body: text.slice(1, end) }
  const lead = /^\s*/.exec(tail)?.[0] ?? ''
  return { kind: 'plain', text: text.slice(0, end + 1) + lead + withoutComment(tail) }
}

/**
 * The extent of a secret: the whole rest of the line, comment signs included. It is in quotes only when it
 * begins and ends with the same quote and has none in between; otherwise the quotes belong to the secret.
 */
export function scanSecret(rest: string): ScannedValue {
  const text = rest.trim()
  const quote = quoteAt(text)
  if (quote === undefined || text.length < 2 || closingQuote(text) !== text.length - 1)
    return { kind: 'plain', text }
  return { kind: 'quoted', quote, body: text.slice(1, -1) }
}
