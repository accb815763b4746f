/**
 * The placeholders of the option `from`: `%U` user, `%H` host, `%F` full name, `%%` a percent sign. Anything
 * else after a percent sign is refused, since a sender that is nearly right would go out with every mail.
 */
import { MailError } from '../errors/mail-error.ts'
import { readSender } from '../message/recipients.ts'
import { configInvalid } from './config-error.ts'

/** Who runs the program, for the placeholders. */
export interface Identity {
  readonly user: string
  readonly host: string
  readonly fullName: string
}

/** A name and an address, as far as the text shows them. */
const MAILBOX = /^([^<]*)(<[^<>]*>)\s*$/s
/** What stands in a display name only within quotes (RFC 5322 section 3.2.3). */
const SPECIAL = /[()<>[\]:;@\\,."]/

/**
 * Replaces the placeholders. A full name may hold any sign: where that needs quotes, it gets them.
 *
 * @param template the option's value
 * @param identity undefined where there is nobody to name (settings of a program)
 * @param where the place, for messages
 * @throws MailError CONFIG_INVALID for an unknown placeholder, one that has no value here, or a result that
 *   is not one address
 */
export function expandSender(template: string, identity: Identity | undefined, where: string): string {
  const expand = (text: string): string => replacePlaceholders(text, identity, where)
  const [, phrase = '', address = ''] = MAILBOX.exec(template) ?? []
  const sender = /%[^%]/.test(phrase)
    ? `${quotedName(expand(bareName(phrase)))} ${expand(address)}`
    : expand(template)
  try {
    readSender(sender)
    return sender
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    throw configInvalid(
      where,
      `from is not one address: ${error.publicMessage}; write one, as Name <me@site.example>`,
    )
  }
}

/** A name without the quotes around it. */
function bareName(phrase: string): string {
  const quoted = /^"(.*)"$/s.exec(phrase.trim())?.[1]
  return quoted === undefined ? phrase.trim() : quoted.replace(/\\(.)/gs, '$1')
}

function quotedName(name: string): string {
  return SPECIAL.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name
}

function replacePlaceholders(template: string, identity: Identity | undefined, where: string): string {
  return template.replace(/%(.?)/g, (_, letter: string) => {
    if (letter === '%') return '%'
    const value = placeholder(letter, identity)
    if (value !== undefined && value !== '') return value
    const why = 'UHF'.includes(letter) && letter !== '' ? 'has no value here' : 'is not known'
    throw configInvalid(
      where,
      `"%${letter}" in from ${why}; write the address, or one of %U %H %F (%% is a percent sign)`,
    )
  })
}

function placeholder(letter: string, identity: Identity | undefined): string | undefined {
  if (letter === 'U') return identity?.user
  if (letter === 'H') return identity?.host
  return letter === 'F' ? identity?.fullName.replace(/[\p{Cc}<>]/gu, '').trim() : undefined
}
