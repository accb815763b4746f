/**
 * The text between DATA and the final dot (RFC 5321 section 4.5.2): finds its end, also when the input is cut at any
 * place, and takes the dots away that the client put in front of others. It never fails, and holds back only the few
 * bytes that cannot be judged yet.
 *
 * The line end of the DATA command is the one that counts. A client that speaks CRLF, as it should, ends its message
 * with CRLF.CRLF and with nothing else: a message with a dot between two bare LFs in it must not end there, or its
 * author could go on with commands of his own. A person at a terminal, or a script, that ends DATA with LF ends the
 * message with LF as well.
 */

interface Rules {
  readonly lineEnd: string
  /** The final dot with the line ends around it. */
  readonly end: RegExp
  /** What may be the beginning of that, or of a line with a dot in front. */
  readonly open: RegExp
}

const CRLF: Rules = { lineEnd: '\r\n', end: /\r\n\.\r\n/, open: /\r(?:\n(?:\.\r?)?)?$/ }
const LF: Rules = { lineEnd: '\n', end: /\n\.\r?\n/, open: /\n(?:\.\r?)?$/ }

/** A parser that is fed with chunks. Text is latin1 inside: one character is one byte. */
export class DotText {
  readonly #rules: Rules
  /** What cannot be judged yet; at the start the end of the line before. */
  #held: string
  /** How much of what was held at the start has not come out again. */
  #before: number
  #ended = false
  #rest: Buffer = Buffer.alloc(0)

  /** @param crlf the DATA command ended with CRLF, not with a bare LF */
  constructor(crlf: boolean) {
    this.#rules = crlf ? CRLF : LF
    this.#held = this.#rules.lineEnd
    this.#before = this.#held.length
  }

  /** True once the final dot was seen. */
  get ended(): boolean {
    return this.#ended
  }

  /** What came after the final dot: the next commands. */
  get rest(): Buffer {
    return this.#rest
  }

  /**
   * Takes the next bytes; nothing may be pushed after the end.
   *
   * @returns what is certain to belong to the message, without stuffed dots; possibly nothing
   */
  push(chunk: Buffer): Buffer {
    const { lineEnd, end, open } = this.#rules
    const text = this.#held + chunk.toString('latin1')
    const found = end.exec(text)
    const until = found === null ? (open.exec(text)?.index ?? text.length) : found.index + lineEnd.length
    this.#held = text.slice(until)
    if (found !== null) {
      this.#ended = true
      this.#rest = Buffer.from(text.slice(found.index + found[0].length), 'latin1')
    }
    const content = text.slice(0, until)
    const from = Math.min(this.#before, content.length)
    this.#before -= from
    return Buffer.from(content.replaceAll(`${lineEnd}.`, lineEnd).slice(from), 'latin1')
  }
}
