/**
 * The envelope sender of a message, in this order: what the caller named, what the configuration names, the
 * caller's own address on this host.
 */
import { parseAddressList } from '../message/address-list.ts'
import { qualify } from '../message/address.ts'
import { readSender } from '../message/recipients.ts'
import { mailDomain } from '../util/mail-domain.ts'
import type { Setup } from './setup.ts'

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
  const address = readSender(text)
  if (address === '') return { address, name: undefined }
  const name = parseAddressList(text).addresses[0]?.name
  return { address: qualify(address, mailDomain(config.qualifyDomain)), name }
}
