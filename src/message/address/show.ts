/**
 * What is shown of an address: bare ones get a domain, and addresses of this host may stand behind another name.
 * The envelope sender and every address field of the header follow the same rules. Nothing here fails.
 */
import { splitAddress } from './address.ts'

/** What an address field says of its addresses: who wrote, or anything else. */
export type AddressRole = 'sender' | 'other'

/** What is done with addresses. */
export interface AddressRules {
  /** The domain for addresses that have none; undefined leaves them as they are. */
  readonly qualifyDomain: string | undefined
  /** What stands in the place of addresses of this host. */
  readonly masquerade: { readonly domain: string; readonly sender: string | undefined } | undefined
  /** True for an address of this host, bare local parts included. Only asked when there is a masquerade. */
  isLocal(address: string): boolean
}

/** Fields of addresses, and what they say; RFC 5322 section 3.6 and a few that are still in use. */
const ROLES: ReadonlyMap<string, AddressRole> = new Map([
  ...['from', 'sender', 'resent-from', 'resent-sender'].map((name) => [name, 'sender'] as const),
  ...[
    ...['reply-to', 'to', 'cc', 'bcc', 'resent-reply-to', 'resent-to', 'resent-cc', 'resent-bcc'],
    ...['apparently-to', 'errors-to', 'return-receipt-to', 'disposition-notification-to'],
  ].map((name) => [name, 'other'] as const),
])

/** What a header field says of the addresses in it; undefined when it has none. */
export function roleOf(name: string): AddressRole | undefined {
  return ROLES.get(name.toLowerCase())
}

/**
 * The address as others see it.
 *
 * @param address an addr-spec or a bare local part; the null sender stays empty
 * @returns the same text when no rule is for it
 */
export function shownAddress(address: string, role: AddressRole, rules: AddressRules): string {
  if (address === '') return address
  const { masquerade } = rules
  const { local, domain } = splitAddress(address)
  if (masquerade !== undefined && rules.isLocal(address)) {
    const whole = role === 'sender' ? masquerade.sender : undefined
    return whole ?? `${local}@${masquerade.domain}`
  }
  if (domain !== undefined) return address
  const { qualifyDomain } = rules
  return qualifyDomain === undefined ? address : `${address}@${qualifyDomain}`
}

/**
 * A list in which every address obviously has a domain, without comments, groups and rarities. No two neighbours
 * in the expression fit the same blank, so that it takes time in proportion to the text.
 */
const WORD = String.raw`[^\s<>@,"();:\\]+`
const NAME = String.raw`(?:"[^"\\]*"\s*|(?:${WORD}(?:\s+${WORD})*\s*)?)`
const MAILBOX = String.raw`\s*(?:${NAME}<${WORD}@${WORD}>|${WORD}@${WORD})\s*`
const PLAIN_LIST = new RegExp(`^${MAILBOX}(?:,${MAILBOX})*$`)
/** One address and nothing else, which most fields are. */
const PLAIN_ADDRESS = /^\s*[\w.+-]+@[\w.-]+\s*$/
/** Longer fields are left to the parser: an expression may run out of stack. */
const LONGEST_PLAIN = 4000

/**
 * A quick look at a field, for the many in which nothing has to be changed.
 *
 * @param raw the whole field
 * @returns false only when every address in it has a domain
 */
export function mayHaveBareAddress(raw: string): boolean {
  if (raw.length > LONGEST_PLAIN) return true
  const value = raw.slice(raw.indexOf(':') + 1)
  return !PLAIN_ADDRESS.test(value) && !PLAIN_LIST.test(value)
}
