/**
 * How a body goes into a message: its charset, by looking at the bytes and never at the locale, and a transfer
 * encoding that every mail server takes, because a queued message may meet any of them. No body is refused:
 * bytes of an unknown charset are labelled with one that can name every byte. Fails only when the body cannot be
 * read.
 */
import { Readable } from 'node:stream'
import {
  checkedType,
  fallbackCharset,
  isComposite,
  isText,
  trimmedType,
  withCharset,
} from './content-type.ts'
import { bufferContent, type MessageContent } from '../content.ts'
import { crlfPieces, toCrlf } from './crlf-text.ts'
import { TextSurvey, type TextFacts } from './text-survey.ts'
import { LONGEST_LINE } from '../wire-facts.ts'

/** What is known about a body beside its bytes. */
export interface DeclaredBody {
  /** The caller's own Content-Type field. */
  readonly contentType?: string | undefined
  /** The caller's own Content-Transfer-Encoding field. */
  readonly transferEncoding?: string | undefined
  /** The type where the caller has no field of its own; `text/plain` without it. */
  readonly bodyType?: string | undefined
  /** The charset of text whose charset cannot be told; `iso-8859-1` without it. */
  readonly fallbackCharset?: string | undefined
  /** The encoding of text that needs one; without it, the one that makes less of this text. */
  readonly textEncoding?: 'base64' | 'quoted-printable' | undefined
}

/** What a part is made of: in memory, or read from a file. */
export type Octets = Buffer | Readable

/** What to write. */
export interface BodyPlan {
  /** Value of Content-Type. */
  readonly contentType: string
  /** Value of Content-Transfer-Encoding. */
  readonly transferEncoding: string
  /** The encoding to apply; undefined when the bytes go into the message as they are. */
  readonly encode: 'quoted-printable' | 'base64' | undefined
  /** The body before encoding; text has CRLF line ends and a final one. */
  readonly content: () => Octets
}

/** Non-ASCII text with no charset would be read as US-ASCII (RFC 2046 section 4.1.2). */
function contentTypeOf(declared: DeclaredBody, facts: TextFacts): string {
  const charset = facts.charset ?? fallbackCharset(declared.fallbackCharset)
  if (declared.contentType === undefined)
    return withCharset(checkedType(declared.bodyType ?? 'text/plain'), charset)
  const own = trimmedType(declared.contentType)
  return facts.nonAscii > 0 ? withCharset(own, charset) : own
}

const isSevenBit = (facts: TextFacts): boolean =>
  facts.nonAscii === 0 && !facts.hasNul && !facts.hasLoneCr && facts.longestLine <= LONGEST_LINE

/** What shows that a body is not in the encoding its owner declares. */
const NOT_ENCODED: Readonly<Record<string, RegExp>> = {
  base64: /[^A-Za-z0-9+/=\s]/,
  'quoted-printable': /=(?![0-9A-Fa-f]{2}|[ \t]*\r\n)/,
}

/** Looks whether CRLF text is in the encoding that is declared for it. */
class EncodedCheck {
  readonly #wrong: RegExp | undefined
  #line = ''
  #encoded: boolean

  constructor(declared: string) {
    this.#wrong = NOT_ENCODED[declared]
    this.#encoded = this.#wrong !== undefined
  }

  push(chunk: Buffer): void {
    if (!this.#encoded || this.#wrong === undefined) return
    const text = this.#line + chunk.toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    this.#line = text.slice(end)
    this.#encoded = !this.#wrong.test(text.slice(0, end)) && this.#line.length <= LONGEST_LINE + 1
  }

  end(): boolean {
    return this.#encoded
  }
}

/** The octets of a body in portions. */
export function portions(octets: Octets): AsyncIterable<Buffer> | readonly Buffer[] {
  return Buffer.isBuffer(octets) ? [octets] : octets
}

/** Content as the octets that a part is made of: from memory where they are there. */
export const octetsOf = (content: MessageContent): Octets => content.bytes ?? content.stream()

/** The same as text with CRLF line ends. */
function textOf(content: MessageContent): () => Octets {
  if (content.bytes === undefined)
    return () => Readable.from(crlfPieces(content.stream()), { objectMode: false })
  const text = toCrlf(content.bytes)
  return () => text
}

/**
 * Decides how a body is written.
 *
 * A declared `base64` or `quoted-printable` says that the body comes encoded already: it is kept when that is
 * so, and applied when it is not. The other declarations (7bit, 8bit, binary) are replaced by what is true.
 *
 * @param body the bytes as they came; any line ends. Content has to stay open until the plan was carried out.
 * @param declared what the caller says about it
 * @throws MailError `MESSAGE_MALFORMED` for a type or charset that is none; rejects when the body cannot be read
 */
export async function planBody(body: Buffer | MessageContent, declared: DeclaredBody): Promise<BodyPlan> {
  const given = Buffer.isBuffer(body) ? bufferContent(body) : body
  const text = textOf(given)
  const wanted = declared.transferEncoding?.trim().toLowerCase() ?? ''
  const survey = new TextSurvey()
  const check = new EncodedCheck(wanted)
  for await (const portion of portions(text())) {
    survey.push(portion)
    check.push(portion)
  }
  const facts = survey.end()
  const contentType = contentTypeOf(declared, facts)
  const asItIs = (transferEncoding: string): BodyPlan => ({
    contentType,
    transferEncoding,
    encode: undefined,
    content: text,
  })
  if (check.end() && isSevenBit(facts)) return asItIs(wanted)
  if (isComposite(contentType)) return asItIs(isSevenBit(facts) ? '7bit' : '8bit')
  const asText = isText(contentType)
  const content = asText ? text : () => octetsOf(given)
  if (wanted === 'base64' || wanted === 'quoted-printable')
    return { contentType, transferEncoding: wanted, encode: wanted, content }
  if (asText && isSevenBit(facts)) return asItIs('7bit')
  const shorter = facts.hasNul || facts.nonAscii * 3 > facts.size ? 'base64' : 'quoted-printable'
  const encode = asText ? (declared.textEncoding ?? shorter) : 'base64'
  return { contentType, transferEncoding: encode, encode, content }
}
