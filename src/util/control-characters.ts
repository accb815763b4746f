/**
 * Control characters (Unicode category Cc). A loop, because the classes of Unicode in a regular expression take longer to
 * compile than a short command may take.
 */

/** The control characters, as a part of a class in a regular expression. */
export const CONTROL = String.raw`\0-\x1f\x7f-\x9f`

/** Whether a text has a control character, line ends among them. */
export function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  }
  return false
}
