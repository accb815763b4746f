/**
 * A mail address as the envelope carries it: `local@domain` without angle brackets, or a local part alone that
 * still has to be qualified; its domain is in ASCII. What passes {@link envelopeAddress} is safe to send; everything else is refused with
 * ADDRESS_INVALID and a sentence that names the address.
 */
import { MailError } from '../../errors/mail-error.ts'
import { asciiDomain } from '../../util/ascii-domain.ts'
import { CONTROL, hasControl } from '../../util/control-characters.ts'

/** An address cut at its `@`. */
export interface AddressParts {
  /** As it goes on the wire, quotes included. */
  readonly local: string
  /** Undefined for a bare local part. */
  readonly domain: string | undefined
}

const MAX_ADDRESS = 254

const PARTS = /^("(?:[^"\\]|\\.)*"|[^"@]*)(?:@(.*))?$/s
const QUOTED = /^"(?:[^"\\]|\\.)*"$/s
const ATEXT = String.raw`[^\s"(),.:;<>@[\\\]${CONTROL}\uFFFD]`
const DOT_ATOM = new RegExp(String.raw`^${ATEXT}+(?:\.${ATEXT}+)*$`)
const LABEL = /^(?:[A-Za-z0-9_-]|(?![\s\uFFFD])[^\0-\x9f])+$/u
const DOMAIN_LITERAL = /^\[[!-Z^-~]+\]$/

/**
 * What must not be in an address, quoted or not, with the words for it. Control characters could end the SMTP
 * command, brackets could end the path, a leading dash reads as an option where programs take addresses.
 */
const FORBIDDEN: readonly (readonly [{ test(text: string): boolean }, string])[] = [
  [/^$/, 'it is empty'],
  [{ test: hasControl }, 'it has a control character'],
  [/[<>]/, 'it has an angle bracket'],
  [/\uFFFD/, 'it is not valid UTF-8'],
  [/^-/, 'it begins with a dash'],
  [/^"?\|/, 'mail to programs is not supported here'],
  [/^"?:[Ii][Nn][Cc][Ll][Uu][Dd][Ee]:/, 'lists can only be included from the aliases file'],
  [/^(?:"\/|\/[^@]*$)/, 'mail to files is not supported here'],
]

/** Cuts an address at the `@` that separates the two parts; one inside quotes does not. */
export function splitAddress(address: string): AddressParts {
  const match = PARTS.exec(address)
  return match === null ? { local: address, domain: undefined } : { local: match[1] ?? '', domain: match[2] }
}

/** What follows the last `@`, in lower case; an address without one as a whole. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

/**
 * Writes a local part as it goes on the wire, in quotes only where they are needed (RFC 5321 section 4.1.2).
 *
 * @param text the local part without quotes
 */
export function formatLocalPart(text: string): string {
  return DOT_ATOM.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** A local part without the quotes that {@link formatLocalPart} may have put around it. */
export function unquoteLocalPart(local: string): string {
  return QUOTED.test(local) ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local
}

/** True for a host name of one or more labels, non-ASCII ones included, and for a literal like `[192.0.2.1]`. */
export function isDomain(text: string): boolean {
  if (text.startsWith('[')) return DOMAIN_LITERAL.test(text)
  return text.length <= 255 && text.split('.').every((label) => LABEL.test(label))
}

/**
 * Checks one address for the envelope. It may have 254 octets (RFC 5321 section 4.5.3.1.3); the 64 that servers have to
 * take before the `@` are no limit here, because many take more and addresses for bounces are longer.
 *
 * @param text an address without display name or angle brackets; a bare local part is allowed
 * @param what how to call it in the sentence of the error: `recipient`, `sender`
 * @returns the address, without quotes that it does not need and with an international domain in ASCII (RFC 5890)
 * @throws MailError ADDRESS_INVALID
 */
export function envelopeAddress(text: string, what: string): string {
  const refuse = (why: string) =>
    new MailError('ADDRESS_INVALID', `the ${what} ${quoteForMessage(text)} cannot be used: ${why}`, {
      recipient: text,
    })
  if (Buffer.byteLength(text) > 4 * MAX_ADDRESS) throw refuse('it is longer than 254 octets')
  const forbidden = FORBIDDEN.find(([pattern]) => pattern.test(text))
  if (forbidden !== undefined) throw refuse(forbidden[1])
  const { local, domain } = splitAddress(text)
  const plain = unquoteLocalPart(local)
  if (plain === '') throw refuse('nothing is before the "@"')
  if (local === plain && !DOT_ATOM.test(local.replace(/^\.+|\.+$|\.(?=\.)/g, ''))) {
    throw refuse('it has a blank or a sign that would have to stand in quotes')
  }
  if (domain !== undefined && !isDomain(domain)) throw refuse('the part after the "@" is not a host name')
  const wire = formatLocalPart(plain)
  if (wire.startsWith('-')) throw refuse('it begins with a dash')
  const ascii = domain === undefined ? undefined : asciiDomain(domain)
  if (domain !== undefined && ascii === undefined) throw refuse('the part after the "@" is not a host name')
  const address = ascii === undefined ? wire : `${wire}@${ascii}`
  if (Buffer.byteLength(address) > MAX_ADDRESS) throw refuse('it is longer than 254 octets')
  return address
}

/**
 * Adds the domain to a bare local part.
 *
 * @param address an envelope address; the null sender stays empty
 * @param domain the mail domain of this host
 */
export function qualify(address: string, domain: string): string {
  return address === '' || splitAddress(address).domain !== undefined ? address : `${address}@${domain}`
}

/** The same text for addresses that are the same: the local part exactly, the domain in lower case and ASCII. */
export function addressKey(address: string): string {
  const { local, domain } = splitAddress(address)
  return domain === undefined ? local : `${local}@${(asciiDomain(domain) ?? domain).toLowerCase()}`
}

/** True when both addresses are the same mailbox as far as anyone but its host can tell. */
export function sameAddress(a: string, b: string): boolean {
  return addressKey(a) === addressKey(b)
}

/** Each address once, in the order and the spelling of its first appearance. */
export function dedupe(addresses: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (const address of addresses) {
    const key = addressKey(address)
    if (!seen.has(key)) seen.set(key, address)
  }
  return [...seen.values()]
}

/** Quotes foreign text for a sentence: on one line, short, and with nothing that could control a terminal. */
export function quoteForMessage(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}...` : text
  return `"${short.replace(/\p{Cc}/gu, '?')}"`
}
