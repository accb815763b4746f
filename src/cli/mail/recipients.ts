/**
 * Recipients as callers of mail(1) write them: lists with commas, semicolons or only blanks between addresses, with
 * display names and comments. What could write a file, run a command or add a line to the header ends the call;
 * anything else that is no address becomes a problem, and the others are still found.
 */
import { MailError } from '../../errors/mail-error.ts'
import { parseAddressList, type Mailbox } from '../../message/address/list.ts'
import { addressTokens } from '../../message/address/tokens.ts'
import { envelopeAddress, quoteForMessage } from '../../message/address/address.ts'
import { expandMailAliases } from './mailrc-aliases.ts'
import type { MailRc } from './mailrc.ts'

/** Mailboxes whose addresses may be sent to, and one sentence for each piece of the text that is none. */
export interface MailboxList {
  readonly mailboxes: readonly Mailbox[]
  readonly problems: readonly string[]
}

/** What mail programs take for a file or a command instead of an address. */
const FILE_OR_COMMAND = /^\s*"?(?:\||\/[^@]*$)/

/** What else is a file for mail(1): `./x`, `~/x`, `+x`. Here it is most often a file whose option was forgotten. */
const FILE_TARGET = /^(?:[~+][^@!]*|(?!-)[^@!/]*\/[^@!]*)$/

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

/** A bare name in a list whose members have nothing but blanks between them. */
const BARE_NAME = /^[A-Za-z0-9_][\w.+-]*$/

function isAddress(word: string): boolean {
  const { addresses, problems } = parseAddressList(word)
  return problems.length === 0 && addresses[0]?.address.includes('@') === true
}

/** The words of a member that is no mailbox, where each may be one; nothing for all other members. */
function wordsOf(member: string): readonly string[] {
  if (parseAddressList(member).problems.length === 0) return []
  const words = member.trim().split(/\s+/)
  return words.every((word) => BARE_NAME.test(word) || isAddress(word)) ? words : []
}

/** The recipients in a member: several when it has nothing but blanks between addresses and names that are known. */
function listed(member: string, known: ReadonlySet<string>): readonly string[] {
  const words = wordsOf(member)
  return words.length > 0 && words.every((word) => known.has(word) || isAddress(word)) ? words : [member]
}

/** The names that have to be known to be recipients, or for a text to be a list; see {@link readMailboxes}. */
export function doubtfulNames(texts: readonly string[]): string[] {
  const all = texts.flatMap(members)
  const words = all.flatMap(wordsOf).filter((word) => BARE_NAME.test(word))
  return [...words, ...all.map((member) => member.trim()).filter((member) => FILE_TARGET.test(member))]
}

function readMember(member: string, known: ReadonlySet<string>): MailboxList {
  const name = member.trim()
  if (FILE_OR_COMMAND.test(member) || (FILE_TARGET.test(name) && !known.has(name))) {
    throw new MailError(
      'USAGE',
      `${quoteForMessage(name)} is a file or a command; mail is sent to addresses only`,
    )
  }
  const { addresses, problems } = parseAddressList(member)
  if (problems.length === 0) return checked(addresses)
  const isDoubtful = wordsOf(member).length > 0
  const remedy = '; if it is a list, put commas between its members'
  return { mailboxes: [], problems: problems.map((problem) => `${problem}${isDoubtful ? remedy : ''}`) }
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
 * @param known the bare names that may stand in a list with blanks alone between its members, and those that are
 *   recipients although they look like files
 * @throws MailError USAGE for a line break, a file or a command among them
 */
export function readMailboxes(
  texts: readonly string[],
  aliases: MailRc['aliases'],
  known: ReadonlySet<string> = new Set(),
): MailboxList {
  for (const text of texts) refuseLineBreak(text, 'recipient')
  const named = texts.flatMap(members).flatMap((member) => listed(member, known))
  const expanded = named.flatMap((member) => expandMailAliases([member], aliases))
  const lists = expanded.flatMap((member) => listed(member, known)).map((member) => readMember(member, known))
  return {
    mailboxes: lists.flatMap(({ mailboxes }) => mailboxes),
    problems: lists.flatMap(({ problems }) => problems),
  }
}
