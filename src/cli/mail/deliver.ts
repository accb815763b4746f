/**
 * The end of a mail: it is shown, or handed over and copied where the user keeps copies. A message that was neither
 * sent nor queued is kept as a dead letter, so that what came from a pipe is not gone.
 */
import { StringDecoder } from 'node:string_decoder'
import { describeError } from '../../errors/errno.ts'
import type { ExitCode } from '../../errors/sysexits.ts'
import { openCounter, tellOutcome, type CounterOptions, type ReadyMessage } from '../hand-over.ts'
import type { Setup } from '../setup.ts'
import type { Circumstances } from './circumstances.ts'
import type { Unsent } from './unsent.ts'

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

/** The mail was taken: whatever goes wrong with the copy must not look as if it was not. */
async function keepCopy(
  { terminal, caller }: Setup,
  { variables }: Circumstances,
  { content, envelope }: ReadyMessage,
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
 * Sends or queues a mail.
 *
 * @param unsent has this message, and closes it
 * @returns the exit code of the table in docs/exit-codes.md
 * @throws when nobody took it
 */
export async function deliverMail(
  setup: Setup,
  circumstances: Circumstances,
  message: ReadyMessage,
  unsent: Unsent,
  options: CounterOptions,
): Promise<ExitCode> {
  const { content } = message
  // The content is needed once more behind its delivery.
  const lent = { ...content, stream: () => content.stream(), close: () => undefined }
  const counter = await openCounter(setup, options)
  try {
    const result = await counter.take({ ...message, content: lent })
    const isTaken = result.sent.length + result.queued.length > 0
    if (isTaken) await keepCopy(setup, circumstances, message)
    // Without a queue a message that was refused is nowhere else.
    const isGone = result.refused.length > 0 && result.queueId === undefined
    const isLeft = isGone || result.unaccepted.length > 0
    return tellOutcome(setup, result, options.verbose, isLeft ? await unsent.keep() : undefined)
  } finally {
    counter.close()
  }
}
