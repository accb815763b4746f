/**
 * Makes a complete message out of what a user typed: header block with RFC 2047 words, folded, and a body in
 * an encoding that every server takes. The only importer of nodemailer's MIME composer, which is loaded by the
 * first call. Bcc is never written, no field appears twice that may appear once, and nothing a caller passes
 * can add a field or a line of its own: a line break in a header name, value or address is refused.
 */
import { planBody, type BodyPlan } from './compose-body.ts'
import {
  addressFieldValue,
  foldedField,
  ownFields,
  ownFieldValue,
  textFieldValue,
  type OwnFields,
} from './compose-fields.ts'
import { formatDate } from './date.ts'

/** What a message is made of. */
export interface MailParts {
  /** Mailbox or list for From; without it, and without a From of the caller's own, none is written. */
  readonly from?: string
  /** Mailboxes, display names allowed. */
  readonly to: readonly string[]
  readonly cc: readonly string[]
  /** A line break in it becomes one blank; an empty subject is left out. */
  readonly subject?: string
  /** The caller's own fields, name and value. They take the place of the generated ones. */
  readonly headers: readonly (readonly [string, string])[]
  /** The text as it came, any charset and line ends. */
  readonly body: Buffer
  /** For the Date field, in milliseconds since the epoch. */
  readonly date: number
  /** With its angle brackets, as newMessageId makes it. */
  readonly messageId: string
}

/** Name and value, unfolded; an empty value leaves the field out. */
type Field = readonly [name: string, value: string]

function generatedFields(parts: MailParts): Field[] {
  return [
    ['Date', formatDate(parts.date)],
    ['From', addressFieldValue('From', parts.from === undefined ? [] : [parts.from])],
    ['To', addressFieldValue('To', parts.to)],
    ['Cc', addressFieldValue('Cc', parts.cc)],
    ['Subject', textFieldValue((parts.subject ?? '').replace(/[\r\n\0]+/g, ' ').trim())],
    ['Message-ID', parts.messageId],
  ]
}

/** Generated fields, or the caller's own in their places; then the rest of the caller's; MIME fields last. */
function allFields(parts: MailParts, own: OwnFields, plan: BodyPlan): Field[] {
  const mime: Field[] = [
    ['MIME-Version', '1.0'],
    ['Content-Type', plan.contentType],
    ['Content-Transfer-Encoding', plan.transferEncoding],
  ]
  const ownOf = (key: string): Field[] =>
    (own.get(key) ?? []).map((field): Field => [field.name, ownFieldValue(field)])
  const generated = generatedFields(parts)
  const placed = new Set([...generated, ...mime].map(([name]) => name.toLowerCase()))
  const leading = generated.flatMap((field): readonly Field[] => {
    const [name] = field
    const replacement = ownOf(name.toLowerCase())
    return replacement.length > 0 ? replacement.map(([, value]): Field => [name, value]) : [field]
  })
  const others = [...own.keys()].filter((key) => !placed.has(key)).flatMap(ownOf)
  return [...leading, ...others, ...mime]
}

/**
 * Composes one message.
 *
 * @param parts what the user gave
 * @returns the message with CRLF line ends; its lines have at most 998 octets, and it is 7-bit unless a local
 *   part or a multipart body of the caller's own is not
 * @throws MailError `ADDRESS_INVALID` for From, To or Cc, `MESSAGE_MALFORMED` for a field of the caller's own
 */
export async function composeMail(parts: MailParts): Promise<Buffer> {
  const own = ownFields(parts.headers)
  const contentType = own.get('content-type')?.[0]
  const plan = planBody(parts.body, {
    contentType: contentType === undefined ? undefined : ownFieldValue(contentType),
    transferEncoding: own.get('content-transfer-encoding')?.[0]?.value,
  })
  const fields = allFields(parts, own, plan).filter(([, value]) => value !== '')
  const { default: MimeNode } = await import('nodemailer/lib/mime-node')
  const node = new MimeNode(false, { disableFileAccess: true, disableUrlAccess: true })
  // The composer would parse the address fields again, rewrite domains and lose bare names, and it would
  // encode every line over 76 characters: both decisions have been made already.
  node.buildHeaders = () => fields.map(([name, value]) => foldedField(name, value)).join('\r\n')
  node.getTransferEncoding = () => plan.encode ?? false
  node.setContent(plan.bytes)
  return node.build()
}
