/**
 * Transfer encodings (RFC 2045 section 6) of text that comes in parts. The same text gives the same result however
 * it is cut, as long as a line end is a part of its own. Text is latin1, one character a byte. Nothing here fails.
 */

/** Encodes one body. */
export interface BodyEncoder {
  /** @param text a line end, or something within a line */
  take(text: string): string
  /** @param last nothing follows in the message, so that the last line has to be ended */
  end(last: boolean): string
}

/** The longest encoded line before a soft break. */
const LINE = 75
const isLineEnd = (text: string): boolean => text.endsWith('\n')
const ESCAPES = Array.from(
  { length: 256 },
  (_, code) => `=${code.toString(16).toUpperCase().padStart(2, '0')}`,
)
const escaped = (char: string): string => ESCAPES[char.charCodeAt(0)] ?? ''
/** Everything that does not stand for itself; blanks do, except at the end of a line. */
const QP_SPECIAL = /[^\t -<>-~]/g

/** Text to quoted-printable; line ends stay line ends. */
export class QuotedPrintable implements BodyEncoder {
  #column = 0
  /** A blank, which has to be encoded if the line ends behind it. */
  #blank = ''

  take(text: string): string {
    if (isLineEnd(text)) {
      const rest = this.end()
      this.#column = 0
      return `${rest}\r\n`
    }
    const all = this.#blank + text
    this.#blank = /[ \t]$/.exec(all)?.[0] ?? ''
    return this.#put(all.slice(0, all.length - this.#blank.length).replace(QP_SPECIAL, escaped))
  }

  end(): string {
    const blank = this.#blank
    this.#blank = ''
    return blank === '' ? '' : this.#put(escaped(blank))
  }

  /** Adds encoded text, with soft breaks that tear no escape. */
  #put(encoded: string): string {
    let out = ''
    for (let at = 0; ;) {
      const end = at + LINE - this.#column
      if (end >= encoded.length) {
        this.#column += encoded.length - at
        return out + encoded.slice(at)
      }
      const torn = end > at && encoded[end - 1] === '=' ? 1 : end > at + 1 && encoded[end - 2] === '=' ? 2 : 0
      out += `${encoded.slice(at, end - torn)}=\r\n`
      at = end - torn
      this.#column = 0
    }
  }
}

/** Makes quoted-printable text keep its promises: no bytes over 127, no long lines. */
export class QuotedPrintableRepair implements BodyEncoder {
  #column = 0

  take(text: string): string {
    if (isLineEnd(text)) {
      this.#column = 0
      return text
    }
    let out = ''
    for (const char of text) {
      const token = char > '\x7f' ? escaped(char) : char
      // an "=" begins an escape of three characters, which must not be torn
      const room = token.startsWith('=') ? 3 : 1
      if (this.#column + room > LINE) {
        out += '=\r\n'
        this.#column = 0
      }
      out += token
      this.#column += token.length
    }
    return out
  }

  end(): string {
    return ''
  }
}

/** Lines of a fixed length out of characters that come in any portions. */
class LineFiller {
  readonly #length: number
  readonly #write: (line: string) => string
  #rest = ''
  #first = true

  constructor(length: number, write: (line: string) => string) {
    this.#length = length
    this.#write = write
  }

  add(text: string): string {
    this.#rest += text
    const whole = this.#rest.length - (this.#rest.length % this.#length)
    if (whole === 0) return ''
    let out = ''
    for (let at = 0; at < whole; at += this.#length)
      out += this.#line(this.#rest.slice(at, at + this.#length))
    this.#rest = this.#rest.slice(whole)
    return out
  }

  finish(last: boolean): string {
    const rest = this.#rest === '' ? '' : this.#line(this.#rest)
    return last ? `${rest}\r\n` : rest
  }

  #line(text: string): string {
    const separator = this.#first ? '' : '\r\n'
    this.#first = false
    return separator + this.#write(text)
  }
}

/** Bytes to base64, line ends included. */
export class Base64 implements BodyEncoder {
  readonly #lines = new LineFiller(57, (bytes) => Buffer.from(bytes, 'latin1').toString('base64'))

  take(text: string): string {
    return this.#lines.add(text)
  }

  end(last: boolean): string {
    return this.#lines.finish(last)
  }
}

/** Makes base64 keep its promises: what is no base64, which readers skip, is left out, and no line is long. */
export class Base64Repair implements BodyEncoder {
  readonly #lines = new LineFiller(76, (line) => line)

  take(text: string): string {
    return this.#lines.add(text.replace(/[^A-Za-z0-9+/=]/g, ''))
  }

  end(last: boolean): string {
    return this.#lines.finish(last)
  }
}

/** Encodes text with CRLF line ends, and no LF but in them, in one go. */
export function quotedPrintable(bytes: Buffer): string {
  const encoder = new QuotedPrintable()
  const parts = bytes.toString('latin1').split(/(\r\n)/)
  return parts.map((part) => (part === '' ? '' : encoder.take(part))).join('') + encoder.end()
}
