/**
 * A message that came in -> the message that goes out: addresses are written as others are to see them, then
 * the header is made complete and what must not be seen is taken out of it. The body stays as it came.
 */
import type { Config } from '../../config/config.ts'
import { completeHeader } from '../../message/complete.ts'
import { newMessageId } from '../../message/message-id.ts'
import { joinContent, type MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { HeaderBlock } from '../../message/header-block.ts'
import type { IncomingMessage } from '../../message/read-message.ts'
import { rewriteAddresses } from '../../message/address/rewrite.ts'
import { mayHaveBareAddress, roleOf, shownAddress } from '../../message/address/show.ts'
import type { Sender } from '../sender.ts'
import type { ReadyMessage } from '../hand-over.ts'
import type { Setup } from '../setup.ts'
import { addressRules, ownDomain } from '../shown-addresses.ts'

/** What a message is finished by. */
export interface Finishing {
  readonly sender: Sender
  /** Display name that was asked for in a From field that has to be made. */
  readonly fullName: string | undefined
  /** Its recipients may be named in a To field that has to be made. */
  readonly envelope: Envelope
  /** The same for all copies of one message. */
  readonly stamp?: { readonly now: number; readonly messageId: string }
}

/** Says what was left out of a message. */
export function tellChanges({ terminal }: Setup, { nulBytes }: IncomingMessage): void {
  if (nulBytes > 0)
    terminal.complain(`${nulBytes} NUL bytes were left out of the message: no server takes them`)
}

/**
 * A message as it goes over several accounts: for each it is finished anew, as that account wants it.
 *
 * @returns what a ready message needs; its first content is closed by whoever takes it, the body by its reader
 */
export function finishForAccounts(
  setup: Setup,
  incoming: Pick<IncomingMessage, 'header' | 'body'>,
  finishing: Finishing,
): Pick<ReadyMessage, 'content' | 'contentOver'> {
  const { header, body } = incoming
  // The body is needed once for each account.
  const lent = { header, body: { ...body, stream: () => body.stream(), close: () => undefined } }
  const { address, name } = finishing.sender
  const messageId = newMessageId(address, ownDomain(setup.config))
  const stamped = { ...finishing, stamp: { now: Date.now(), messageId } }
  return {
    content: finishMessage(setup, incoming, stamped),
    contentOver: (config, { sender }) => {
      const over = { address: sender, name: sender === address ? name : undefined }
      return finishMessage({ ...setup, config }, lent, { ...stamped, sender: over })
    },
  }
}

/** Finishes a message; whoever takes it closes it. */
export function finishMessage(
  { caller, config }: Setup,
  { header, body }: Pick<IncomingMessage, 'header' | 'body'>,
  { sender, fullName, envelope, stamp }: Finishing,
): MessageContent {
  const { headers } = config
  const hasFrom = header.fields('from').length > 0
  const facts = {
    sender: sender.address,
    // The password file is only read when a From has to be made.
    from: {
      address: sender.address,
      name: fullName ?? sender.name ?? (hasFrom ? undefined : caller.fullName),
    },
    recipients: headers.setTo === 'off' ? [] : shownRecipients(config, envelope),
    ...(stamp ?? { now: Date.now() }),
    domain: ownDomain(config),
  }
  return joinContent(completeHeader(shownHeader(config, header), facts, headers).bytes, body)
}

function shownRecipients(config: Config, { recipients }: Envelope): string[] {
  const rules = addressRules(config)
  return recipients.map((recipient) => shownAddress(recipient, 'other', rules))
}

/** The header with its addresses as others see them; most have nothing to change, which is seen quickly. */
function shownHeader(config: Config, header: HeaderBlock): HeaderBlock {
  const { masquerade, qualify } = config.headers
  const isBare = () =>
    header.all.some(({ name, raw }) => roleOf(name) !== undefined && mayHaveBareAddress(raw))
  return masquerade !== undefined || (qualify && isBare())
    ? rewriteAddresses(header, addressRules(config))
    : header
}
