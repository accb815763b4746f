/**
 * What can be refused before the server is asked: addresses that can't be put into a command, addresses
 * the server could not understand, a message larger than it takes. No raw UTF-8 is ever sent to a server that
 * did not offer it.
 */
import type { MessageContent } from '../message/content.ts'
import type { Capabilities } from './capabilities.ts'
import type { Failure } from './failure.ts'

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
const UNSENDABLE = /[\p{Cc}<>]|^\s|\s$/u

const unsendable = (who: string): string => `the ${who} address has characters that can't be sent; correct it`
const foreign = (who: string): string =>
  `the ${who} address is not plain ASCII and the server does not take internationalized addresses (no SMTPUTF8)`

/** Why nothing of this message can be sent over a connection; undefined when something can. */
export function refuseMessage(
  sender: string,
  content: MessageContent,
  capabilities: Capabilities,
): Failure | undefined {
  const { maxSize, smtpUtf8 } = capabilities
  if (UNSENDABLE.test(sender)) {
    return { phase: 'mail', enhanced: '5.1.7', reason: unsendable('sender') }
  }
  if (!smtpUtf8 && !PRINTABLE_ASCII.test(sender)) {
    return { phase: 'mail', enhanced: '5.6.7', reason: foreign('sender') }
  }
  if (maxSize === undefined || content.size <= maxSize) return undefined
  const reason = `the message is too big: it has ${content.size} bytes and the server takes at most ${maxSize}`
  return { phase: 'mail', enhanced: '5.3.4', reason }
}

/** Why this recipient can't be named to the server; undefined when it can. */
export function refuseRecipient(recipient: string, capabilities: Capabilities): Failure | undefined {
  if (recipient === '' || UNSENDABLE.test(recipient)) {
    return { phase: 'rcpt', enhanced: '5.1.3', reason: unsendable('recipient') }
  }
  if (capabilities.smtpUtf8 || PRINTABLE_ASCII.test(recipient)) return undefined
  return { phase: 'rcpt', enhanced: '5.6.7', reason: foreign('recipient') }
}
