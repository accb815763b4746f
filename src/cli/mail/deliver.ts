/**
 * The end of a mail: it is shown, or handed over and copied where the user keeps copies. A message that was neither
 * sent nor queued is kept as a dead letter, so that what came from a pipe is not gone.
 */
import { StringDecoder } from 'node:string_decoder'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import { openCounter, tellOutcome, type ReadyMessage } from '../hand-over.ts'
import type { Setup } from '../setup.ts'
import type { Circumstances } from './circumstances.ts'

/** Shows what would be sent: envelope, blank line, message. */
export async function showMail({ terminal }: Setup, { envelope, content }: ReadyMessage): Promise<void> {
  terminal.print(`MAIL FROM:<${envelope.sender}>\n`)
  for (const recipient of envelope.recipients) terminal.print(`RCPT TO:<${recipient}>\n`)
  terminal.print('\n')
  const decoder = new StringDecoder('utf8')
  let held = ''
  for await (const chunk of content.stream()) {
    const text = held + decoder.write(chunk as Buffer)
    held = text.endsWith('\r') ? '\r' : ''
    terminal.print(text.slice(0, text.length - held.length).replaceAll('\r\n', '\n'))
  }
  terminal.print(held + decoder.end())
}

/** Keeps what nobody took. Resolves to how the sentence about the failure ends. */
async function keepUnaccepted(
  { terminal, caller }: Setup,
  { variables }: Circumstances,
  content: MessageContent,
  { sender }: Envelope,
): Promise<string | undefined> {
  if (!variables.has('save')) return undefined
  const { keepDeadLetter } = await import('./dead-letter.ts')
  const place = { env: terminal.env, home: caller.home, variables, sender }
  return keepDeadLetter(content, place)
}

/** Keeps a copy of what was taken. Never rejects: the mail is on its way, and must not be sent a second time. */
async function keepCopy(
  { terminal, caller }: Setup,
  { variables }: Circumstances,
  content: MessageContent,
  envelope: Envelope,
): Promise<void> {
  if (!variables.has('record')) return
  const complain = (line: string): void => terminal.complain(line)
  try {
    const { recordMail } = await import('./record.ts')
    await recordMail(content, envelope, { home: caller.home, variables, complain })
  } catch (error) {
    complain(`a copy cannot be kept: ${describeError(error)}`)
  }
}

/**
 * Sends or queues a mail, and closes its content.
 *
 * @returns the exit code of the table in docs/exit-codes.md
 */
export async function deliverMail(
  setup: Setup,
  circumstances: Circumstances,
  { envelope, content }: ReadyMessage,
  verbose: boolean,
): Promise<ExitCode> {
  // The content is needed once more behind its delivery.
  const lent = { ...content, stream: () => content.stream(), close: () => undefined }
  try {
    const counter = await openCounter(setup, { verbose })
    try {
      const result = await counter.take({ envelope, content: lent })
      const isTaken = result.sent.length + result.queued.length > 0
      if (isTaken) await keepCopy(setup, circumstances, content, envelope)
      const isLeft = result.unaccepted.length > 0
      const remains = isLeft ? await keepUnaccepted(setup, circumstances, content, envelope) : undefined
      return tellOutcome(setup, result, verbose, remains)
    } finally {
      counter.close()
    }
  } catch (error) {
    if (!(error instanceof MailError) || error.exitCode === EX.OK) throw error
    const remains = await keepUnaccepted(setup, circumstances, content, envelope)
    setup.terminal.complain(
      remains === undefined ? error.publicMessage : `${error.publicMessage}; ${remains}`,
    )
    return error.exitCode
  } finally {
    content.close()
  }
}
