/**
 * One mail transaction of an SMTP session: what MAIL and RCPT have said so far. Each address is checked when it is
 * named, so that the client hears at once what is wrong with it. Commands that are not obeyed throw a Refusal or a
 * MailError and change nothing.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX } from '../../errors/sysexits.ts'
import type { Envelope, RecipientRequest, ReportRequest } from '../../message/envelope.ts'
import { envelope, readRecipients } from '../../message/recipients.ts'
import { resolveRecipients, type ResolveOptions } from '../resolve-recipients.ts'
import { envelopeSender, type Sender } from '../sender.ts'
import type { Setup } from '../setup.ts'
import { mailParameters, rcptParameters } from './parameters.ts'
import { Refusal, reply, type SmtpReply } from './reply.ts'

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
}

const ARGUMENT = /^(FROM|TO):\s*(?:<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>|([^\s<>]+))(?:\s+(.*))?$/is
/** The way to the recipient that old clients write; it has meant nothing for long (RFC 5321 appendix C). */
const ROUTE = /^@[^:]*:/

/** Takes `FROM:<path> parameters` apart. Without the brackets it is wrong, and can be understood. */
function readArgument(text: string, keyword: 'FROM' | 'TO'): { path: string; parameters: string } {
  const found = ARGUMENT.exec(text.trim())
  if (found?.[1]?.toUpperCase() !== keyword) {
    throw new Refusal(501, `5.5.4 write ${keyword}:<address>`)
  }
  return { path: (found[2] ?? found[3] ?? '').replace(ROUTE, ''), parameters: found[4] ?? '' }
}

/**
 * Opens a transaction with what follows MAIL.
 *
 * @param defaults what the command line asks for
 */
export function openTransaction(setup: Setup, text: string, defaults: ReportRequest = {}): Transaction {
  const { path, parameters } = readArgument(text, 'FROM')
  const { body, ...asked } = mailParameters(parameters)
  const reports = { ...defaults, ...asked }
  try {
    return { sender: envelopeSender(setup, `<${path}>`), reports, body, named: [] }
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'ADDRESS_INVALID') throw error
    throw new Refusal(501, `5.1.7 ${error.publicMessage}`)
  }
}

/** The set-up with what is complained about also noted in a list. */
function listening(setup: Setup): { readonly setup: Setup; readonly heard: string[] } {
  const { terminal } = setup
  const heard: string[] = []
  const complain = (line: string) => {
    heard.push(line)
    terminal.complain(line)
  }
  return { setup: { ...setup, terminal: { ...terminal, complain } }, heard }
}

/** Adds what follows RCPT to a transaction. */
export async function addRecipient(
  given: Setup,
  { named }: Transaction,
  { text, options }: { readonly text: string; readonly options: ResolveOptions },
): Promise<SmtpReply> {
  const { path, parameters } = readArgument(text, 'TO')
  const request = rcptParameters(parameters)
  const list = readRecipients([`<${path}>`])
  const { setup, heard } = listening(given)
  const { recipients: addresses, exitCode, dropped } = await resolveRecipients(setup, list, options)
  const [first = 'the recipient cannot be used', ...more] = heard
  if (addresses.length === 0 && !dropped) {
    const [code, status] = exitCode === EX.NOUSER ? [550, '5.1.1'] : [553, '5.1.3']
    throw new Refusal(code, `${status} ${first}`, ...more.map((line) => `${status} ${line}`))
  }
  named.push({ addresses, request })
  return reply(250, '2.1.5 Ok', ...heard.map((line) => `2.1.5 ${line}`))
}

/** What is asked for, also about single recipients: what a RCPT says holds for everybody its recipient leads to. */
function joinRequests(reports: ReportRequest, named: readonly NamedRecipient[]): ReportRequest {
  const single = new Map<string, RecipientRequest>()
  for (const { addresses, request } of named) {
    if (Object.keys(request).length === 0) continue
    for (const address of addresses) if (!single.has(address)) single.set(address, request)
  }
  return single.size === 0 ? reports : { ...reports, recipients: single }
}

/** The envelope of a transaction; undefined when aliases drop the mail for everybody. */
export function transactionEnvelope({ sender, reports, body, named }: Transaction): Envelope | undefined {
  const recipients = named.flatMap(({ addresses }) => addresses)
  if (recipients.length === 0) return undefined
  const joined = joinRequests(reports, named)
  return envelope(sender.address, recipients, Object.keys(joined).length > 0 ? joined : undefined, body)
}
