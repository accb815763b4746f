/**
 * What a session knows between two commands, which is all that the commands share.
 */
import type { ExitCode } from '../../errors/sysexits.ts'
import type { Counter } from '../hand-over.ts'
import type { SendmailCall } from '../sendmail/sendmail-call.ts'
import type { Setup } from '../setup.ts'
import type { SessionInput } from './input.ts'
import type { ReplyWriter, SmtpReply } from './reply.ts'
import type { Transaction } from './transaction.ts'

/** What a message is answered, and the exit code that its fate would mean for a command. */
export interface MessageAnswer {
  readonly reply: SmtpReply
  readonly exitCode: ExitCode
}

/** A session and what it works with. */
export interface SmtpSession {
  readonly setup: Setup
  readonly call: SendmailCall
  readonly counter: Counter
  readonly input: SessionInput
  readonly output: ReplyWriter
  /** What MAIL has opened and no message has ended yet. */
  transaction?: Transaction | undefined
  /** What the last message was answered, as long as the client does not have that reply. */
  unsent?: MessageAnswer | undefined
  /** The last DATA was refused: what comes next may be the text of a message all the same. */
  dataRefused?: boolean
}
