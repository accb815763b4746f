/**
 * Asks a server whether it would take a message, with MAIL, RCPT and RSET and never DATA: nothing is sent. Each answer is
 * one of the server, or why there is none.
 */
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { bufferContent } from '../message/content.ts'
import type { SmtpConnection } from './connection.ts'
import { replyFailure, type Failure } from './failure.ts'
import { refuseMessage, refuseRecipient } from './preflight.ts'
import { oneLine } from './reply.ts'
import { verpSender } from './verp.ts'

/** Whom the message would be from and for. */
export interface ProbedEnvelope {
  /** The empty string is the null sender. */
  readonly sender: string
  /** At least one. */
  readonly recipients: readonly string[]
}

/** What the server said to it. A failure without a code is a check of our own, or a lost connection. */
export interface EnvelopeAnswers {
  /** The reply to MAIL. */
  readonly sender: string | Failure
  /** The reply to each RCPT; none when the sender was refused. */
  readonly recipients: ReadonlyMap<string, string | Failure>
}

async function ask(
  connection: SmtpConnection,
  phase: 'mail' | 'rcpt',
  line: string,
): Promise<string | Failure> {
  try {
    const reply = replyFailure(phase, await connection.say(line))
    return reply.code !== undefined && reply.code < 300 ? reply.reason : reply
  } catch (error) {
    return { phase: 'connect', reason: oneLine(describeError(error)), underWay: true }
  }
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

async function askSender(
  connection: SmtpConnection,
  sender: string,
  recipients: readonly string[],
): Promise<string | Failure> {
  const { capabilities } = connection
  const refused = refuseMessage(sender, bufferContent(Buffer.alloc(0)), capabilities)
  if (refused !== undefined) return refused
  const foreign = ![sender, ...recipients].every(isAscii) && capabilities.smtpUtf8
  return ask(connection, 'mail', `MAIL FROM:<${sender}>${foreign ? ' SMTPUTF8' : ''}`)
}

/**
 * Asks.
 *
 * @param connection ready for a transaction; afterwards too, unless it is lost
 */
export async function probeEnvelope(
  connection: SmtpConnection,
  { verp }: Pick<SmtpSettings, 'verp'>,
  { sender, recipients }: ProbedEnvelope,
): Promise<EnvelopeAnswers> {
  const [first = ''] = recipients
  const from = verp ? verpSender(sender, first) : sender
  const answers = new Map<string, string | Failure>()
  const answer = await askSender(connection, from, recipients)
  if (typeof answer !== 'string') return { sender: answer, recipients: answers }
  for (const recipient of recipients) {
    const refused = refuseRecipient(recipient, connection.capabilities)
    answers.set(recipient, refused ?? (await ask(connection, 'rcpt', `RCPT TO:<${recipient}>`)))
  }
  await ask(connection, 'rcpt', 'RSET')
  return { sender: answer, recipients: answers }
}
