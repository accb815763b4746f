/**
 * A mail that a person types at a terminal, with what the command line and the mailrc files say about asking. What is
 * broken off is kept as a dead letter, or its writer is told that it is not.
 */
import { isatty } from 'node:tty'
import { endingSignal } from '../hand-over.ts'
import type { Setup } from '../setup.ts'
import type { MailCall, NamedRecipients } from './call.ts'
import type { Circumstances } from './circumstances.ts'
import { draft, type Typed } from './letter.ts'

/** True when the body comes from a person: standard input is a terminal, and is the body. */
export function isTyped(call: MailCall): boolean {
  const isRead = call.bodyFile === undefined && !call.template
  return (
    isRead && !call.quoted.includes('-') && call.attachments.every(({ path }) => path !== '-') && isatty(0)
  )
}

/**
 * Asks for the mail.
 *
 * @param given the recipients of the command line
 * @returns what was typed, with the recipients that were given; 'abandoned' when nothing is to be sent
 */
export async function askForMail(
  { terminal, caller }: Setup,
  call: MailCall,
  { variables }: Circumstances,
  given: NamedRecipients,
  subject: string | undefined,
): Promise<Typed | 'abandoned'> {
  const { asked, typeMail } = await import('./interactive.ts')
  const { openTerminalInput } = await import('./terminal-input.ts')
  const keep = async (letter: Typed): Promise<void> => {
    const { keepIfWanted } = await import('./dead-letter.ts')
    const kept = await keepIfWanted(draft(letter), { env: terminal.env, home: caller.home, variables })
    terminal.complain(`the letter was broken off; ${kept}`)
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
