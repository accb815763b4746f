/**
 * A server that is named for one message, instead of its account's. The account says everything else, but its login
 * is for its own server: another one never gets the password.
 */
import { dropBound, sameServer } from './account-sections.ts'
import { putAwaySecrets } from './auth-config.ts'
import type { MessageServer, SmtpSettings } from './config.ts'
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
  if (key === OPTIONS.smtp_hostname.name && !sameServer(given, new Map([[key, { raw, ...place }]])))
    dropBound(given)
  putAwaySecrets(given, key)
  given.set(key, { raw, ...place })
}

/**
 * The settings of an account with a message's own server.
 *
 * @param account its name
 * @param given everything that holds for it
 * @throws MailError CONFIG_INVALID for a combination that cannot work
 */
export function settingsAt(
  account: string,
  given: ReadonlyMap<string, GivenValue>,
  { host, port, protocol, tls }: MessageServer,
): SmtpSettings | undefined {
  const own = new Map(given)
  const place = { where: `the server ${host}:${port} of a message`, base: { folder: '/', home: '/' } }
  replaceGiven(own, 'smtp_hostname', { ...place, raw: host })
  replaceGiven(own, 'smtp_port', { ...place, raw: String(port) })
  if (protocol !== undefined) replaceGiven(own, 'protocol', { ...place, raw: protocol })
  if (tls !== undefined) replaceGiven(own, 'tls', { ...place, raw: tls })
  return smtpSettings(own, account)
}
