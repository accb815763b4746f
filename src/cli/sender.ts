/**
 * The envelope sender of a message, in this order: what the caller named, what the configuration names, the
 * caller's own address on this host. With `force_from` it is always the configured one, except for the null
 * sender: a bounce must stay a bounce.
 */
import { MailError } from '../errors/mail-error.ts'
import { parseAddressList } from '../message/address/list.ts'
import { qualify, quoteForMessage, sameAddress } from '../message/address/address.ts'
import { fieldText, type HeaderBlock } from '../message/header-block.ts'
import { readSender } from '../message/recipients.ts'
import { shownAddress } from '../message/address/show.ts'
import { mailDomain } from '../util/mail-domain.ts'
import type { Setup } from './setup.ts'
import { addressRules } from './shown-addresses.ts'

/** A sender, and the display name that was given with it. */
export interface Sender {
  /** The empty string is the null sender. */
  readonly address: string
  readonly name: string | undefined
}

/**
 * Finds the sender.
 *
 * @param named what the caller gave with `-f` or `-r`; undefined when nothing
 * @throws MailError ADDRESS_INVALID when it cannot be used, SYSTEM_LACKS when there is none at all
 */
export function envelopeSender(setup: Setup, named: string | undefined): Sender {
  const { config, caller } = setup
  const text = named ?? config.from ?? caller.user
  const asked = senderOf(setup, text)
  if (asked.address === '' || config.from === undefined) return asked
  const configured = senderOf(setup, config.from)
  const { forceFrom } = config.headers
  if (!forceFrom && !sameAddress(asked.address, configured.address)) return asked
  return { address: (forceFrom ? configured : asked).address, name: asked.name ?? configured.name }
}

/**
 * Takes the sender from From, or from Resent-From when that comes first.
 *
 * @throws MailError USAGE when the header has none, ADDRESS_INVALID when it has no usable address
 */
export function senderFromHeader(setup: Setup, header: HeaderBlock): Sender {
  const field = header.all.find(({ name }) => /^(?:resent-)?from$/i.test(name))
  if (field === undefined) {
    throw new MailError('USAGE', 'the message has no From header to read the sender from; name one with -f')
  }
  const text = fieldText(field)
  const [mailbox] = parseAddressList(text).addresses
  if (mailbox !== undefined) return { ...envelopeSender(setup, mailbox.address), name: undefined }
  throw new MailError(
    'ADDRESS_INVALID',
    `the sender cannot be read from ${field.name}: ${quoteForMessage(text)} has no address; name one with -f`,
  )
}

function senderOf({ config }: Setup, text: string): Sender {
  const address = readSender(text)
  if (address === '') return { address, name: undefined }
  const name = parseAddressList(text).addresses[0]?.name
  const whole = qualify(address, mailDomain(config.qualifyDomain))
  return { address: shownAddress(whole, 'sender', addressRules(config)), name }
}
