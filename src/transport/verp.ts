/**
 * Variable envelope return paths: an envelope sender that names the recipient, so that a bounce tells whom it is about,
 * however it is written. The form is that of Postfix and sendmail: `list@site.example` for `ann@other.example` becomes
 * `list+ann=other.example@site.example`.
 */
import { formatLocalPart, splitAddress, unquoteLocalPart } from '../message/address/address.ts'

/** The longest address and the longest local part that everybody takes (RFC 5321 section 4.5.3.1), in octets. */
const LONGEST = 254
const LONGEST_LOCAL = 64

/**
 * The sender for one recipient.
 *
 * @returns the sender as it was where it cannot name anybody: the null sender, a sender without a domain, a recipient
 *   without one, and where the result would be longer than 254 octets, or its local part than 64: a server that
 *   refuses such a sender would get no mail at all
 */
export function verpSender(sender: string, recipient: string): string {
  const from = splitAddress(sender)
  const to = splitAddress(recipient)
  if (from.domain === undefined || to.domain === undefined) return sender
  const local = `${unquoteLocalPart(from.local)}+${unquoteLocalPart(to.local)}=${to.domain}`
  const named = formatLocalPart(local)
  const whole = `${named}@${from.domain}`
  const isLong = Buffer.byteLength(named) > LONGEST_LOCAL || Buffer.byteLength(whole) > LONGEST
  return isLong ? sender : whole
}
