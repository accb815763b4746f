/**
 * The canonical form `relaxed` of header fields and bodies (RFC 6376 section 3.4): what a signature covers, so that
 * blanks and line folding may change on the way. Text is latin1, one character a byte. Cannot fail.
 */

/**
 * A header field in canonical form (section 3.4.2), without its line end.
 *
 * @param raw the whole field with its folding
 */
export function relaxedField(raw: string): string {
  const colon = raw.indexOf(':')
  const name = raw.slice(0, colon).trim().toLowerCase()
  const value = raw
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '')
  return `${name}:${value}`
}

/** Empty lines are passed on this many at a time. */
const EMPTY_LINES = 16 * 1024

/**
 * The body in canonical form (section 3.4.4): blanks within a line become one, those at its end go, and so do empty
 * lines at the end of the body. It is pushed in any portions, and no more than a few characters of it are held.
 */
export class RelaxedBody {
  readonly #out: (text: string) => void
  /** What cannot be judged before more is there: a blank, a CR. */
  #held = ''
  /** Line ends that count only if anything but line ends follows. */
  #lineEnds = 0
  #empty = true

  /** @param out takes the canonical form, in portions */
  constructor(out: (text: string) => void) {
    this.#out = out
  }

  push(chunk: Buffer): void {
    const text = (this.#held + chunk.toString('latin1')).replace(/[ \t]+/g, ' ')
    const certain = text.length - (/ ?\r?$/.exec(text)?.[0].length ?? 0)
    this.#held = text.slice(certain)
    this.#take(text.slice(0, certain).replaceAll(' \r\n', '\r\n'))
  }

  end(): void {
    // A blank at the end of the last line goes, a lone CR is a character like any other.
    this.#take(this.#held === ' ' ? '' : this.#held)
    if (!this.#empty) this.#out('\r\n')
  }

  #take(text: string): void {
    let end = text.length
    while (end >= 2 && text.startsWith('\r\n', end - 2)) end -= 2
    if (end > 0) {
      this.#emitLineEnds()
      this.#out(text.slice(0, end))
      this.#empty = false
    }
    this.#lineEnds += (text.length - end) / 2
  }

  #emitLineEnds(): void {
    for (; this.#lineEnds > EMPTY_LINES; this.#lineEnds -= EMPTY_LINES) this.#out('\r\n'.repeat(EMPTY_LINES))
    this.#out('\r\n'.repeat(this.#lineEnds))
    this.#lineEnds = 0
  }
}
