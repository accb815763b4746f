/**
 * The header block of a message, byte for byte. A field keeps its raw bytes with its folding, so what nobody
 * touches is sent as it came. Splitting accepts anything: what does not look like a header is body, and the only
 * failure is a header block too large to be held in memory.
 */
import { isUtf8 } from 'node:buffer'
import { MailError } from '../errors/mail-error.ts'

/** One header field. */
export interface HeaderField {
  /** The name as written, without the blanks that may stand before the colon. */
  readonly name: string
  /** The whole field as latin1 (one character is one byte), with its folding and its final CRLF. */
  readonly raw: string
}

/** The fields of a message in their order. */
export interface HeaderBlock {
  readonly all: readonly HeaderField[]
  /** The fields with this name, in order; upper and lower case are the same. */
  fields(name: string): readonly HeaderField[]
}

/** A message cut in two. */
export interface HeaderSplit {
  readonly header: HeaderBlock
  /** The first bytes of the body, as far as they were pushed; the blank line is in neither part. */
  readonly rest: Buffer
}

/** The largest header block that is accepted, in octets. */
export const MAX_HEADER_BYTES = 4 * 1024 * 1024

/** The longest field name, and as many blanks before the colon: beyond both, a line is known to be no field. */
const MAX_NAME = 998
const FIELD = /^([!-9;-~]{1,998})[ \t]{0,998}:/
/** U+FEFF as UTF-8. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf'
const MARKED_FIELD = /^\xef\xbb\xbf[!-9;-~]{1,998}[ \t]{0,998}:/
const MBOX_LINE = /^>*From /

/** Makes a header block of fields. */
export function headerBlock(all: readonly HeaderField[]): HeaderBlock {
  return {
    all,
    fields: (name) => {
      const wanted = name.toLowerCase()
      return all.filter((field) => field.name.toLowerCase() === wanted)
    },
  }
}

/**
 * The value of a field: unfolded (RFC 5322 section 2.2.3), without blanks around it, read as UTF-8.
 *
 * @returns the text; bytes that are not UTF-8 become U+FFFD
 */
export function fieldText(field: HeaderField): string {
  return fieldBytes(field).toString('utf8').trim()
}

/** The same of a field that may be in another charset, which counts when it is not UTF-8 and the charset is known. */
export function fieldTextIn(field: HeaderField, charset: string): string {
  const bytes = fieldBytes(field)
  if (isUtf8(bytes)) return fieldText(field)
  try {
    return new TextDecoder(charset).decode(bytes).trim()
  } catch {
    return fieldText(field)
  }
}

function fieldBytes({ raw }: HeaderField): Buffer {
  return Buffer.from(raw.slice(raw.indexOf(':') + 1).replace(/\r\n/g, ''), 'latin1')
}

/**
 * Finds the end of the header block in CRLF text that comes in chunks. Leading mbox lines (`From `, `>From `) and
 * any Return-Path are left out. A line that is neither a field nor folded ends the header and belongs to the
 * body, as does everything when the first line is no field.
 */
export class HeaderSplitter {
  readonly #fields: { name: string; raw: string }[] = []
  #pending = ''
  #size = 0
  /** The pending line is known to be a part of the header. */
  #judged = false

  /**
   * Takes the next bytes.
   *
   * @param chunk CRLF text in which no CRLF is cut in two
   * @returns the two parts once the end is found; after that, push must not be called again
   * @throws MailError MESSAGE_MALFORMED when the header block is larger than {@link MAX_HEADER_BYTES}
   */
  push(chunk: Buffer): HeaderSplit | undefined {
    const raw = chunk.toString('latin1')
    // Some editors put a byte order mark in front of the first field.
    const text = this.#size === 0 && MARKED_FIELD.test(raw) ? raw.slice(BYTE_ORDER_MARK.length) : raw
    this.#size += text.length
    this.#pending += text
    const bodyStart = text.includes('\n') ? this.#takeLines() : undefined
    if (bodyStart !== undefined) return this.#split(bodyStart)
    if (!this.#judged && this.#pending.length > MAX_NAME * 2) {
      if (this.#kindOf(this.#pending) === 'body') return this.#split(0)
      this.#judged = true
    }
    if (this.#size > MAX_HEADER_BYTES) throw tooLarge()
    return undefined
  }

  /** Says that nothing follows. @returns the two parts */
  end(): HeaderSplit {
    const last = this.#pending
    if (last !== '') {
      if (this.#kindOf(last) === 'body') return this.#split(0)
      this.#take(`${last}\r\n`)
    }
    return this.#split(last.length)
  }

  /** Takes all complete lines out of the pending text. @returns where the body starts in what is left */
  #takeLines(): number | undefined {
    const text = this.#pending
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end + 1)
      const kind = this.#kindOf(line)
      if (kind !== 'header') return kind === 'blank' ? end + 1 : start
      if (this.#size - text.length + end + 1 > MAX_HEADER_BYTES) throw tooLarge()
      this.#take(line)
      start = end + 1
    }
    this.#pending = text.slice(start)
    this.#judged = false
    return undefined
  }

  #kindOf(line: string): 'header' | 'blank' | 'body' {
    if (line === '\r\n') return 'blank'
    if (FIELD.test(line)) return 'header'
    if (this.#fields.length > 0) return /^[ \t]/.test(line) ? 'header' : 'body'
    return line.length <= MAX_NAME && MBOX_LINE.test(line) ? 'header' : 'body'
  }

  #take(line: string): void {
    const name = FIELD.exec(line)?.[1]
    const last = this.#fields.at(-1)
    if (name !== undefined) this.#fields.push({ name, raw: line })
    else if (last !== undefined) last.raw += line
  }

  #split(bodyStart: number): HeaderSplit {
    const fields = this.#fields.filter((field) => field.name.toLowerCase() !== 'return-path')
    return { header: headerBlock(fields), rest: Buffer.from(this.#pending.slice(bodyStart), 'latin1') }
  }
}

/**
 * Cuts a message that is all there, or the beginning of one.
 *
 * @param bytes CRLF text
 * @throws MailError MESSAGE_MALFORMED when the header block is larger than {@link MAX_HEADER_BYTES}
 */
export function splitHeader(bytes: Buffer): HeaderSplit {
  const splitter = new HeaderSplitter()
  return splitter.push(bytes) ?? splitter.end()
}

function tooLarge(): MailError {
  return new MailError(
    'MESSAGE_MALFORMED',
    'the header block of the message is larger than 4 MB; check that the input is a mail message',
  )
}
