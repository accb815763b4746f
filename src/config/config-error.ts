/**
 * The one way this room refuses something: exit code 78, the place first, then what is wrong and what to do.
 */
import { MailError } from '../errors/mail-error.ts'

/**
 * A CONFIG_INVALID error.
 *
 * @param where `file:line`, or what else names the place
 * @param sentence what is wrong, why, and what to do; never a secret
 */
export function configInvalid(where: string, sentence: string): MailError {
  return new MailError('CONFIG_INVALID', `${where}: ${sentence}`)
}
