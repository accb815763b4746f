/**
 * The part of a delivery report that shows which message it is about: the whole original when that was asked for,
 * it is small and needs no encoding, otherwise its header (RFC 6522 section 3). The part is always ASCII in short
 * lines, so the report passes servers without 8BITMIME whatever the original holds.
 */
import type { HeaderBlock } from '../header-block.ts'
import { MAX_RETURNED, type OriginalMessage } from '../original-message.ts'
import { quotedPrintable } from '../mime/transfer-encoding.ts'
import { toWireText } from '../wire-text.ts'

/** A MIME part: its Content fields, and its content with CRLF line ends. */
export interface ReportPart {
  readonly fields: readonly (readonly [string, string])[]
  readonly content: string
}

/** True for text with CRLF line ends that needs no encoding (RFC 5322 section 2.1.1). */
export function isSevenBit(text: string): boolean {
  return text.split('\r\n').every((line) => line.length <= 998 && !/[\0\r\n\u0080-\uffff]/.test(line))
}

/** The fields that fit together, in order; a very long one, such as a To with thousands, gives way to the others. */
function fittingFields(header: HeaderBlock): string {
  let text = ''
  for (const { raw } of header.all) {
    if (text.length + raw.length <= MAX_RETURNED) text += raw
  }
  return text
}

function wholeMessage({ header, body }: OriginalMessage): string | undefined {
  if (body === undefined || header.length + body.length > MAX_RETURNED) return undefined
  const head = toWireText(header)
    .toString('latin1')
    .replace(/(^|\r\n)\r\n$/, '$1')
  const text = `${head}\r\n${toWireText(body).toString('latin1')}`
  return isSevenBit(text) ? text : undefined
}

/**
 * Makes the part.
 *
 * @param original the message; without its body only the header is returned
 * @param fields its header, as originalHeader read it
 * @returns also whether it has the whole message
 */
export function returnedMessage(
  original: OriginalMessage,
  fields: HeaderBlock,
): ReportPart & { readonly whole: boolean } {
  const text = wholeMessage(original)
  if (text !== undefined) return { fields: [['Content-Type', 'message/rfc822']], content: text, whole: true }
  const header = fittingFields(fields)
  const type = ['Content-Type', 'text/rfc822-headers'] as const
  if (isSevenBit(header)) return { fields: [type], content: header, whole: false }
  const encoding = ['Content-Transfer-Encoding', 'quoted-printable'] as const
  return { fields: [type, encoding], content: quotedPrintable(Buffer.from(header, 'latin1')), whole: false }
}
