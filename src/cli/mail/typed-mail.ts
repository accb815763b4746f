/**
 * A mail that a person types at a terminal, with what the command line and the mailrc files say about asking. What is
 * broken off is kept as a dead letter.
 */
import { isatty } from 'node:tty'
import type { Setup } from '../setup.ts'
import type { MailCall, NamedRecipients } from './call.ts'
import type { Circumstances } from './circumstances.ts'
import type { Typed } from './interactive.ts'

/** True when the body comes from a person: standard input is a terminal, and is the body. */
export function isTyped(call: MailCall): boolean {
  const isRead = call.bodyFile === undefined && !call.template
  return (
    isRead && !call.quoted.includes('-') && call.attachments.every(({ path }) => path !== '-') && isatty(0)
  )
}

/** The letter as it was when it was broken off. */
function unfinished({ to, cc, bcc, subject, body }: Typed): Buffer {
  const fields = { To: to.join(', '), Cc: cc.join(', '), Bcc: bcc.join(', '), Subject: subject ?? '' }
  const lines = Object.entries(fields).filter(([, value]) => value !== '')
  const header = lines.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\n`).join('')
  return Buffer.concat([Buffer.from(`${header}\n`), body])
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
  const { typeMail } = await import('./interactive.ts')
  const keep = async (letter: Typed): Promise<void> => {
    if (!variables.has('save')) return
    const { keepDeadLetter } = await import('./dead-letter.ts')
    const kept = await keepDeadLetter(unfinished(letter), { env: terminal.env, home: caller.home, variables })
    terminal.complain(`the letter was broken off; ${kept}`)
  }
  const asking = {
    ...given,
    subject,
    askSubject: variables.has('asksub'),
    askCc: variables.has('askcc'),
    askBcc: variables.has('askbcc'),
    dotEnds: variables.has('dot'),
    ignoreInterrupts: call.ignoreInterrupts,
    home: caller.home,
    keep,
  }
  return typeMail(asking, terminal)
}
