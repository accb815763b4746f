/**
 * What comes from a message, a server or a caller must not drive the terminal it is shown on.
 */

/** Controls but line end and tab, and the characters that turn the direction of the text around them. */
const UNSAFE = new RegExp(String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]`, 'g')

/** Text with a question mark in the place of everything that a terminal would obey instead of show. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSAFE, '?')
}

/**
 * A value as JSON on one line, in which those characters are written as escapes: every byte of the value is there,
 * and {@link printable} finds nothing to replace.
 */
export function printableJson(value: unknown): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(UNSAFE, escape)}\n`
}
