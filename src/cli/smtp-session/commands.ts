/**
 * The commands of an SMTP session, as one table. What is not in it, and not known from elsewhere either, is nonsense.
 */
import { hostName } from '../../util/host-name.ts'
import { takeMessage } from './message.ts'
import { RefusedCommand, reply, type SmtpReply } from './reply.ts'
import type { SmtpSession } from './session-state.ts'
import { addRecipient, openTransaction } from './transaction.ts'

/** Obeys a command. Resolves to nothing when the session ended in the middle of it. */
type Obey = (session: SmtpSession, text: string) => Promise<SmtpReply | undefined> | SmtpReply

/** SIZE without a number: there is no limit but the free space, which is looked at when the message comes. */
const EXTENSIONS = ['PIPELINING', 'SIZE', '8BITMIME', 'DSN', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'] as const

/** The name of this host, as a greeting gives it. */
export function greetingName(): string {
  return hostName() || 'localhost'
}

function greet(session: SmtpSession, text: string, extensions: readonly string[]): SmtpReply {
  if (text.trim() === '') throw new RefusedCommand(501, '5.5.4 name your host')
  session.transaction = undefined
  return reply(250, greetingName(), ...extensions)
}

const COMMANDS: Readonly<Record<string, Obey>> = {
  EHLO: (session, text) => greet(session, text, EXTENSIONS),
  HELO: (session, text) => greet(session, text, []),
  MAIL: (session, text) => {
    if (session.transaction !== undefined)
      throw new RefusedCommand(503, '5.5.1 MAIL was given already; RSET takes it back')
    session.transaction = openTransaction(session.setup, text, session.call)
    return reply(250, '2.1.0 Ok')
  },
  RCPT: ({ setup, transaction }, text) => {
    if (transaction === undefined) throw new RefusedCommand(503, '5.5.1 MAIL comes first')
    return addRecipient(setup, transaction, text)
  },
  DATA: (session) => takeMessage(session),
  RSET: (session) => {
    session.transaction = undefined
    return reply(250, '2.0.0 Ok')
  },
  NOOP: () => reply(250, '2.0.0 Ok'),
  VRFY: () => reply(252, '2.0.0 send some mail, and it will be tried'),
  HELP: () => reply(214, `2.0.0 ${Object.keys(COMMANDS).join(' ')}`),
  QUIT: () => reply(221, '2.0.0 Bye'),
}

/** Commands of SMTP that have no meaning on standard input. */
const ELSEWHERE = new Set(['STARTTLS', 'AUTH', 'EXPN', 'ETRN', 'BDAT', 'TURN', 'SEND', 'SOML', 'SAML'])

/**
 * Obeys one command line.
 *
 * @returns the reply; undefined when the session ended in the middle of the command
 * @throws RefusedCommand, or the MailError of a failure, when it is not obeyed
 */
export async function obey(session: SmtpSession, line: string): Promise<SmtpReply | undefined> {
  const [, verb = '', text = ''] = /^(\S*)\s*(.*)$/s.exec(line) ?? []
  const name = verb.toUpperCase()
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined) return command(session, text)
  throw ELSEWHERE.has(name)
    ? new RefusedCommand(502, '5.5.1 this command is of no use here')
    : new RefusedCommand(500, '5.5.2 this command is unknown')
}
