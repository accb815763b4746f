/** The mark that some editors put in front of a text in UTF-8, where it means nothing. */

/** The text without it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
