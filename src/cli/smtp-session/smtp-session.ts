/**
 * `mq-sendmail -bs`: an SMTP session on standard input and output, which may be pipes, files, a terminal or the two
 * sides of one socket.
 */
import type { ExitCode } from '../../errors/sysexits.ts'
import { endingSignal, openCounter } from '../hand-over.ts'
import type { SendmailCall } from '../sendmail/sendmail-call.ts'
import type { Setup } from '../setup.ts'
import { SessionInput } from './input.ts'
import { ReplyWriter } from './reply.ts'
import { serveClient } from './session.ts'

/** How long a client may be silent: what RFC 5321 section 4.5.3.2.7 asks for at least. */
const IDLE = 5 * 60_000

/** Serves whoever started this process. @returns the exit code */
export async function smtpSession(setup: Setup, call: SendmailCall): Promise<ExitCode> {
  const patience = { idle: IDLE, signal: endingSignal() }
  const counter = await openCounter(setup, call)
  try {
    return await serveClient({
      setup,
      call,
      counter,
      input: new SessionInput(process.stdin, patience),
      output: new ReplyWriter(process.stdout, patience),
    })
  } finally {
    counter.close()
  }
}
