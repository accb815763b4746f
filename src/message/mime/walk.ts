/**
 * Walks through a MIME message (RFC 2046) line by line and tells a visitor about every entity in it, nested ones
 * included. Every byte goes to the visitor exactly once and in order, whatever the message looks like: what is no
 * proper MIME is body or stands outside. Only one line, or one header block, is held in memory.
 */
import { MAX_HEADER_BYTES, type HeaderField } from '../header-block.ts'
import { isIdentity, isSealed, readEntity, type MimeEntity } from './entity.ts'

/** What an entity is for somebody who wants to change how it is encoded. */
export type EntityKind =
  /** Has a body of its own. */
  | 'leaf'
  /** A signature or encryption covers it. */
  | 'sealed'
  /** Has other entities in it. */
  | 'multipart'
  | 'message'

/** One entity, at the end of its header. */
export interface WalkedEntity extends MimeEntity {
  readonly kind: EntityKind
  /** The header of the message or of a message in it, not that of a part. */
  readonly ofMessage: boolean
  /** The blank line behind the header; empty where there is none. */
  readonly blank: string
}

/** Who is told. Text is latin1, one character a byte. */
export interface MimeVisitor {
  entity(entity: WalkedEntity): void
  /** A line end, or something within a line, of the body of a leaf or of what is sealed. */
  body(text: string): void
  /** @param last the message is over */
  bodyEnd(last: boolean): void
  /** A delimiter. */
  delimiter(line: string): void
  /** A line, or a part of a long one, that belongs to no entity. */
  outside(text: string): void
}

/** A multipart that is open. */
interface Frame {
  readonly delimiter: string
  readonly defaultType: string
}

/** Parts of a line that is longer than this are passed on before its end is seen. */
const HELD_LINE = 16 * 1024
/** More entities in each other than this are no MIME any more. */
const DEEPEST = 50
const FIELD = /^([!-9;-~]+)[ \t]*:/
const LINE_END = /\r?\n$/

/** A walk through one message, which is pushed in any portions. */
export class MimeWalk {
  readonly #visitor: MimeVisitor
  readonly #frames: Frame[] = []
  #depth = 0
  #mode: 'header' | 'body' | 'outside' = 'header'
  #ofMessage = true
  #defaultType = 'text/plain'
  #fields: { name: string; raw: string }[] = []
  #headerSize = 0
  /** The line end that belongs to the body only if no delimiter follows. */
  #heldEnd = ''
  #line = ''
  #atLineStart = true

  constructor(visitor: MimeVisitor) {
    this.#visitor = visitor
  }

  push(chunk: Buffer): void {
    const text = this.#line + chunk.toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#take(text.slice(start, end + 1))
      this.#atLineStart = true
      start = end + 1
    }
    this.#line = text.slice(start)
    if (this.#line.length <= HELD_LINE) return
    // the CR may be half of a line end
    const known = this.#line.endsWith('\r') ? this.#line.length - 1 : this.#line.length
    this.#take(this.#line.slice(0, known))
    this.#atLineStart = false
    this.#line = this.#line.slice(known)
  }

  end(): void {
    if (this.#line !== '') this.#take(this.#line)
    if (this.#mode === 'header') this.#headerEnd('')
    if (this.#mode !== 'body') return
    const last = this.#frames.length === 0
    if (last && this.#heldEnd !== '') this.#visitor.body(this.#heldEnd)
    this.#visitor.bodyEnd(last)
    if (!last && this.#heldEnd !== '') this.#visitor.outside(this.#heldEnd)
  }

  #take(line: string): void {
    if (this.#atLineStart && line.startsWith('--') && this.#delimits(line)) return
    if (this.#mode === 'header') this.#takeHeader(line)
    else if (this.#mode === 'outside') this.#visitor.outside(line)
    else {
      if (this.#heldEnd !== '') this.#visitor.body(this.#heldEnd)
      this.#heldEnd = LINE_END.exec(line)?.[0] ?? ''
      const text = line.slice(0, line.length - this.#heldEnd.length)
      if (text !== '') this.#visitor.body(text)
    }
  }

  #delimits(line: string): boolean {
    const text = line.trimEnd()
    const place = this.#frames.findIndex(({ delimiter }) => text === delimiter || text === `${delimiter}--`)
    const frame = this.#frames[place]
    if (frame === undefined) return false
    if (this.#mode === 'header') this.#headerEnd('')
    if (this.#mode === 'body') {
      this.#visitor.bodyEnd(false)
      if (this.#heldEnd !== '') this.#visitor.outside(this.#heldEnd)
    }
    this.#visitor.delimiter(line)
    const closed = text !== frame.delimiter
    this.#frames.length = closed ? place : place + 1
    this.#depth = this.#frames.length
    if (closed) this.#mode = 'outside'
    else this.#begin(false, frame.defaultType)
    return true
  }

  #begin(ofMessage: boolean, defaultType: string): void {
    this.#mode = 'header'
    this.#ofMessage = ofMessage
    this.#defaultType = defaultType
    this.#fields = []
    this.#headerSize = 0
    this.#heldEnd = ''
  }

  #takeHeader(line: string): void {
    const last = this.#fields.at(-1)
    this.#headerSize += line.length
    const name = this.#atLineStart ? FIELD.exec(line)?.[1] : undefined
    const fits = this.#headerSize <= MAX_HEADER_BYTES
    if (this.#atLineStart && /^\r?\n$/.test(line)) this.#headerEnd(line)
    else if (name !== undefined && fits) this.#fields.push({ name, raw: line })
    else if (last !== undefined && fits && (!this.#atLineStart || /^[ \t]/.test(line))) last.raw += line
    else {
      // no header any more although no blank line came
      this.#headerEnd('')
      this.#take(line)
    }
  }

  #headerEnd(blank: string): void {
    const fields: readonly HeaderField[] = this.#fields
    const entity = readEntity(fields, this.#defaultType)
    const kind = this.#kindOf(entity)
    this.#visitor.entity({ ...entity, kind, ofMessage: this.#ofMessage, blank })
    this.#fields = []
    this.#heldEnd = ''
    this.#mode = kind === 'multipart' ? 'outside' : 'body'
    if (kind === 'leaf' || kind === 'sealed') return
    this.#depth++
    if (kind === 'message') this.#begin(true, 'text/plain')
    else {
      const defaultType = entity.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
      this.#frames.push({ delimiter: `--${entity.boundary ?? ''}`, defaultType })
    }
  }

  #kindOf(entity: MimeEntity): EntityKind {
    const outermost = this.#depth === 0
    const isSigned = outermost && entity.fields.some(({ name }) => name.toLowerCase() === 'dkim-signature')
    if (isSigned || isSealed(entity)) return 'sealed'
    if (!isIdentity(entity) || this.#depth >= DEEPEST) return 'leaf'
    if (entity.type.startsWith('multipart/') && entity.boundary !== undefined) return 'multipart'
    return entity.type === 'message/rfc822' || entity.type === 'message/global' ? 'message' : 'leaf'
  }
}
