/**
 * A message that came in -> the message that goes out: the header is made complete and what must not be seen is
 * taken out of it. The body stays as it came.
 */
import { completeHeader } from '../../message/complete.ts'
import { joinContent, type MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { IncomingMessage } from '../../message/read-message.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import type { Sender } from '../sender.ts'
import type { Setup } from '../setup.ts'

/** What a message is finished by. */
export interface Finishing {
  readonly sender: Sender
  /** Display name that was asked for in a From field that has to be made. */
  readonly fullName: string | undefined
  readonly envelope: Envelope
}

/** Finishes a message; whoever takes it closes it. */
export function finishMessage(
  { caller, config }: Setup,
  { header, body }: IncomingMessage,
  { sender, fullName }: Finishing,
): MessageContent {
  const complete = completeHeader(header, {
    sender: sender.address,
    from: {
      address: sender.address,
      // The password file is only read when a From has to be made.
      name: fullName ?? sender.name ?? (header.fields('from').length > 0 ? '' : caller.fullName),
    },
    now: Date.now(),
    domain: mailDomain(config.qualifyDomain),
  })
  return joinContent(complete.bytes, body)
}
