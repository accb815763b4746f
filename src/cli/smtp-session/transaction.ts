/**
 * One mail transaction of an SMTP session: what MAIL and RCPT have said so far. Each address is checked when it is
 * named, so that the client hears at once what is wrong with it. Commands that are not obeyed throw a RefusedCommand or a
 * MailError and change nothing.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Envelope, RecipientRequest, ReportRequest } from '../../message/envelope.ts'
import { envelope, readRecipients } from '../../message/recipients.ts'
import { recipientExpander, type Expand, type ResolveOptions } from '../resolve-recipients.ts'
import { envelopeSender, type Sender } from '../sender.ts'
import type { Setup } from '../setup.ts'
import { mailParameters, rcptParameters } from './parameters.ts'
import { RefusedCommand, reply, type SmtpReply } from './reply.ts'

/** How often RCPT may be said for one message: far more than RFC 5321 section 4.5.3.1.8 asks for. */
const MOST_RECIPIENTS = 10_000

/** One RCPT that was accepted: whom it leads to, nobody when an alias drops mail, and what was asked for. */
interface NamedRecipient {
  readonly addresses: readonly string[]
  readonly request: RecipientRequest
}

/** A transaction that is open. */
export interface Transaction {
  readonly sender: Sender
  readonly reports: ReportRequest
  readonly body: Envelope['body']
  readonly named: NamedRecipient[]
  /** Reads the aliases once for all recipients of a message. */
  readonly expand: Expand
}

/** What the command line asks for where the session does not. */
type Defaults = ResolveOptions & {
  readonly reports?: ReportRequest | undefined
  readonly body?: Envelope['body'] | undefined
}

const ARGUMENT = /^(FROM|TO):\s*(?:<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>|([^\s<>]+))(?:\s+(.*))?$/is
/** The way to the recipient that old clients write; it has meant nothing for long (RFC 5321 appendix C). */
const ROUTE = /^@[^:]*:/

/** Takes `FROM:<path> parameters` apart. Without the brackets it is wrong, and can be understood. */
function readArgument(text: string, keyword: 'FROM' | 'TO'): { path: string; parameters: string } {
  const found = ARGUMENT.exec(text.trim())
  if (found?.[1]?.toUpperCase() !== keyword) {
    throw new RefusedCommand(501, `5.5.4 write ${keyword}:<address>`)
  }
  return { path: (found[2] ?? found[3] ?? '').replace(ROUTE, ''), parameters: found[4] ?? '' }
}

/** Opens a transaction with what follows MAIL. */
export function openTransaction(setup: Setup, text: string, defaults: Defaults): Transaction {
  const { path, parameters } = readArgument(text, 'FROM')
  const { body, ...asked } = { body: defaults.body, ...mailParameters(parameters) }
  const reports = { ...defaults.reports, ...asked }
  const expand = recipientExpander(setup, defaults)
  try {
    return { sender: envelopeSender(setup, `<${path}>`), reports, body, named: [], expand }
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'ADDRESS_INVALID') throw error
    throw new RefusedCommand(501, `5.1.7 ${error.publicMessage}`)
  }
}

/** Adds what follows RCPT to a transaction. */
export async function addRecipient(
  { terminal }: Setup,
  { named, expand }: Transaction,
  text: string,
): Promise<SmtpReply> {
  if (named.length >= MOST_RECIPIENTS) throw new RefusedCommand(452, '4.5.3 too many recipients')
  const { path, parameters } = readArgument(text, 'TO')
  const request = rcptParameters(parameters)
  const { recipients, problems } = readRecipients([`<${path}>`])
  for (const problem of problems) terminal.complain(problem)
  const [first = 'the recipient cannot be used'] = problems
  if (recipients.length === 0) throw new RefusedCommand(553, `5.1.3 ${first}`)
  const { recipients: addresses, refused, warnings } = await expand(recipients)
  const reasons = refused.map(({ recipient, reason }) => `${recipient}: ${reason}`)
  for (const line of [...warnings, ...reasons]) terminal.complain(line)
  if (reasons.length > 0) throw new RefusedCommand(550, `5.1.1 ${reasons.join('; ')}`)
  named.push({ addresses, request })
  return reply(250, '2.1.5 Ok', ...warnings.map((line) => `2.1.5 ${line}`))
}

/**
 * What is asked for, also about single recipients: what a RCPT says, or does not say, holds for everybody its recipient
 * leads to and no RCPT before has led to.
 */
function joinRequests(reports: ReportRequest, named: readonly NamedRecipient[]): ReportRequest {
  if (named.every(({ request }) => Object.keys(request).length === 0)) return reports
  const single = new Map<string, RecipientRequest>()
  for (const { addresses, request } of named) {
    for (const address of addresses) if (!single.has(address)) single.set(address, request)
  }
  return { ...reports, recipients: single }
}

/** The envelope of a transaction; undefined when aliases drop the mail for everybody. */
export function transactionEnvelope({ sender, reports, body, named }: Transaction): Envelope | undefined {
  const recipients = named.flatMap(({ addresses }) => addresses)
  if (recipients.length === 0) return undefined
  const joined = joinRequests(reports, named)
  return envelope(sender.address, recipients, Object.keys(joined).length > 0 ? joined : undefined, body)
}
