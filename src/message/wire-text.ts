/**
 * Turns whatever bytes a caller hands over into the text that goes on the wire: every line ends with CRLF, also
 * the last one, and there is no NUL. All other bytes stay as they are. The input may be cut into chunks at any
 * place without changing the result, and nothing but the bytes that cannot be judged yet is held back. It never
 * fails: any input has a result.
 */

const LINE_BREAK = /\r\n?|\n/g

/** How the input is to be read. */
export interface WireTextOptions {
  /** A line that is a single dot ends the message, and a line that begins with two dots loses one of them. */
  readonly dotEnds: boolean
}

/**
 * A parser that is fed with chunks. Inside, text is latin1: one character is one byte, so that the fast string
 * functions can be used on bytes of any kind.
 */
export class WireText {
  readonly #dotEnds: boolean
  /** A CR, or a dot at the start of a line, whose meaning depends on what follows. */
  #held = ''
  #atLineStart = true
  #ended = false
  #nulBytes = 0

  constructor(options: WireTextOptions) {
    this.#dotEnds = options.dotEnds
  }

  /** True once a lone dot was seen: everything after it is ignored. */
  get ended(): boolean {
    return this.#ended
  }

  /** How many NUL bytes were left out so far, those behind the end not counted. */
  get nulBytes(): number {
    return this.#nulBytes
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk any bytes, not changed and not kept
   * @returns what is certain by now, possibly nothing; a CRLF is never cut in two
   */
  push(chunk: Buffer): Buffer {
    let result = ''
    const [first = '', ...behindNul] = chunk.toString('latin1').split('\0')
    if (!this.#ended) result += this.#convert(first)
    for (const text of behindNul) {
      if (this.#ended) break
      this.#nulBytes += 1
      if (text !== '') result += this.#convert(text)
    }
    return Buffer.from(result, 'latin1')
  }

  /** Ends the input. @returns the rest, the CRLF of an unfinished last line included */
  end(): Buffer {
    if (this.#ended) return Buffer.alloc(0)
    this.#ended = true
    const loneDot = this.#held.startsWith('.')
    const open = !this.#atLineStart || this.#held === '\r'
    return Buffer.from(open && !loneDot ? '\r\n' : '', 'latin1')
  }

  #convert(next: string): string {
    let text = this.#held + next
    this.#held = ''
    if (text.endsWith('\r')) {
      this.#held = '\r'
      text = text.slice(0, -1)
    }
    text = text.replace(LINE_BREAK, '\r\n')
    if (this.#dotEnds) text = this.#readDots(text)
    if (text !== '') this.#atLineStart = text.endsWith('\n')
    return text
  }

  /** Gives the dots at line starts their meaning; the text has CRLF line ends only. */
  #readDots(text: string): string {
    const before = this.#atLineStart ? '\r\n' : ''
    let lines = before + text
    const loneDot = lines.indexOf('\r\n.\r\n')
    if (loneDot !== -1) {
      this.#ended = true
      lines = lines.slice(0, loneDot + 2)
    } else if (lines.endsWith('\r\n.')) {
      this.#held = `.${this.#held}`
      lines = lines.slice(0, -1)
    }
    return lines.replaceAll('\r\n..', '\r\n.').slice(before.length)
  }
}

/**
 * The same for bytes that are all there.
 *
 * @param bytes any bytes
 * @returns CRLF text without NUL; dots have no meaning
 */
export function toWireText(bytes: Buffer): Buffer {
  const text = new WireText({ dotEnds: false })
  return Buffer.concat([text.push(bytes), text.end()])
}
