/**
 * The header of one MIME entity (RFC 2045): what its body is, how it is encoded, and the same header with another
 * encoding. Accepts anything; what can't be understood counts as not said. Text is latin1, one character a byte.
 */
import type { HeaderField } from '../header-block.ts'

/** What the header of an entity says about its body. */
export interface MimeEntity {
  readonly fields: readonly HeaderField[]
  /** Type and subtype in lower case; the default where the header names none. */
  readonly type: string
  /** The header has a Content-Type. */
  readonly typed: boolean
  readonly boundary: string | undefined
  /** Content-Transfer-Encoding in lower case; `7bit` where the header names none. */
  readonly encoding: string
}

/** Encodings that leave the bytes as they are. */
const IDENTITY = new Set(['7bit', '8bit', 'binary'])
const TYPE = /^\s*([^\s;/]+\/[^\s;]+)/
const BOUNDARY = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i
const SEALED = new Set([
  'multipart/signed',
  'multipart/encrypted',
  'application/pkcs7-mime',
  'application/x-pkcs7-mime',
])

function valueOf(fields: readonly HeaderField[], name: string): string | undefined {
  const field = fields.find((one) => one.name.toLowerCase() === name)
  return field?.raw.slice(field.raw.indexOf(':') + 1).replace(/\r?\n/g, '')
}

/**
 * Reads a header.
 *
 * @param defaultType the type where none is named: `text/plain`, or `message/rfc822` within a digest
 */
export function readEntity(fields: readonly HeaderField[], defaultType: string): MimeEntity {
  const contentType = valueOf(fields, 'content-type')
  const type = TYPE.exec(contentType ?? '')?.[1]?.toLowerCase()
  const [, quoted, bare] = BOUNDARY.exec(contentType ?? '') ?? []
  const boundary = (quoted?.replace(/\\(.)/g, '$1') ?? bare)?.trimEnd()
  const encoding = valueOf(fields, 'content-transfer-encoding')?.trim().toLowerCase()
  return {
    fields,
    type: type ?? defaultType,
    typed: contentType !== undefined,
    boundary: boundary === '' ? undefined : boundary,
    encoding: encoding === undefined || encoding === '' ? '7bit' : encoding,
  }
}

/** True when the bytes of the body are what the reader gets. */
export function isIdentity(entity: MimeEntity): boolean {
  return IDENTITY.has(entity.encoding)
}

/** True when a signature or encryption covers the body, so that no byte of it may change. */
export function isSealed(entity: MimeEntity): boolean {
  return SEALED.has(entity.type)
}

/** What a header is to say. */
export interface NewEncoding {
  readonly encoding: string
  /** Added where the header has no Content-Type. */
  readonly contentType?: string
  /** The header is that of a message, which needs MIME-Version. */
  readonly ofMessage: boolean
}

/** All fields with another transfer encoding, without the blank line. */
export function headerWith(entity: MimeEntity, wanted: NewEncoding): string {
  const encodingField = `Content-Transfer-Encoding: ${wanted.encoding}\r\n`
  const isEncoding = ({ name }: HeaderField): boolean => name.toLowerCase() === 'content-transfer-encoding'
  const place = entity.fields.findIndex(isEncoding)
  const lines = entity.fields.flatMap((field, index) => {
    if (index === place) return encodingField
    return isEncoding(field) ? [] : field.raw
  })
  const has = (name: string): boolean => entity.fields.some((one) => one.name.toLowerCase() === name)
  if (wanted.ofMessage && !has('mime-version')) lines.push('MIME-Version: 1.0\r\n')
  if (wanted.contentType !== undefined && !entity.typed) lines.push(`Content-Type: ${wanted.contentType}\r\n`)
  if (place === -1) lines.push(encodingField)
  return lines.join('')
}
