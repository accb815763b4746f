/**
 * The settings of the smarthost: defaults that depend on each other, and the combinations that are refused
 * because they would send a password in the clear or could never work.
 */
import { loginSettings, logsIn, SECRET_SOURCES } from './auth-config.ts'
import type { SmtpSettings, SmtpTimeouts, TlsLevel } from './config.ts'
import { configInvalid } from './config-error.ts'
import { dkimSettings } from './dkim-settings.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { limitSettings } from './limit-settings.ts'
import { OPTIONS } from './options.ts'
import type { DefaultedOption, Option } from './options/option.ts'
import { routeConfig, serverHost } from './route-config.ts'
import { tlsConfig } from './tls-config.ts'

/** Options that say something about a server, and so are a mistake where none is named. */
export const NEEDS_SERVER: readonly Option<unknown>[] = [
  OPTIONS.smtp_port,
  OPTIONS.srv,
  OPTIONS.smtp_username,
  ...SECRET_SOURCES,
]

/**
 * The smarthost of the written values.
 *
 * @param credentialsOf the accounts that have this login: the account itself, and those it inherits it from
 * @returns undefined when none is named
 * @throws MailError CONFIG_INVALID for a value or combination that is not valid
 */
export function smtpSettings(given: GivenValues, credentialsOf: readonly string[]): SmtpSettings | undefined {
  const dkim = dkimSettings(given)
  const host = serverHost(given)
  if (host === undefined) {
    refuseWithoutServer(given)
    return undefined
  }
  const login = loginSettings(given, host, credentialsOf)
  const route = routeConfig(given, host, logsIn(login))
  const smtp: SmtpSettings = {
    ...route,
    ...tlsConfig(given, { verified: logsIn(login) || route.srv !== undefined }),
    ...login,
    insecureAuth: readOrDefault(given, OPTIONS.insecure_auth),
    helo: readGiven(given, OPTIONS.helo),
    timeouts: smtpTimeouts(given),
    connections: readOrDefault(given, OPTIONS.connections),
    messagesPerConnection: readOrDefault(given, OPTIONS.messages_per_connection),
    maxRecipients: readOrDefault(given, OPTIONS.max_recipients),
    limits: limitSettings(given),
    replyFilter: readOrDefault(given, OPTIONS.reply_filter),
    softBounce: readOrDefault(given, OPTIONS.soft_bounce),
    verp: readOrDefault(given, OPTIONS.verp),
    dkim,
  }
  refuseUnprotected(smtp, placeOf(given, OPTIONS.tls))
  return Object.freeze(smtp)
}

function refuseWithoutServer(given: GivenValues): void {
  for (const option of NEEDS_SERVER) {
    const value = readGiven(given, option)
    if (value === undefined || value === false) continue
    const sentence = `${option.name} is set but there is no smtp_hostname it could belong to; add smtp_hostname`
    throw configInvalid(placeOf(given, option), sentence)
  }
}

const NEVER: TlsLevel = 'off'

function refuseUnprotected(smtp: SmtpSettings, where: string): void {
  if (smtp.tls !== NEVER) return
  if (smtp.implicitTls) {
    throw configInvalid(
      where,
      'tls = off cannot work with tls_implicit = yes, nor with smtp_port = 465, which implies it; change one of them',
    )
  }
  if (logsIn(smtp) && !smtp.insecureAuth) {
    const remedy = 'write tls = verify, or insecure_auth = yes if the network is trusted'
    throw configInvalid(where, `tls = off would send the password in the clear; ${remedy}`)
  }
}

/**
 * The limits of each step. `smtp_timeout` bounds those before the body; never the body itself nor the reply to
 * its end, where giving up early means sending the message twice.
 */
function smtpTimeouts(given: GivenValues): SmtpTimeouts {
  const bound = readGiven(given, OPTIONS.smtp_timeout) ?? Infinity
  const bounded = (option: DefaultedOption<number>): number => Math.min(readOrDefault(given, option), bound)
  return Object.freeze({
    connect: bounded(OPTIONS.timeout_connect),
    banner: bounded(OPTIONS.timeout_banner),
    command: bounded(OPTIONS.timeout_command),
    data: bounded(OPTIONS.timeout_data),
    block: readOrDefault(given, OPTIONS.timeout_block),
    dot: readOrDefault(given, OPTIONS.timeout_dot),
  })
}

function placeOf(given: GivenValues, option: Option<unknown>): string {
  return given.get(option.name)?.where ?? 'configuration'
}
