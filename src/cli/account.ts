/**
 * The account of a call. There is one; its name may be given.
 */
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address.ts'
import { DEFAULT_ACCOUNT } from '../queue/meta-block.ts'

/**
 * Makes sure that an account is there.
 *
 * @param option by which it was named
 * @throws MailError CONFIG_MISSING
 */
export function checkAccount(account: string, option: string): void {
  if (account === DEFAULT_ACCOUNT) return
  throw new MailError(
    'CONFIG_MISSING',
    `there is no account ${quoteForMessage(account)}; leave ${option} out, or write ${DEFAULT_ACCOUNT}`,
  )
}
