/**
 * Finds the header fields of a foreign message where they stand in the file, so that some can be left out and every
 * other octet stays. Nothing behind the first line that is no field is looked at: a body cannot name recipients.
 */
import { headerBlock, type HeaderBlock, type HeaderField } from '../../message/header-block.ts'
import type { ByteRange } from './format.ts'

/** A field and where it stands. */
export interface PlacedField extends HeaderField {
  readonly range: ByteRange
}

/** The header of a message in a file. */
export interface PlacedHeader extends HeaderBlock {
  readonly all: readonly PlacedField[]
}

const FIELD = /^([!-9;-~]{1,998})[ \t]{0,998}:/
const BLANK = /^\r?\n?$/

/**
 * Reads the header of a message.
 *
 * @param bytes the first octets of the file
 * @param start offset of the first octet of the message
 * @param whole true when the octets are the whole file
 * @returns undefined when the header goes on behind the octets
 */
export function scanHeader(bytes: Buffer, start: number, whole: boolean): PlacedHeader | undefined {
  const fields: { name: string; raw: string; range: [number, number] }[] = []
  for (let at = start; at < bytes.length;) {
    const newline = bytes.indexOf(0x0a, at)
    if (newline === -1 && !whole) return undefined
    const end = newline === -1 ? bytes.length : newline + 1
    const line = bytes.toString('latin1', at, end)
    const raw = line.replace(/\r?\n?$/, '\r\n')
    const name = FIELD.exec(line)?.[1]
    const last = fields.at(-1)
    if (BLANK.test(line)) return placed(fields)
    if (name !== undefined) fields.push({ name, raw, range: [at, end] })
    else if (last !== undefined && /^[ \t]/.test(line)) {
      last.raw += raw
      last.range[1] = end
    } else return placed(fields)
    at = end
  }
  return whole ? placed(fields) : undefined
}

function placed(all: readonly PlacedField[]): PlacedHeader {
  const block = headerBlock(all)
  return { all, fields: (name) => block.fields(name) }
}

/** Where the fields with some names stand; the names in lower case. */
export function rangesOf(header: PlacedHeader, names: readonly string[]): ByteRange[] {
  return header.all.filter(({ name }) => names.includes(name.toLowerCase())).map(({ range }) => range)
}
