/**
 * A server that is named for one message, instead of its account's. The account says everything else, but its login
 * is for its own server: another one never gets the password, and neither does one that only the message vouches for.
 */
import type { Written } from './account-settings.ts'
import { dropBound, sameServer } from './account-sections.ts'
import { logsIn, putAwaySecrets } from './auth-config.ts'
import { configInvalid } from './config-error.ts'
import type { MessageServer, SmtpSettings, TlsLevel } from './config.ts'
import type { GivenValue } from './given-values.ts'
import { OPTIONS } from './options.ts'
import { smtpSettings } from './smtp-settings.ts'

/** Puts a value in the place of what is written; an empty one takes it away. */
export function replaceGiven(
  given: Map<string, GivenValue>,
  key: keyof typeof OPTIONS,
  { raw, ...place }: GivenValue & { readonly raw: string },
): void {
  if (raw === '') {
    given.delete(key)
    return
  }
  const namesServer = key === OPTIONS.smtp_hostname.name || key === OPTIONS.socket.name
  if (namesServer && !sameServer(given, new Map([[key, { raw, ...place }]]))) dropBound(given)
  putAwaySecrets(given, key, raw)
  given.set(key, { raw, ...place })
}

/** From the weakest to the strongest. */
const LEVELS: readonly TlsLevel[] = ['off', 'may', 'require', 'verify', 'pin']

/**
 * A message can ask for more protection than its account has, never for less. TLS with any certificate is more than
 * `may` has for the message and less than it has for a password, which wants a good one there: both is `verify`.
 */
function strongest(asked: TlsLevel | undefined, usual: SmtpSettings): TlsLevel {
  if (asked === 'require' && usual.tls === 'may' && logsIn(usual)) return 'verify'
  return asked !== undefined && LEVELS.indexOf(asked) > LEVELS.indexOf(usual.tls) ? asked : usual.tls
}

/** Whether that server is the account's own. */
function isServerOf(usual: SmtpSettings, { host, port, protocol = 'smtp' }: MessageServer): boolean {
  const samePort = port === undefined || (port === usual.port && usual.srv === undefined)
  const sameHost = usual.socket === undefined && usual.host.toLowerCase() === host.toLowerCase()
  return sameHost && samePort && usual.protocol === protocol
}

/**
 * Refuses a fingerprint that only the message names where the account logs in: whoever can write to the queue could
 * have the password sent to a certificate of his own.
 */
function refuseForeignPins(
  usual: SmtpSettings,
  { fingerprints = [] }: MessageServer,
  { account, where }: { readonly account: string; readonly where: string },
): void {
  const foreign = fingerprints.find((each) => !usual.tlsFingerprints.includes(each))
  if (foreign === undefined || !logsIn(usual)) return
  const sentence = `the account ${account} logs in there and does not know the fingerprint that the message asks for`
  throw configInvalid(where, `${sentence}; write tls_fingerprint = ${foreign} if it is right`)
}

/**
 * The settings of an account with a message's own server. What the account has for its own server, the login first of
 * all, is only kept for the same host, port and protocol, and with no less protection.
 *
 * @param account its name
 * @param written everything that holds for it
 * @throws MailError CONFIG_INVALID for a combination that cannot work, or that would betray the password
 */
export function settingsAt(
  account: string,
  { given, credentialsOf }: Written,
  server: MessageServer,
): SmtpSettings | undefined {
  const { host, port, protocol = 'smtp', tls, fingerprints = [] } = server
  const usual = smtpSettings(given, credentialsOf)
  const own = new Map(given)
  const where = `the server ${port === undefined ? host : `${host}:${port}`} of a message`
  const place = { where, base: { folder: '/', home: '/' } }
  replaceGiven(own, 'smtp_hostname', { ...place, raw: host })
  if (port !== undefined) replaceGiven(own, 'smtp_port', { ...place, raw: String(port) })
  replaceGiven(own, 'protocol', { ...place, raw: protocol })
  const isUsual = usual !== undefined && isServerOf(usual, server)
  if (isUsual) refuseForeignPins(usual, server, { account, where })
  // Whoever listens at another port of the same host, or put the message there, gets no password.
  else dropBound(own)
  const level = isUsual ? strongest(tls, usual) : tls
  if (level !== undefined) replaceGiven(own, 'tls', { ...place, raw: level })
  if (level === 'pin' && fingerprints.length > 0)
    replaceGiven(own, 'tls_fingerprint', { ...place, raw: fingerprints.join(' ') })
  // Nobody is asked whom the account trusts.
  if (level === 'pin' || level === 'off') own.delete(OPTIONS.tls_ca.name)
  return smtpSettings(own, isUsual ? credentialsOf : [])
}
