/**
 * Changes addresses inside header fields and nothing else: display names, comments, quotes, groups, folding and
 * order keep their bytes. A field that is no valid address list stays as it is. It takes time in proportion to
 * the size of the header, whatever is in it, and never fails.
 */
import { placeMailboxes, type PlacedMailbox } from './list.ts'
import { splitAddress } from './address.ts'
import { headerBlock, type HeaderBlock, type HeaderField } from '../header-block.ts'
import { roleOf, shownAddress, type AddressRole, type AddressRules } from './show.ts'

/** The value of a field with the places of its mailboxes. */
export interface PlacedField {
  /** The value as latin1, one character for each byte, folding included. */
  readonly value: string
  readonly mailboxes: readonly PlacedMailbox[]
}

/** Bytes of other letters stand for a letter each while addresses are looked for: every offset stays. */
const LETTERS = 0x4e00
const MASKED = /[\u4e80-\u4eff]/

/** Text as one character for each of its UTF-8 bytes. */
export function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/**
 * Finds the mailboxes of a field.
 *
 * @returns undefined when the value is no valid address list
 */
export function placeField({ raw }: HeaderField): PlacedField | undefined {
  const value = raw.slice(raw.indexOf(':') + 1)
  const masked = value
    .replace(/[\r\n]/g, ' ')
    .replace(/[\x80-\xff]/g, (byte) => String.fromCharCode(LETTERS + byte.charCodeAt(0)))
  const mailboxes = placeMailboxes(masked)
  return mailboxes === undefined ? undefined : { value, mailboxes }
}

/** The address of a mailbox that {@link placeField} found. */
export function addressIn({ address }: PlacedMailbox): string {
  if (!MASKED.test(address)) return address
  const bytes = address.replace(/[\u4e80-\u4eff]/g, (letter) =>
    String.fromCharCode(letter.charCodeAt(0) - LETTERS),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/**
 * Writes the addresses of a header as they are to be shown.
 *
 * @param header any header; fields without addresses are not looked at
 * @param rules what becomes of the addresses
 * @returns a header in which fields without a change are the same objects
 */
export function rewriteAddresses(header: HeaderBlock, rules: AddressRules): HeaderBlock {
  return headerBlock(
    header.all.map((field) => {
      const role = roleOf(field.name)
      return role === undefined ? field : rewriteField(field, role, rules)
    }),
  )
}

function rewriteField(field: HeaderField, role: AddressRole, rules: AddressRules): HeaderField {
  const placed = placeField(field)
  if (placed === undefined) return field
  const pieces: string[] = []
  let kept = 0
  for (const mailbox of placed.mailboxes) {
    const address = addressIn(mailbox)
    const shown = shownAddress(address, role, rules)
    if (shown === address) continue
    const { start, text } = change(mailbox, address, shown)
    pieces.push(placed.value.slice(kept, start), latin1(text))
    kept = mailbox.addressEnd
  }
  if (pieces.length === 0) return field
  const name = field.raw.slice(0, field.raw.indexOf(':') + 1)
  return { ...field, raw: name + pieces.join('') + placed.value.slice(kept) }
}

/** What is written from where to the end of an address. A local part that stays keeps its bytes. */
function change(
  { addressStart, addressEnd, domainStart }: PlacedMailbox,
  address: string,
  shown: string,
): { readonly start: number; readonly text: string } {
  const { local, domain = '' } = splitAddress(shown)
  if (local !== splitAddress(address).local) return { start: addressStart, text: shown }
  return domainStart === undefined
    ? { start: addressEnd, text: `@${domain}` }
    : { start: domainStart, text: domain }
}
