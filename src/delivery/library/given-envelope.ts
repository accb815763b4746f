/**
 * Sender and recipients as a program gives them. No compiler checks a program in JavaScript, so what is missing or is
 * no text is refused here, in the words of the library.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Envelope, ReportRequest } from '../../message/envelope.ts'
import { envelope } from '../../message/recipients.ts'

/** Sender and recipients of a call. */
export interface Addresses {
  /** The envelope sender; the empty string is the null sender. */
  readonly sender: string
  readonly recipients: readonly string[] | string
}

/** What a call may have in their place. */
type Given = Readonly<Partial<Record<keyof Addresses, unknown>>>

const isText = (value: unknown): value is string => typeof value === 'string'

function recipientsOf({ recipients = [] }: Given): readonly string[] {
  const list: readonly unknown[] = Array.isArray(recipients) ? recipients : [recipients]
  if (list.length === 0)
    throw new MailError('NO_RECIPIENTS', 'the message has no recipients; give at least one')
  const texts = list.filter(isText)
  if (texts.length === list.length) return texts
  throw new MailError('USAGE', 'recipients has to be an address, or an array of addresses')
}

/**
 * The envelope of a call.
 *
 * @throws MailError NO_RECIPIENTS when there are none, USAGE for a sender that is left out and what is no text,
 *   ADDRESS_INVALID for an address that cannot be used
 */
export function givenEnvelope(given: Given = {}, reports?: ReportRequest): Envelope {
  const recipients = recipientsOf(given)
  const { sender } = given
  if (!isText(sender))
    throw new MailError('USAGE', 'sender has to be an address, or the empty string for the null sender <>')
  return envelope(sender, recipients, reports)
}
