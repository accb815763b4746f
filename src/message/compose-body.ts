/**
 * How a body goes into a message: its charset, by looking at the bytes and never at the locale, and a transfer
 * encoding that every mail server takes, because a queued message may meet any of them. No body is refused:
 * bytes of an unknown charset are labelled ISO-8859-1, which can name every byte.
 */
import { isUtf8 } from 'node:buffer'

/** What the caller's own header block says about the body; undefined where it says nothing. */
export interface DeclaredBody {
  readonly contentType: string | undefined
  readonly transferEncoding: string | undefined
}

/** What to write. */
export interface BodyPlan {
  /** Value of Content-Type. */
  readonly contentType: string
  /** Value of Content-Transfer-Encoding. */
  readonly transferEncoding: string
  /** The body before encoding; text has CRLF line ends and a final one. */
  readonly bytes: Buffer
  /** The encoding to apply; undefined when the bytes go into the message as they are. */
  readonly encode: 'quoted-printable' | 'base64' | undefined
}

/** Longest line without its CRLF, in octets (RFC 5322 section 2.1.1). */
const MAX_LINE = 998

const LF = 0x0a
const CR = 0x0d

interface ByteFacts {
  readonly nonAscii: number
  readonly hasNul: boolean
  /** A CR that is no part of a line end. */
  readonly hasLoneCr: boolean
  /** The longest line in octets, CRLF not counted. */
  readonly longestLine: number
}

function factsOf(bytes: Buffer): ByteFacts {
  let nonAscii = 0
  let hasNul = false
  let hasLoneCr = false
  let longestLine = 0
  let lineStart = 0
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (byte >= 0x80) nonAscii++
    else if (byte === 0) hasNul = true
    else if (byte === CR && bytes[index + 1] !== LF) hasLoneCr = true
    else if (byte === LF) {
      longestLine = Math.max(longestLine, index - 1 - lineStart)
      lineStart = index + 1
    }
  }
  return { nonAscii, hasNul, hasLoneCr, longestLine: Math.max(longestLine, bytes.length - lineStart) }
}

/** CRLF line ends, also the last one. Byte by byte: a log of many short lines is no rare body. */
function canonicalText(body: Buffer): Buffer {
  const text = Buffer.allocUnsafe(2 * body.length + 2)
  let length = 0
  let before = 0
  for (let index = 0; index < body.length; index++) {
    const byte = body[index] ?? 0
    if (byte === LF && before !== CR) text[length++] = CR
    text[length++] = byte
    before = byte
  }
  if (length > 0 && before !== LF) {
    text[length++] = CR
    text[length++] = LF
  }
  return text.subarray(0, length)
}

function charsetOf(bytes: Buffer, facts: ByteFacts): string {
  if (facts.nonAscii === 0) return 'us-ascii'
  return isUtf8(bytes) ? 'utf-8' : 'iso-8859-1'
}

/** Non-ASCII text with no charset would be read as US-ASCII (RFC 2046 section 4.1.2). */
function contentTypeOf(declared: string | undefined, bytes: Buffer, facts: ByteFacts): string {
  if (declared === undefined) return `text/plain; charset=${charsetOf(bytes, facts)}`
  const lacksCharset = /^\s*text\//i.test(declared) && !/;\s*charset\*?\d?\*?\s*=/i.test(declared)
  return lacksCharset && facts.nonAscii > 0 ? `${declared}; charset=${charsetOf(bytes, facts)}` : declared
}

const isSevenBit = (facts: ByteFacts): boolean =>
  facts.nonAscii === 0 && !facts.hasNul && !facts.hasLoneCr && facts.longestLine <= MAX_LINE

/** What shows that a body is not in the encoding its owner declares. */
const NOT_ENCODED: Readonly<Record<string, RegExp>> = {
  base64: /[^A-Za-z0-9+/=\s]/,
  'quoted-printable': /=(?![0-9A-Fa-f]{2}|[ \t]*\r\n)/,
}

/** A body that its owner calls encoded, and that looks so, must not be encoded again. */
function isEncoded(declared: string, bytes: Buffer, facts: ByteFacts): boolean {
  const wrong = NOT_ENCODED[declared]
  return wrong !== undefined && isSevenBit(facts) && !wrong.test(bytes.toString('latin1'))
}

/**
 * Decides how a body is written.
 *
 * A declared `base64` or `quoted-printable` says that the body comes encoded already: it is kept when that is
 * so, and applied when it is not. The other declarations (7bit, 8bit, binary) are replaced by what is true.
 *
 * @param body the bytes as they came; any line ends
 * @param declared the caller's own Content-Type and Content-Transfer-Encoding
 */
export function planBody(body: Buffer, declared: DeclaredBody): BodyPlan {
  const isComposite = /^\s*(?:multipart|message)\//i.test(declared.contentType ?? '')
  const isText = declared.contentType === undefined || isComposite || /^\s*text\//i.test(declared.contentType)
  const text = canonicalText(body)
  const facts = factsOf(text)
  const wanted = declared.transferEncoding?.trim().toLowerCase() ?? ''
  const contentType = contentTypeOf(declared.contentType, text, facts)
  const asItIs = (transferEncoding: string): BodyPlan => ({
    contentType,
    transferEncoding,
    bytes: text,
    encode: undefined,
  })
  if (isEncoded(wanted, text, facts)) return asItIs(wanted)
  // Parts of a multipart cannot be encoded from outside (RFC 2045 section 6.4).
  if (isComposite) return asItIs(isSevenBit(facts) ? '7bit' : '8bit')
  const bytes = isText ? text : body
  if (wanted === 'base64' || wanted === 'quoted-printable') {
    return { contentType, transferEncoding: wanted, bytes, encode: wanted }
  }
  if (isText && isSevenBit(facts)) return asItIs('7bit')
  const encode = !isText || facts.hasNul || facts.nonAscii * 3 > text.length ? 'base64' : 'quoted-printable'
  return { contentType, transferEncoding: encode, bytes, encode }
}
