/**
 * The placeholders of the option `from`: `%U` user, `%H` host, `%F` full name, `%%` a percent sign. Anything
 * else after a percent sign is refused, since a sender that is nearly right would go out with every mail.
 */
import { configInvalid } from './config-error.ts'

/** Who runs the program, for the placeholders. */
export interface Identity {
  readonly user: string
  readonly host: string
  readonly fullName: string
}

/**
 * Replaces the placeholders.
 *
 * @param template the option's value
 * @param identity undefined where there is nobody to name (settings of a program)
 * @param where the place, for messages
 * @throws MailError CONFIG_INVALID for an unknown placeholder, one that has no value here, or a result that
 *   would not be one address
 */
export function expandSender(template: string, identity: Identity | undefined, where: string): string {
  const sender = template.replace(/%(.?)/g, (_, letter: string) => {
    if (letter === '%') return '%'
    const value = placeholder(letter, identity)
    if (value !== undefined && value !== '') return value
    const why = 'UHF'.includes(letter) && letter !== '' ? 'has no value here' : 'is not known'
    throw configInvalid(
      where,
      `"%${letter}" in from ${why}; write the address, or one of %U %H %F (%% is a percent sign)`,
    )
  })
  if (/^(?:[^\s<>]+|[^<>]*<[^\s<>]*>)$/.test(sender)) return sender
  throw configInvalid(
    where,
    'from does not give one address once its placeholders are replaced; write the address',
  )
}

function placeholder(letter: string, identity: Identity | undefined): string | undefined {
  if (letter === 'U') return identity?.user
  if (letter === 'H') return identity?.host
  return letter === 'F' ? identity?.fullName.replace(/[\p{Cc}<>]/gu, '').trim() : undefined
}
