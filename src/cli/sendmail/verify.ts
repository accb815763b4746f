/**
 * `mq-sendmail -bv`: who would get mail for these recipients. One line each, on standard output for those that
 * lead somewhere and on standard error for the others. Nothing is sent or queued, no server is asked, and standard
 * input is not read.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { readRecipients } from '../../message/recipients.ts'
import { recipientExpander } from '../resolve-recipients.ts'
import type { Setup } from '../setup.ts'
import type { SendmailCall } from './sendmail-call.ts'

type VerifyCall = Pick<SendmailCall, 'operands' | 'readRecipients' | 'aliases' | 'noAliases'>

/**
 * Expands the operands as sending does and prints what they lead to.
 *
 * @returns 67 when a recipient leads to nobody, else 65 when an operand is no address, else 0
 * @throws MailError USAGE with -t, NO_RECIPIENTS without operands, and as resolveRecipients does
 */
export async function verify(setup: Setup, call: VerifyCall): Promise<ExitCode> {
  const { terminal } = setup
  if (call.readRecipients) {
    throw new MailError('USAGE', '-bv does not read a message, so -t means nothing; leave it out')
  }
  const { recipients, problems } = readRecipients(call.operands)
  if (recipients.length === 0 && problems.length === 0) {
    throw new MailError('NO_RECIPIENTS', 'no recipients; -bv takes them as operands')
  }
  for (const problem of problems) terminal.complain(problem)
  let exitCode: ExitCode = problems.length > 0 ? EX.DATAERR : EX.OK
  const expand = recipientExpander(setup, call)
  const told = new Set<string>()
  for (const recipient of recipients) {
    const expansion = await expand([recipient])
    for (const warning of expansion.warnings.filter((each) => !told.has(each))) terminal.complain(warning)
    expansion.warnings.forEach((warning) => told.add(warning))
    for (const { reason } of expansion.refused) terminal.complain(`${recipient}: ${reason}`)
    if (expansion.refused.length > 0) exitCode = EX.NOUSER
    else terminal.print(`${recipient}: ${expansion.recipients.join(', ') || 'dropped by its alias'}\n`)
  }
  return exitCode
}
