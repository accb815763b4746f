/**
 * Who a message is for: from operands, or from the header as `sendmail -t` does. Recipients are returned ready for
 * the envelope except that bare local parts stay bare, because aliases are looked up first. Addresses that cannot
 * be used never hide the others: they are listed as problems, and the caller decides.
 */
import { MailError } from '../errors/mail-error.ts'
import { parseAddressList } from './address/list.ts'
import { dedupe, envelopeAddress, quoteForMessage } from './address/address.ts'
import type { Envelope, ReportRequest } from './envelope.ts'
import { fieldText, type HeaderBlock } from './header-block.ts'
import { reportsOf } from './recipient-request.ts'

/** Recipients, and one sentence for each piece of the text that is none. */
export interface RecipientList {
  readonly recipients: readonly string[]
  readonly problems: readonly string[]
}

const LINE_BREAK = /[\r\n]/
const RESENT = new Set(['resent-to', 'resent-cc', 'resent-bcc'])
const ORIGINAL = new Set(['to', 'cc', 'bcc', 'apparently-to'])

/**
 * Reads the recipients out of address lists, such as the operands of a command.
 *
 * @param texts one address list each; an empty one is ignored
 * @returns each recipient once, in order
 */
export function readRecipients(texts: readonly string[]): RecipientList {
  const recipients: string[] = []
  const problems: string[] = []
  for (const text of texts) {
    if (LINE_BREAK.test(text)) {
      problems.push(`the recipient ${quoteForMessage(text)} cannot be used: it has a line break`)
      continue
    }
    const list = parseAddressList(text)
    for (const problem of list.problems) problems.push(problem)
    for (const { address } of list.addresses) {
      try {
        recipients.push(envelopeAddress(address, 'recipient'))
      } catch (error) {
        if (!(error instanceof MailError)) throw error
        problems.push(error.publicMessage)
      }
    }
  }
  return { recipients: dedupe(recipients), problems }
}

/**
 * Reads the recipients out of the header: To, Cc, Bcc and Apparently-To, or, as soon as the header has any
 * Resent-To, Resent-Cc or Resent-Bcc, those alone (RFC 5322 section 3.6.6).
 *
 * @returns each recipient once, in the order of the header
 */
export function headerRecipients(header: HeaderBlock): RecipientList {
  const named = (names: ReadonlySet<string>) =>
    header.all.filter((field) => names.has(field.name.toLowerCase()))
  const resent = named(RESENT)
  return readRecipients((resent.length > 0 ? resent : named(ORIGINAL)).map(fieldText))
}

/**
 * Reads an envelope sender as the option `-f` takes it.
 *
 * @param text an address, also with a display name or blanks around it; empty or `<>` is the null sender
 * @returns the address, possibly a bare local part; the empty string for the null sender
 * @throws MailError ADDRESS_INVALID when it is not exactly one usable address
 */
export function readSender(text: string): string {
  if (/^(?:<\s*>)?$/.test(text.trim())) return ''
  if (LINE_BREAK.test(text)) {
    throw new MailError(
      'ADDRESS_INVALID',
      `the sender ${quoteForMessage(text)} cannot be used: it has a line break`,
    )
  }
  const { addresses, problems } = parseAddressList(text)
  const [sender] = addresses
  if (problems[0] !== undefined)
    throw new MailError('ADDRESS_INVALID', `the sender cannot be used: ${problems[0]}`)
  if (sender === undefined || addresses.length > 1) {
    throw new MailError('ADDRESS_INVALID', `the sender ${quoteForMessage(text)} is not exactly one address`)
  }
  return envelopeAddress(sender.address, 'sender')
}

/**
 * Makes an envelope of addresses that may come from anywhere.
 *
 * @param sender the return path; the empty string is the null sender
 * @param recipients in order; duplicates are dropped
 * @param reports what the sender wants to be told; nothing special when left out. Requests about single recipients
 *   may write them in any way that means the same address; those about others are dropped
 * @param body what the sender declared the body as; the bytes decide when left out
 * @throws MailError NO_RECIPIENTS when there are none, ADDRESS_INVALID when one cannot be used, USAGE when an
 *   original recipient cannot be passed on
 */
export function envelope(
  sender: string,
  recipients: readonly string[],
  reports?: ReportRequest,
  body?: Envelope['body'],
): Envelope {
  if (recipients.length === 0) {
    throw new MailError(
      'NO_RECIPIENTS',
      'the message has no recipients; name them as operands, or in To, Cc or Bcc with -t',
    )
  }
  const addresses = dedupe(recipients.map((recipient) => envelopeAddress(recipient, 'recipient')))
  return {
    sender: sender === '' ? '' : envelopeAddress(sender, 'sender'),
    recipients: addresses,
    ...(reports === undefined ? undefined : { reports: reportsOf(addresses, reports) }),
    ...(body === undefined ? undefined : { body }),
  }
}
