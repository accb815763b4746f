/**
 * Recipients as callers of mail(1) write them: lists with commas, semicolons or only blanks between addresses, with
 * display names and comments. What could write a file, run a command or add a line to the header ends the call;
 * anything else that is no address becomes a problem, and the others are still found.
 */
import { MailError } from '../../errors/mail-error.ts'
import { parseAddressList, type Mailbox } from '../../message/address-list.ts'
import { addressTokens } from '../../message/address-tokens.ts'
import { envelopeAddress, quoteForMessage } from '../../message/address.ts'
import { expandMailAliases } from './mailrc-aliases.ts'
import type { MailRc } from './mailrc.ts'

/** Mailboxes whose addresses may be sent to, and one sentence for each piece of the text that is none. */
export interface MailboxList {
  readonly mailboxes: readonly Mailbox[]
  readonly problems: readonly string[]
}

/** What mail programs take for a file or a command instead of an address. */
const FILE_OR_COMMAND = /^\s*"?(?:\||\/[^@]*$)/

/**
 * Refuses a recipient or a sender that is no list at all.
 *
 * @param what how to call it: `recipient`, `sender`
 * @throws MailError USAGE for a line break
 */
export function refuseLineBreak(text: string, what: string): void {
  if (!/[\r\n]/.test(text)) return
  throw new MailError('USAGE', `the ${what} ${quoteForMessage(text)} cannot be used: it has a line break`)
}

/** The members of a list, cut at commas and semicolons outside of quotes, comments and angle brackets. */
function members(text: string): string[] {
  const found: string[] = []
  let start = 0
  let angle = false
  for (const token of addressTokens(text)) {
    if (token.kind !== 'sign') continue
    if (token.text === '<') angle = true
    else if (token.text === '>') angle = false
    else if (!angle && (token.text === ',' || token.text === ';')) {
      found.push(text.slice(start, token.start))
      start = token.end
    }
  }
  return [...found, text.slice(start)]
}

/** A member that consists of several addresses with nothing but blanks between them. */
function addressesIn(member: string): readonly Mailbox[] | undefined {
  const pieces = member.trim().split(/\s+/).map(parseAddressList)
  const areAddresses = pieces.every(
    ({ addresses, problems }) => problems.length === 0 && addresses[0]?.address.includes('@') === true,
  )
  return areAddresses ? pieces.flatMap(({ addresses }) => addresses) : undefined
}

function readMember(member: string): MailboxList {
  if (FILE_OR_COMMAND.test(member)) {
    throw new MailError(
      'USAGE',
      `${quoteForMessage(member.trim())} is a file or a command; mail is sent to addresses only`,
    )
  }
  const { addresses, problems } = parseAddressList(member)
  const found = problems.length === 0 ? addresses : addressesIn(member)
  if (found === undefined) return { mailboxes: [], problems }
  return checked(found)
}

function checked(found: readonly Mailbox[]): MailboxList {
  const mailboxes: Mailbox[] = []
  const problems: string[] = []
  for (const mailbox of found) {
    try {
      mailboxes.push({ ...mailbox, address: envelopeAddress(mailbox.address, 'recipient') })
    } catch (error) {
      if (!(error instanceof MailError)) throw error
      problems.push(error.publicMessage)
    }
  }
  return { mailboxes, problems }
}

/**
 * Reads recipients, and replaces the personal aliases among them.
 *
 * @param texts one list each; empty ones are no recipients
 * @param aliases those of the mailrc files; a name behind a backslash is none of them
 * @throws MailError USAGE for a line break, a file or a command among them
 */
export function readMailboxes(texts: readonly string[], aliases: MailRc['aliases']): MailboxList {
  for (const text of texts) refuseLineBreak(text, 'recipient')
  const named = texts.flatMap(members)
  const lists = named.flatMap((member) => expandMailAliases([member], aliases)).map(readMember)
  return {
    mailboxes: lists.flatMap(({ mailboxes }) => mailboxes),
    problems: lists.flatMap(({ problems }) => problems),
  }
}
