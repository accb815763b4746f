/**
 * Values of header fields in a composed message: checked, 7-bit and ready to be folded at their blanks. What a
 * caller passes is refused rather than repaired when it could change the structure of the message.
 */
import { domainToASCII } from 'node:url'
import { MailError } from '../../errors/mail-error.ts'
import { parseAddressList } from '../address/list.ts'
import { envelopeAddress, quoteForMessage, splitAddress } from '../address/address.ts'
import { encodedWords } from '../encoded-word.ts'
import { formatMailbox } from '../phrase.ts'

/** A field as the caller wrote it, on one line. */
export interface OwnField {
  readonly name: string
  readonly value: string
}

/** The caller's own fields by lower-case name. */
export type OwnFields = ReadonlyMap<string, readonly OwnField[]>

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const NEVER_WRITTEN = words('bcc resent-bcc')

/** Of fields that may appear once (RFC 5322 section 3.6), the last one counts. */
const ONCE = words(
  'date from sender message-id in-reply-to references subject mime-version content-type content-transfer-encoding',
)

/** Address lists that may appear once: several become one. */
const JOINED = words('to cc reply-to')

const ADDRESSES = words('from sender to cc reply-to resent-from resent-sender resent-to resent-cc')

/** Fields whose syntax has no place for RFC 2047 words. */
const STRUCTURED = /^(?:content-.*|mime-version|(?:resent-)?(?:message-id|date)|in-reply-to|references)$/

/** Longest folded line, in characters (RFC 2047 section 2: 76 where encoded words are). */
const FOLD_AT = 76

const PRINTABLE = /^[\t -~]*$/
/** What these look for begins where a run begins, so that no run is looked at again from each of its characters. */
const LONG_BLANK = /(?<![ \t])[ \t]{60,}/g
const LONG_WORD = /(?<![^ \t])[^ \t]{900}/

function malformed(name: string, why: string): MailError {
  return new MailError('MESSAGE_MALFORMED', `the header ${quoteForMessage(name)} cannot be used: ${why}`)
}

function checkField(name: string, value: string): void {
  if (!/^[!-9;-~]{1,70}$/.test(name)) {
    throw malformed(name, 'a name is at most 70 printable ASCII characters without blanks and colons')
  }
  if (/[\r\n\0]/.test(value)) throw malformed(name, 'its value has a line break or NUL; put it on one line')
}

/** Address lists as one, with the name of the last. */
const joined = (lists: readonly OwnField[]): OwnField[] =>
  lists.slice(-1).map(({ name }) => ({ name, value: lists.map(({ value }) => value).join(', ') }))

/**
 * Checks the caller's own fields and sorts them by name; empty ones, Bcc and Resent-Bcc are left out.
 *
 * @throws MailError `MESSAGE_MALFORMED` for a name that is none, or a line break anywhere
 */
export function ownFields(headers: readonly (readonly [string, string])[]): OwnFields {
  const fields = new Map<string, OwnField[]>()
  for (const [name, text] of headers) {
    checkField(name, text)
    const key = name.toLowerCase()
    const value = text.trim()
    if (NEVER_WRITTEN.has(key) || value === '') continue
    const before = ONCE.has(key) ? undefined : fields.get(key)
    if (before === undefined) fields.set(key, [{ name, value }])
    else before.push({ name, value })
  }
  for (const [key, all] of fields) if (JOINED.has(key)) fields.set(key, joined(all))
  return fields
}

/** The domain in ASCII, where the local part allows the address to be all ASCII. */
export function headerAddress(address: string): string {
  const { local, domain } = splitAddress(address)
  if (domain === undefined || PRINTABLE.test(domain) || !PRINTABLE.test(local)) return address
  const ascii = domainToASCII(domain)
  return ascii === '' ? address : `${local}@${ascii}`
}

/**
 * The value of an address field.
 *
 * @param name the field, for the sentence of an error
 * @param lists mailboxes or lists of them
 * @throws MailError `ADDRESS_INVALID` for what is no address, and for a line break anywhere
 */
export function addressFieldValue(name: string, lists: readonly string[]): string {
  const mailboxes = lists.flatMap((list) => {
    const { addresses, problems } = parseAddressList(list)
    const problem = /[\r\n]/.test(list) ? `there is a line break in ${quoteForMessage(list)}` : problems[0]
    if (problem !== undefined) throw new MailError('ADDRESS_INVALID', `${name}: ${problem}`)
    return addresses
  })
  const written = mailboxes.map((mailbox) => {
    const address = headerAddress(envelopeAddress(mailbox.address, `address in ${name}`))
    return formatMailbox(mailbox.name, address).replace(/\r\n /g, ' ')
  })
  return written.join(', ')
}

/** The value of a field for people: as it is when that can be folded, else as encoded words (RFC 2047). */
export function textFieldValue(text: string): string {
  const asItIs = PRINTABLE.test(text) && text.search(LONG_BLANK) === -1 && !LONG_WORD.test(text)
  return asItIs ? text : encodedWords(text).join(' ')
}

/**
 * The value of one of the caller's own fields. Printable ASCII stays as the caller wrote it; addresses have to be some.
 *
 * @throws MailError `MESSAGE_MALFORMED` or `ADDRESS_INVALID` for what the syntax of the field cannot hold
 */
export function ownFieldValue({ name, value }: OwnField): string {
  const key = name.toLowerCase()
  if (!STRUCTURED.test(key) && !ADDRESSES.has(key)) return textFieldValue(value)
  const addresses = ADDRESSES.has(key) ? addressFieldValue(name, [value]) : undefined
  if (LONG_WORD.test(addresses ?? value)) throw malformed(name, 'its value is too long to be folded')
  if (PRINTABLE.test(value) && !LONG_WORD.test(value)) return value.replace(LONG_BLANK, ' ')
  if (addresses !== undefined) return addresses
  throw malformed(name, 'it can hold printable ASCII only')
}

/**
 * A field folded at its blanks, so that unfolding gives the value back; words are never cut.
 *
 * @returns the field without the last CRLF
 */
export function foldedField(name: string, value: string): string {
  const lines: string[] = []
  let line = `${name}:`
  for (const word of ` ${value}`.match(/[ \t]+[^ \t]+/g) ?? []) {
    const isFirstWord = lines.length === 0 && line.length === name.length + 1
    if (!isFirstWord && line.length + word.length > FOLD_AT) {
      lines.push(line)
      line = ''
    }
    line += word
  }
  return [...lines, line].join('\r\n')
}
