/**
 * Who a mail is from. The envelope sender is the first of: `-f` behind `--`, `-r`, the variables `sender` and `from`
 * of the command line, a From header, `sender` and `from` of a mailrc file, the configuration, the caller on this host. The From
 * header is the first of: a From header, `-r`, the variable `from`, `-f` behind `--`, and the rest likewise. Bare
 * names are looked up as aliases. `force_from` and `masquerade` of the configuration have the last word.
 */
import { MailError } from '../../errors/mail-error.ts'
import { parseAddressList } from '../../message/address/list.ts'
import { envelopeSender, type Sender } from '../sender.ts'
import type { Setup } from '../setup.ts'
import { ownDomain } from '../shown-addresses.ts'
import { mailboxText, senderByAlias, type LookUp } from './addressees.ts'
import type { MailCall } from './call.ts'
import type { Circumstances } from './circumstances.ts'
import { refuseLineBreak } from './recipients.ts'
import { textOf } from './set-variables.ts'

/** The sender, in the envelope and in the header. */
export interface Author {
  readonly sender: Sender
  /** Value of the From field: composing reads it again and encodes it then. */
  readonly from: string
  /** Value of a Sender field, which a mail of several authors must have (RFC 5322 section 3.6.2). */
  readonly agent: string | undefined
}

/** A sender that was named and cannot be used is a mistake in the call. */
function inCall<T>(find: () => T): T {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'ADDRESS_INVALID') throw error
    throw new MailError('USAGE', error.publicMessage, { cause: error })
  }
}

function shown(setup: Setup, { address, name }: Sender, defaultName: string | undefined): string {
  if (address === '') return `MAILER-DAEMON <MAILER-DAEMON@${ownDomain(setup.config)}>`
  const phrase = name ?? defaultName
  return mailboxText(phrase === undefined ? { address } : { address, name: phrase })
}

/** A From header of the caller's own is replaced where the rules for headers say so, and not before. */
function unforced(setup: Setup): Setup {
  const { config } = setup
  return { ...setup, config: { ...config, headers: { ...config.headers, forceFrom: false } } }
}

/** The mailboxes of a From header, which may have several. */
function mailboxesOf(text: string): readonly string[] {
  const { addresses, problems } = parseAddressList(text)
  const [problem] = problems
  if (problem !== undefined) throw new MailError('USAGE', `the sender cannot be used: ${problem}`)
  return addresses.map(mailboxText)
}

/**
 * Finds out who a mail is from.
 *
 * @param header value of a From header of the caller's own
 * @throws MailError USAGE for a sender that cannot be used, SYSTEM_LACKS when there is none at all
 */
export async function authorOf(
  setup: Setup,
  call: MailCall,
  { assigned, standing }: Circumstances,
  lookUp: LookUp,
  header: string | undefined,
): Promise<Author> {
  // An empty -r asks for the configured sender.
  const named = call.from === '' ? undefined : call.from
  for (const text of [named, call.tail.from]) refuseLineBreak(text ?? '', 'sender')
  const authors = header === undefined ? [] : mailboxesOf(header)
  const variable = textOf(assigned, 'from')
  const common = (...names: string[]): string | undefined =>
    call.from === '' ? undefined : textOf(standing, ...names)
  const inCommand = call.tail.from ?? named ?? textOf(assigned, 'sender', 'from')
  const inEnvelope = inCommand ?? authors[0] ?? common('sender', 'from')
  const inHeader = named ?? variable ?? call.tail.from ?? common('from')
  const resolve = async (text: string | undefined, surroundings = setup): Promise<Sender> => {
    const address = text === undefined ? undefined : await senderByAlias(text, lookUp)
    return inCall(() => envelopeSender(surroundings, address))
  }
  const sender = await resolve(inEnvelope)
  const from: string[] = []
  for (const text of authors.length > 0 ? authors : [inHeader]) {
    const mailbox = {
      ...(await resolve(text, authors.length > 0 ? unforced(setup) : setup)),
      ...(call.tail.fullName === undefined ? {} : { name: call.tail.fullName }),
    }
    from.push(shown(setup, mailbox, text === undefined ? setup.caller.fullName : undefined))
  }
  const agent = from.length > 1 ? shown(setup, { ...sender, name: undefined }, undefined) : undefined
  return { sender, from: from.join(', '), agent }
}
