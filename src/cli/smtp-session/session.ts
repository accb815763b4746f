/**
 * An SMTP session (RFC 5321) with one client, which is trusted: it is whoever started this process. Messages go over
 * the same counter as all others. What is not complete when the session ends is never sent, and nothing the client
 * does makes a message that was answered 250 get lost or go out twice.
 *
 * A client that says everything at once sends its message also where DATA is refused. Such text is never obeyed, or
 * whoever wrote it could send messages of his own: the session ends there. A client that waits for replies goes on.
 *
 * It ends with 0 after QUIT and when the client leaves between two messages, with 65 when it leaves in the middle of
 * one or does not speak SMTP, and with 75 when it is given up after a long silence or because of a signal. When the reply
 * to a message cannot be written, it ends as a command that sends this message would: 75 for a message that is safe would
 * make the caller send it again.
 */
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { greetingName, obey } from './commands.ts'
import { RefusedCommand, reply, replyTo, type SmtpReply } from './reply.ts'
import type { MessageAnswer, SmtpSession } from './session-state.ts'

/** Unknown commands in a row after which the client is taken to send a message nobody asked for. */
const NONSENSE = 10

const REFUSED_TEXT = {
  status: '4.5.0',
  why: 'DATA was refused, and text came all the same',
  exitCode: EX.DATAERR,
} as const
const TOO_MUCH_NONSENSE = {
  status: '4.7.0',
  why: 'too many unknown commands',
  exitCode: EX.DATAERR,
} as const

/** Ends a session from this side. */
async function hangUp(
  { setup, output }: SmtpSession,
  { status, why, exitCode = EX.TEMPFAIL }: { status: string; why: string; exitCode?: ExitCode },
): Promise<ExitCode> {
  await output.send(reply(421, `${status} ${why}, closing the session`))
  setup.terminal.complain(`the SMTP session was ended: ${why}; what was not answered 250 was not taken`)
  return exitCode
}

/** Ends a session whose client is gone. */
function clientGone({ setup, transaction }: SmtpSession, nonsense: number): ExitCode {
  if (transaction === undefined && nonsense === 0) return EX.OK
  setup.terminal.complain(
    transaction === undefined
      ? 'the input ended with what is no SMTP command; a message without a session is sent without -bs'
      : `the client left in the middle of a message from <${transaction.sender.address}>, which was not sent`,
  )
  return EX.DATAERR
}

/** Ends a session whose client did not get the reply to its message: what the reply says holds all the same. */
function replyLost(
  { setup, input }: SmtpSession,
  { reply: lost, exitCode }: MessageAnswer,
  why: unknown,
): ExitCode {
  const fate =
    lost.code === 250
      ? `the message was taken (${lost.lines[0].replace(/^\S+ Ok: /, '')})`
      : 'the message was not taken for everybody'
  const hasMore = /^MAIL\b/im.test(input.waiting)
  const more = hasMore ? '; the messages after it were not taken' : ''
  setup.terminal.complain(`${fate}; its reply could not be written: ${describeError(why)}${more}`)
  return hasMore ? EX.TEMPFAIL : exitCode
}

/** Ends a session that cannot go on. */
async function endSession(session: SmtpSession, nonsense: number): Promise<ExitCode> {
  const { input, output } = session
  const { failure } = output
  if (failure !== undefined && session.unsent !== undefined)
    return replyLost(session, session.unsent, failure)
  if (failure !== undefined && errnoOf(failure) !== 'EPIPE' && errnoOf(failure) !== 'ECONNRESET') {
    throw new MailError(
      'QUEUE_IO',
      `cannot write the replies to standard output: ${describeError(failure)}; what was not answered was not taken`,
    )
  }
  if (failure !== undefined || input.end === 'end') return clientGone(session, nonsense)
  if (input.end === 'idle') return hangUp(session, { status: '4.4.2', why: 'nothing came for a long time' })
  if (typeof input.end !== 'object')
    return hangUp(session, { status: '4.3.2', why: 'this process was asked to end' })
  throw new MailError('INPUT_UNREADABLE', `cannot read standard input: ${describeError(input.end.error)}`)
}

/** Obeys a command, whatever comes of it. Only a fault of this program throws. */
async function answerTo(session: SmtpSession, line: string): Promise<SmtpReply | undefined> {
  try {
    return await obey(session, line)
  } catch (error) {
    if (error instanceof RefusedCommand) return error.reply
    if (error instanceof MailError) {
      session.setup.terminal.complain(error.publicMessage)
      return replyTo(error)
    }
    await session.output.send(reply(421, '4.3.0 internal error, closing the session'))
    throw error
  }
}

/**
 * Serves one client until it ends, from the greeting on.
 *
 * @returns the exit code of the process
 * @throws MailError QUEUE_IO or INPUT_UNREADABLE when the streams of the process cannot be used
 */
export async function serveClient(session: SmtpSession): Promise<ExitCode> {
  const { input, output } = session
  let nonsense = 0
  await output.send(reply(220, `${greetingName()} ESMTP mailqueue`))
  while (output.failure === undefined) {
    const line = await input.line()
    if (line === undefined) break
    const answer = line.tooLong
      ? reply(500, '5.5.2 the line is too long')
      : await answerTo(session, line.text)
    if (answer === undefined) break
    nonsense = answer.code === 500 ? nonsense + 1 : 0
    if (nonsense > 0 && session.dataRefused === true) return hangUp(session, REFUSED_TEXT)
    if (nonsense === NONSENSE) return hangUp(session, TOO_MUCH_NONSENSE)
    if (await output.send(answer)) session.unsent = undefined
    // Everything before it was answered: that the client does not hear the farewell is no loss.
    if (answer.code === 221) return EX.OK
    if (/^DATA\b/i.test(line.text) && session.dataRefused === true && input.waiting !== '') {
      return hangUp(session, REFUSED_TEXT)
    }
  }
  return endSession(session, nonsense)
}
