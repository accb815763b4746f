/**
 * Display names and mailboxes for header fields that this program writes (RFC 5322 section 3.4). Whatever the
 * name holds, the result is one valid, folded piece of a header: a name cannot add a field or a recipient.
 */
import { encodedWords } from './encoded-word.ts'

const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/
const MAX_LINE = 76
/** Room for a field name such as `From: ` on the first line. */
const FIELD_NAME = 8
const LONGEST_PLAIN = MAX_LINE - FIELD_NAME

/**
 * Writes a display name: as it is when it consists of atoms, in quotes when it has other ASCII signs, and as
 * encoded words (RFC 2047) when it has others or is too long for one line.
 *
 * @param name any text; control characters and runs of blanks become one blank
 * @returns the phrase, possibly folded, without a line break at either end; empty for an empty name
 */
export function formatPhrase(name: string): string {
  const text = name.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  if (text === '') return ''
  if (!/^[ -~]*$/.test(text)) return encodedWords(text).join('\r\n ')
  const plain = text.split(' ').every((word) => ATOM.test(word)) && !text.includes('=?')
  const phrase = plain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
  return phrase.length <= LONGEST_PLAIN ? phrase : encodedWords(text).join('\r\n ')
}

/**
 * Writes a mailbox for an address field.
 *
 * @param name the display name; nothing or an empty one leaves the address alone
 * @param address as in the envelope, written as it is
 * @returns `address` or `phrase <address>`, folded before the address when the line gets longer than 76
 */
export function formatMailbox(name: string | undefined, address: string): string {
  const phrase = formatPhrase(name ?? '')
  if (phrase === '') return address
  const lines = phrase.split('\r\n')
  const lead = lines.length === 1 ? FIELD_NAME : 0
  const room = MAX_LINE - lead - (lines.at(-1) ?? '').length
  return `${phrase}${address.length + 3 > room ? '\r\n ' : ' '}<${address}>`
}

/**
 * The full name out of the comment field of the password file.
 *
 * @param gecos such as `Alice A.,Room 1`: what follows the first comma is not the name, and `&` stands for the
 *   login name with a capital
 * @param login the login name
 * @returns the name, or undefined when there is none
 */
export function gecosName(gecos: string, login: string): string | undefined {
  const [first = ''] = gecos.split(',')
  const capital = login.charAt(0).toUpperCase() + login.slice(1)
  const name = first.replaceAll('&', () => capital).trim()
  return name === '' ? undefined : name
}
