/**
 * What a delivery report needs of the message that it is about: its header, and its body only when that is small
 * and was asked for. However large the message is, little more than 4 MB of it is held.
 */
import type { MessageContent } from './content.ts'
import { MAX_HEADER_BYTES, splitHeader, type HeaderBlock } from './header-block.ts'
import { toWireText } from './wire-text.ts'

/** The largest message that is returned whole, and the most that is returned of a header, in octets. */
export const MAX_RETURNED = 50 * 1024

/** The message that a report is about. */
export interface OriginalMessage {
  /** The header block, with or without the blank line behind it. */
  readonly header: Buffer
  /** The body, when the whole message is to be returned (RET=FULL); left out when it is large anyway. */
  readonly body?: Buffer
}

/** Where the body starts, or -1 when the bytes at hand do not say. */
function bodyStart(bytes: Buffer): number {
  if (bytes.indexOf('\r\n') === 0) return 2
  const blankLine = bytes.indexOf('\r\n\r\n')
  return blankLine === -1 ? -1 : blankLine + 4
}

/**
 * Reads as much of a message as a report of it needs.
 *
 * @param content the message; it stays open
 * @param whole true when its sender asked for the whole message in reports
 * @returns the header, and the body when it may be returned; rejects with the error of the stream
 */
export async function readOriginal(content: MessageContent, whole: boolean): Promise<OriginalMessage> {
  const all = whole && content.size <= MAX_RETURNED
  let bytes = Buffer.alloc(0)
  for await (const chunk of content.stream() as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    if (!all && (bodyStart(bytes) !== -1 || bytes.length >= MAX_HEADER_BYTES)) break
  }
  const start = bodyStart(bytes)
  const header = start === -1 ? bytes : bytes.subarray(0, start)
  return all ? { header, body: bytes.subarray(header.length) } : { header }
}

/**
 * The fields of the original. Reading never fails: what is no field is left out, and so is what lies beyond the
 * limit of a header.
 */
export function originalHeader({ header }: OriginalMessage): HeaderBlock {
  const text = toWireText(header.subarray(0, MAX_HEADER_BYTES))
  return splitHeader(text.subarray(0, MAX_HEADER_BYTES)).header
}
