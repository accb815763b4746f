/**
 * The account of a call: one that an option names has its settings in the place of the usual ones.
 */
import { ACCOUNT_NAME_FORM, isAccountName } from '../config/account-name.ts'
import { configOf, findAccount } from '../config/accounts.ts'
import type { AccountSettings, MessageServer } from '../config/config.ts'
import { suggestion } from '../config/nearest.ts'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address/address.ts'
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

const NAMING = [
  ['smtp_hostname', '--host'],
  ['smtp_port', '--port'],
  ['protocol', '--protocol'],
  // --tls-fingerprint sets it too.
  ['tls', '--tls'],
] as const

/**
 * The server that options of the call name for messages over an account; undefined when they name none.
 *
 * @throws MailError CONFIG_DENIED or CONFIG_MISSING when they say something about a server that is not known here
 */
export function namedServer(
  { overridden, config: { sealed } }: Setup,
  { deliver, smtp }: AccountSettings,
): MessageServer | undefined {
  const [, naming] = NAMING.find(([name]) => overridden?.has(name)) ?? []
  if (overridden === undefined || naming === undefined || deliver.to !== 'smtp') return undefined
  if (smtp === undefined) throw unknownServer(naming, sealed)
  // What was named says something about the server behind a socket, which is not stored.
  if (smtp.socket !== undefined && !overridden.has('smtp_hostname')) return undefined
  const { host, port, protocol, tls, tlsFingerprints: fingerprints } = smtp
  // What decides about the port may stand where the caller cannot see it.
  const isKnown = smtp.srv === undefined && (!sealed || overridden.has('smtp_port'))
  return {
    host,
    ...(isKnown ? { port } : {}),
    protocol,
    ...(overridden.has('tls') ? { tls } : {}),
    ...(overridden.has('tls_fingerprint') && fingerprints.length > 0 ? { fingerprints } : {}),
  }
}

/** To keep the message without what was asked for it would be to send it in another way later. */
function unknownServer(naming: string, sealed: boolean): MailError {
  const sentence = `${naming} cannot be kept with the message`
  return sealed
    ? new MailError(
        'CONFIG_DENIED',
        `${sentence}: a part of the configuration is closed to you, and no server is seen in the rest; leave it out`,
      )
    : new MailError(
        'CONFIG_MISSING',
        `${sentence}: no server is configured; add smtp_hostname, or leave it out`,
      )
}
