/**
 * Sends the message on standard input. It is accepted only when every recipient's server has it or it is durably
 * queued; in every other case the caller still has the message and one line says why.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { readMessage, type IncomingMessage } from '../../message/read-message.ts'
import { envelope, headerRecipients, readRecipients, type RecipientList } from '../../message/recipients.ts'
import { handOver } from '../hand-over.ts'
import { recipientExpander, resolveRecipients } from '../resolve-recipients.ts'
import { envelopeSender, senderFromHeader, type Sender } from '../sender.ts'
import { spillDirectory, type Setup } from '../setup.ts'
import { standardInput } from '../standard-input.ts'
import type { SendmailCall } from './sendmail-call.ts'
import { finishForAccounts, tellChanges } from './finish-message.ts'

function joinLists(lists: readonly RecipientList[]): RecipientList {
  return {
    recipients: lists.flatMap(({ recipients }) => recipients),
    problems: lists.flatMap(({ problems }) => problems),
  }
}

/** Completes and hands over a message that was read. */
async function sendIncoming(
  setup: Setup,
  call: SendmailCall,
  { incoming, sender, operands }: { incoming: IncomingMessage; sender: Sender; operands: RecipientList },
): Promise<ExitCode> {
  const to = call.readRecipients ? joinLists([operands, headerRecipients(incoming.header)]) : operands
  const { recipients, exitCode, dropped } = await resolveRecipients(setup, to, recipientExpander(setup, call))
  if (recipients.length === 0 && (dropped || exitCode !== EX.OK)) return exitCode
  const addressed = envelope(sender.address, recipients, call.reports, call.body)
  const finishing = { sender, fullName: call.fullName, envelope: addressed }
  const ready = { envelope: addressed, ...finishForAccounts(setup, incoming, finishing) }
  const result = await handOver(setup, ready, call)
  return result === EX.OK ? exitCode : result
}

/** Reads, completes and hands over one message. */
export async function send(setup: Setup, call: SendmailCall): Promise<ExitCode> {
  const named = call.readEnvelopeFrom ? undefined : envelopeSender(setup, call.from)
  const operands = readRecipients(call.operands)
  if (!call.readRecipients && operands.recipients.length === 0 && operands.problems.length === 0) {
    throw new MailError(
      'NO_RECIPIENTS',
      'no recipients: name them as operands, or use -t to take them from the header',
    )
  }
  const incoming = await readMessage(standardInput(), {
    dotEnds: !call.ignoreDots,
    spillDirectory: spillDirectory(setup.config),
  })
  try {
    tellChanges(setup, incoming)
    const sender = named ?? senderFromHeader(setup, incoming.header)
    return await sendIncoming(setup, call, { incoming, sender, operands })
  } finally {
    incoming.body.close()
  }
}
