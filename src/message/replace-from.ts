/**
 * One From field that names one given address, in the place of all there are. A name that is not given is taken
 * from the old field as it stands there, encoded words and comments included. Cannot fail.
 */
import { sameAddress } from './address/address.ts'
import { headerBlock, type HeaderBlock, type HeaderField } from './header-block.ts'
import { formatMailbox } from './phrase.ts'
import { addressIn, latin1, placeField } from './address/rewrite.ts'

/** Whom From is to name. */
export interface Author {
  readonly name?: string | undefined
  readonly address: string
}

/**
 * Replaces From.
 *
 * @param header with or without From fields
 * @returns the same header when it has no From, or a single one that names this address alone
 */
export function replaceFrom(header: HeaderBlock, author: Author): HeaderBlock {
  const [first, ...others] = header.fields('from')
  if (first === undefined || (others.length === 0 && names(first, author))) return header
  const raw = `From: ${newValue(first, author)}\r\n`
  const all = header.all.filter((field) => !others.includes(field))
  return headerBlock(all.map((field) => (field === first ? { name: 'From', raw } : field)))
}

function names(field: HeaderField, { address }: Author): boolean {
  const mailboxes = placeField(field)?.mailboxes ?? []
  const [mailbox] = mailboxes
  return mailbox !== undefined && mailboxes.length === 1 && sameAddress(addressIn(mailbox), address)
}

function newValue(old: HeaderField, { name, address }: Author): string {
  const placed = name === undefined ? placeField(old) : undefined
  const mailbox = placed?.mailboxes[0]
  if (placed === undefined || mailbox === undefined) return latin1(formatMailbox(name, address))
  const { start, end, addressStart, addressEnd } = mailbox
  return placed.value.slice(start, addressStart) + latin1(address) + placed.value.slice(addressEnd, end)
}
