/**
 * DATA: one message of an SMTP session on its way from the client to delivery, streamed, and the reply that says who
 * is responsible for it now. A message that does not come to its final dot is forgotten.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX } from '../../errors/sysexits.ts'
import type { Envelope } from '../../message/envelope.ts'
import { readMessage, type IncomingMessage } from '../../message/read-message.ts'
import { tellOutcome } from '../hand-over.ts'
import { finishForAccounts, tellChanges } from '../sendmail/finish-message.ts'
import { spillDirectory } from '../setup.ts'
import { RefusedCommand, reply, replyTo, type SmtpReply } from './reply.ts'
import type { MessageAnswer, SmtpSession } from './session-state.ts'
import { transactionEnvelope, type Transaction } from './transaction.ts'
import { verdict } from './verdict.ts'

async function handOverMessage(
  { setup, call, counter }: SmtpSession,
  { sender }: Transaction,
  { envelope, incoming }: { readonly envelope: Envelope; readonly incoming: IncomingMessage },
): Promise<MessageAnswer> {
  tellChanges(setup, incoming)
  const finishing = { sender, fullName: call.fullName, envelope }
  const result = await counter.take({ envelope, ...finishForAccounts(setup, incoming, finishing) })
  return { exitCode: tellOutcome(setup, result, call.verbose), reply: verdict(result) }
}

async function readAndHandOver(
  session: SmtpSession,
  transaction: Transaction,
  envelope: Envelope | undefined,
): Promise<MessageAnswer> {
  const { setup, input } = session
  const incoming = await readMessage(input.message(), {
    dotEnds: false,
    spillDirectory: spillDirectory(setup.config),
  })
  try {
    if (envelope !== undefined) return await handOverMessage(session, transaction, { envelope, incoming })
    return { exitCode: EX.OK, reply: reply(250, '2.0.0 Ok: dropped, as the aliases have it') }
  } finally {
    incoming.body.close()
  }
}

/**
 * Takes a message.
 *
 * @returns the reply to it; undefined when it did not come to its end
 * @throws RefusedCommand before the client has sent it
 */
export async function takeMessage(session: SmtpSession): Promise<SmtpReply | undefined> {
  const { setup, input, output, transaction } = session
  session.dataRefused = true
  if (transaction === undefined) throw new RefusedCommand(503, '5.5.1 MAIL and RCPT come first')
  if (transaction.named.length === 0) throw new RefusedCommand(554, '5.5.1 no valid recipients')
  const envelope = transactionEnvelope(transaction)
  if (!(await output.send(reply(354, 'End data with <CR><LF>.<CR><LF>')))) return undefined
  session.dataRefused = false
  let answer: MessageAnswer
  try {
    answer = await readAndHandOver(session, transaction, envelope)
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    await input.skipMessage()
    if (input.end !== undefined) return undefined
    setup.terminal.complain(error.publicMessage)
    answer = { exitCode: error.exitCode, reply: replyTo(error) }
  }
  session.transaction = undefined
  session.unsent = answer
  return answer.reply
}
