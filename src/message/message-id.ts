/**
 * Message identifiers (RFC 5322 section 3.6.4): making new ones and finding the one a message has. Reading never
 * fails; without a usable identifier the answer is undefined.
 */
import { randomOctets } from '../util/random.ts'
import { splitAddress } from './address/address.ts'
import { fieldText, splitHeader, type HeaderBlock } from './header-block.ts'
import { toWireText } from './wire-text.ts'

const ID_DOMAIN = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/

/**
 * Makes an identifier that nobody can guess and that never comes twice.
 *
 * @param sender the envelope sender, whose domain is used when it is a plain ASCII name
 * @param fallbackDomain otherwise this one, or `localhost` when it is no plain name either
 * @returns the identifier in its angle brackets
 */
export function newMessageId(sender: string, fallbackDomain: string): string {
  const candidates = [splitAddress(sender).domain ?? '', fallbackDomain]
  const domain = candidates.find((text) => ID_DOMAIN.test(text)) ?? 'localhost'
  return `<${randomOctets(18).toString('base64url')}@${domain}>`
}

/**
 * The identifier of a message that may have to be made again: the same key gives the same one.
 *
 * @param key unique at this domain in its last 300 characters; those that cannot stand in an identifier become `_`
 * @param domain `localhost` is taken when it is no plain ASCII name
 * @returns the identifier in its angle brackets
 */
export function messageIdOfKey(key: string, domain: string): string {
  const left = key.slice(-300).replace(/[^\w.+=-]|^\.|\.$|\.(?=\.)/g, '_')
  return `<${left}@${ID_DOMAIN.test(domain) ? domain : 'localhost'}>`
}

/** The identifier in a header, with its angle brackets when it has them. */
export function messageIdIn(header: HeaderBlock): string | undefined {
  const [field] = header.fields('message-id')
  if (field === undefined) return undefined
  const text = fieldText(field)
  const id = /<[^<>\s]+>/.exec(text)?.[0] ?? text.replace(/\s+/g, ' ')
  return id === '' ? undefined : id.replace(/\p{Cc}/gu, '?')
}

/**
 * The identifier of a message of which only the beginning is at hand, for logs.
 *
 * @param headerStart the first octets of a message, with any line ends; a line that is cut off is not looked at
 */
export function messageIdOf(headerStart: Buffer): string | undefined {
  const complete = headerStart.subarray(0, headerStart.lastIndexOf(0x0a) + 1)
  return messageIdIn(splitHeader(toWireText(complete)).header)
}
