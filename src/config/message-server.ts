/**
 * A server that is named for one message, instead of its account's. The account says everything else, but its login
 * is for its own server: another one never gets the password.
 */
import type { Written } from './account-settings.ts'
import { dropBound, sameServer } from './account-sections.ts'
import { putAwaySecrets } from './auth-config.ts'
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

/** A message can ask for more protection than its account has, never for less. */
function strongest(asked: TlsLevel | undefined, usual: TlsLevel): TlsLevel {
  return asked !== undefined && LEVELS.indexOf(asked) > LEVELS.indexOf(usual) ? asked : usual
}

/**
 * The settings of an account with a message's own server. What the account has for its own server, the login first of
 * all, is only kept for the same host, port and protocol, and with no less protection.
 *
 * @param account everything that holds for it
 * @throws MailError CONFIG_INVALID for a combination that cannot work
 */
export function settingsAt(
  { given, credentialsOf }: Written,
  { host, port, protocol = 'smtp', tls }: MessageServer,
): SmtpSettings | undefined {
  const usual = smtpSettings(given, credentialsOf)
  const own = new Map(given)
  const place = { where: `the server ${host}:${port} of a message`, base: { folder: '/', home: '/' } }
  replaceGiven(own, 'smtp_hostname', { ...place, raw: host })
  replaceGiven(own, 'smtp_port', { ...place, raw: String(port) })
  replaceGiven(own, 'protocol', { ...place, raw: protocol })
  const isUsual =
    usual !== undefined &&
    usual.socket === undefined &&
    usual.host.toLowerCase() === host.toLowerCase() &&
    usual.port === port &&
    usual.protocol === protocol
  // Whoever listens at another port of the same host, or put the message there, gets no password.
  if (!isUsual) dropBound(own)
  const level = isUsual ? strongest(tls, usual.tls) : tls
  if (level !== undefined) replaceGiven(own, 'tls', { ...place, raw: level })
  return smtpSettings(own, isUsual ? credentialsOf : [])
}
