/**
 * Words of foreign servers and senders, made safe to stand in a message of ours: on one line, of limited length,
 * and with nothing that ends a line, turns the direction of text or hides. Never fails.
 */

/** Control, format (bidirectional ones too) and separator characters, blanks, and halves of surrogate pairs. */
const UNSAFE = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu

/**
 * Makes any text one clean line.
 *
 * @param text from anywhere
 * @param longest in characters; what is longer is cut and ends in `...`
 * @returns the text with each run of blanks and unsafe characters as one blank, possibly empty
 */
export function foreignText(text: string, longest: number): string {
  const clean = text.replace(UNSAFE, ' ').trim()
  if (clean.length <= longest) return clean
  // The last character may be half of one.
  const characters = Array.from(clean.slice(0, longest + 1)).slice(0, -1)
  return `${characters.join('').trimEnd()}...`
}

/** The same for a place that holds printable ASCII only: every other character is a question mark. */
export function foreignAscii(text: string, longest: number): string {
  return foreignText(text, longest).replace(/[^ -~]/gu, '?')
}
