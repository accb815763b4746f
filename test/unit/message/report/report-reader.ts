/**
 * Reads a delivery report as a program does that gets one: multipart/report (RFC 6522) with the fields of
 * RFC 3464, strictly. What breaks a rule of either throws.
 */
import { splitHeader, fieldText, type HeaderBlock } from '../../../../src/message/header-block.ts'

/** One MIME part, its transfer encoding undone. */
export interface ReadPart {
  readonly type: string
  readonly header: HeaderBlock
  readonly content: Buffer
}

/** Fields by lower-case name. */
export type StatusFields = Readonly<Record<string, string>>

/** A report, taken apart. */
export interface ReadReport {
  readonly header: HeaderBlock
  readonly parts: readonly ReadPart[]
  /** The fields about the message, then those about each recipient. */
  readonly status: readonly StatusFields[]
}

/** The value of the only field with that name. */
export function valueOf(header: HeaderBlock, name: string): string {
  const [field, second] = header.fields(name)
  if (second !== undefined) throw new Error(`${name} is there twice`)
  return field === undefined ? '' : fieldText(field)
}

function decoded(text: string, encoding: string): Buffer {
  if (encoding === '') return Buffer.from(text, 'latin1')
  if (encoding !== 'quoted-printable') throw new Error(`the encoding is ${encoding}`)
  const wrong = text.split('\r\n').find((line) => line.length > 76 || /[^\t -~]|[\t ]$/.test(line))
  if (wrong !== undefined) throw new Error(`no line of quoted-printable: ${JSON.stringify(wrong)}`)
  const joined = text.replace(/=\r\n/g, '')
  return Buffer.from(
    joined.replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
}

function readPart(text: string): ReadPart {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) throw new Error('a part has no blank line')
  const { header } = splitHeader(Buffer.from(text.slice(0, end + 2), 'latin1'))
  return {
    type: valueOf(header, 'content-type'),
    header,
    content: decoded(text.slice(end + 4), valueOf(header, 'content-transfer-encoding')),
  }
}

function readFields(block: string): StatusFields {
  const fields: Record<string, string> = {}
  for (const line of block.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    if (line === '') continue
    const [, name = '', value = ''] = /^([A-Za-z-]+): (.+)$/.exec(line) ?? []
    if (name === '' || Object.hasOwn(fields, name.toLowerCase())) throw new Error(`no field: ${line}`)
    fields[name.toLowerCase()] = value
  }
  return fields
}

/** Reads a report. @throws Error when it is none */
export function readReport(bytes: Buffer): ReadReport {
  const text = bytes.toString('latin1')
  if (/[^\r]\n|\r[^\n]/.test(text)) throw new Error('a line does not end with CRLF')
  if (text.split('\r\n').some((line) => line.length > 998)) throw new Error('a line is too long')
  const { header, rest } = splitHeader(bytes)
  const type = valueOf(header, 'content-type')
  const boundary = /^multipart\/report; report-type=delivery-status;\s*boundary="([^"]{1,70})"$/.exec(
    type,
  )?.[1]
  if (boundary === undefined) throw new Error(`the content type is ${type}`)
  const [preamble, ...pieces] = `\r\n${rest.toString('latin1')}`.split(`\r\n--${boundary}`)
  if (preamble !== '' || pieces.pop() !== '--\r\n') throw new Error('the multipart does not end')
  const parts = pieces.map((piece) => readPart(piece.replace(/^\r\n/, '')))
  const blocks = parts[1]?.content.toString('latin1').split('\r\n\r\n') ?? []
  return { header, parts, status: blocks.map(readFields) }
}
