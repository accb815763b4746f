/**
 * From the recipients that were named to those of the mail: personal aliases, the aliases file, the domain for bare
 * names, each person once. The header shows where the mail goes, with the names that were given. One unusable
 * recipient never stops the others.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { parseAddressList, type Mailbox } from '../../message/address/list.ts'
import { decodedWords } from '../../message/encoded-word.ts'
import type { Expand } from '../resolve-recipients.ts'
import type { Circumstances } from './circumstances.ts'
import { expandMailAliases } from './mailrc-aliases.ts'
import type { MailRc } from './mailrc.ts'
import { KINDS, type ByKind } from './recipient-kinds.ts'
import type { MailboxList } from './recipients.ts'

/** The recipients of a mail. */
export interface Addressees extends ByKind<readonly Mailbox[]> {
  /** What those that cannot be used ask for. */
  readonly exitCode: ExitCode
  /** True when an alias drops this mail on purpose (`/dev/null`). */
  readonly dropped: boolean
}

/** How the name of a sender is looked up. */
export interface LookUp {
  /** By the aliases file: one for the whole call, so that the file is read once. */
  readonly expand: Expand
  /** Those of the mailrc files. */
  readonly personal: MailRc['aliases']
}

const NOBODY: Addressees = { to: [], cc: [], bcc: [], exitCode: EX.OK, dropped: false }

/**
 * Resolves recipients, and says what is wrong with some of them.
 *
 * @param before those that were resolved already: they come first, and nobody is there twice
 * @throws MailError CONFIG_* when an aliases file that was named cannot be used, QUEUE_IO when reading it may work later
 */
export async function resolveAddressees(
  named: ByKind<MailboxList>,
  { expand, tell }: Pick<Circumstances, 'expand' | 'tell'>,
  before = NOBODY,
): Promise<Addressees> {
  const lists = KINDS.map((kind) => ({ ...named[kind], resolved: before[kind] }))
  const told = new Set(lists.flatMap(({ problems }) => problems))
  const seen = new Set(KINDS.flatMap((kind) => before[kind].map(({ address }) => address.toLowerCase())))
  let exitCode: ExitCode = told.size > 0 && before.exitCode === EX.OK ? EX.DATAERR : before.exitCode
  let { dropped } = before
  const resolve = async (mailbox: Mailbox): Promise<Mailbox[]> => {
    const { recipients, refused, warnings, discarded } = await expand([mailbox.address])
    for (const warning of warnings) told.add(warning)
    for (const { recipient, reason } of refused) told.add(`${recipient}: ${reason}`)
    if (refused.length > 0) exitCode = EX.NOUSER
    dropped ||= discarded.length > 0
    const fresh = recipients.filter((address) => !seen.has(address.toLowerCase()))
    for (const address of fresh) seen.add(address.toLowerCase())
    const { name } = mailbox
    const keepsName = recipients.length === 1 && name !== undefined
    return fresh.map((address) => (keepsName ? { address, name } : { address }))
  }
  const resolved: Mailbox[][] = []
  for (const { mailboxes, resolved: earlier } of lists) {
    const found: Mailbox[] = [...earlier]
    for (const mailbox of mailboxes) for (const each of await resolve(mailbox)) found.push(each)
    resolved.push(found)
  }
  const [to = [], cc = [], bcc = []] = resolved
  for (const line of told) tell(line)
  return { to, cc, bcc, exitCode, dropped }
}

/**
 * The address that a bare name of a sender stands for: that of its alias, when it is exactly one. Catch-all aliases
 * and forward files are about mail that arrives.
 *
 * @param text a mailbox, display name allowed; anything else is left alone
 */
export async function senderByAlias(text: string, { expand, personal }: LookUp): Promise<string> {
  const [mailbox, ...others] = parseAddressList(text).addresses
  if (mailbox === undefined || others.length > 0 || mailbox.address.includes('@')) return text
  const members = expandMailAliases([mailbox.address], personal)
  const names = members.flatMap((member) => parseAddressList(member).addresses.map(({ address }) => address))
  const { recipients } = await expand(names, 'aliases')
  return recipients.length === 1
    ? mailboxText({ ...mailbox, address: recipients[0] ?? mailbox.address })
    : text
}

/** A mailbox as text, its name quoted and no longer encoded: composing reads it again and encodes it then. */
export function mailboxText({ address, name = '' }: Mailbox): string {
  const phrase = decodedWords(name)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return phrase === '' ? address : `"${phrase.replace(/["\\]/g, '\\$&')}" <${address}>`
}
