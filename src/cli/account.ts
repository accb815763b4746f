/**
 * The account of a call: one that an option names has its settings in the place of the usual ones.
 */
import { ACCOUNT_NAME_FORM, isAccountName } from '../config/account-name.ts'
import { configOf, findAccount } from '../config/accounts.ts'
import type { AccountSettings, MessageServer } from '../config/config.ts'
import { suggestion } from '../config/nearest.ts'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address.ts'
import type { Setup } from './setup.ts'

/**
 * The set-up of a call that names its account.
 *
 * @param option by which it was named
 * @throws MailError CONFIG_MISSING when there is no such account; not where a part of the configuration is closed to
 *   the caller, who can only leave the message to somebody who sees the account
 */
export function useAccount(setup: Setup, account: string, option: string): Setup {
  const { config } = setup
  const found = findAccount(config, account)
  if (found !== undefined) return { ...setup, account, config: configOf(config, found) }
  if (config.sealed && isAccountName(account)) return { ...setup, account }
  const names = config.accounts.map(({ name }) => name)
  const hint = suggestion(account, names) || `; ${option} takes one of ${names.join(', ')}`
  const form = isAccountName(account) ? '' : `; the name of an account has ${ACCOUNT_NAME_FORM}`
  throw new MailError('CONFIG_MISSING', `there is no account ${quoteForMessage(account)}${form}${hint}`)
}

/** The server that options of the call name for messages over an account; undefined when they name none. */
export function namedServer({ overridden }: Setup, { smtp }: AccountSettings): MessageServer | undefined {
  const names = ['smtp_hostname', 'smtp_port', 'protocol', 'tls'] as const
  if (smtp === undefined || overridden === undefined || !names.some((name) => overridden.has(name)))
    return undefined
  // What was named says something about the server behind a socket, which is not stored.
  if (smtp.socket !== undefined && !overridden.has('smtp_hostname')) return undefined
  const { host, port, protocol, tls } = smtp
  return { host, port, protocol, ...(overridden.has('tls') ? { tls } : {}) }
}
