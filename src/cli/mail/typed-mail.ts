/**
 * A mail that a person types at a terminal, with what the command line and the mailrc files say about asking. What is
 * broken off is kept as a dead letter, or its writer is told that it is not.
 */
import { bufferContent } from '../../message/content.ts'
import { endingSignal } from '../hand-over.ts'
import { isTerminal } from '../is-terminal.ts'
import type { Setup } from '../setup.ts'
import { standardInputUses, type MailCall, type NamedRecipients } from './call.ts'
import type { Circumstances } from './circumstances.ts'
import { draft, type Typed } from './letter.ts'
import type { Unsent } from './unsent.ts'

/** True when the body comes from a person: standard input is a terminal, and is the body. */
export function isTyped(call: MailCall): boolean {
  return call.bodyFile === undefined && !call.template && standardInputUses(call) === 0 && isTerminal(0)
}

/**
 * Asks for the mail.
 *
 * @param given the recipients of the command line
 * @param unsent gets a letter that was broken off and is to be kept
 * @returns what was typed, with the recipients that were given; 'abandoned' when nothing is to be sent
 */
export async function askForMail(
  { terminal, caller }: Setup,
  call: MailCall,
  { variables }: Circumstances,
  given: NamedRecipients,
  subject: string | undefined,
  unsent: Unsent,
): Promise<Typed | 'abandoned'> {
  const { asked, typeMail } = await import('./interactive.ts')
  const { openTerminalInput } = await import('./terminal-input.ts')
  const keep = (letter: Typed): Promise<void> => {
    unsent.holdMessage(bufferContent(draft(letter)))
    return Promise.resolve()
  }
  const asking = {
    ...given,
    ...asked(variables),
    subject,
    ignoreInterrupts: call.ignoreInterrupts,
    home: caller.home,
    keep,
  }
  const input = openTerminalInput()
  const close = (): void => {
    // From here on the letter is handed over: a signal queues it, and must not find a moment when nobody listens.
    endingSignal()
    input.close()
  }
  // The mail is what was asked for. Whoever reads that it failed because a prompt was lost sends it again.
  const screen = { print: (text: string): void => terminal.guide(text) }
  return typeMail(asking, screen, { next: () => input.next(), close })
}
