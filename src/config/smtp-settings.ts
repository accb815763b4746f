/**
 * The settings of the smarthost: defaults that depend on each other, and the combinations that are refused
 * because they would send a password in the clear or could never work.
 */
import type { SmtpSettings, SmtpTimeouts, TlsLevel } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { limitSettings } from './limit-settings.ts'
import { OPTIONS } from './options.ts'
import type { DefaultedOption, Option } from './options/option.ts'

/** The port of SMTP with TLS from the first byte (RFC 8314 section 3.3). */
const IMPLICIT_TLS_PORT = 465

/** The port of LMTP (the `lmtp` entry that systems ship in /etc/services). */
const LMTP_PORT = 24

/** Options that say something about a server, and so are a mistake where none is named. */
const NEEDS_SERVER: readonly Option<unknown>[] = [
  OPTIONS.smtp_port,
  OPTIONS.smtp_username,
  OPTIONS.smtp_password,
]

/**
 * The smarthost of the written values.
 *
 * @returns undefined when none is named
 * @throws MailError CONFIG_INVALID for a value or combination that is not valid
 */
export function smtpSettings(given: GivenValues): SmtpSettings | undefined {
  const host = readGiven(given, OPTIONS.smtp_hostname)
  if (host === undefined) {
    refuseWithoutServer(given)
    return undefined
  }
  const { username, password } = credentials(given)
  const protocol = readOrDefault(given, OPTIONS.protocol)
  const usual = protocol === 'lmtp' ? LMTP_PORT : username === undefined ? 25 : 587
  const port = readGiven(given, OPTIONS.smtp_port) ?? usual
  const tlsCa = readGiven(given, OPTIONS.tls_ca)
  const verified = username !== undefined || tlsCa !== undefined
  const smtp: SmtpSettings = {
    protocol,
    host,
    port,
    implicitTls: port === IMPLICIT_TLS_PORT,
    tls: readGiven(given, OPTIONS.tls) ?? (verified ? 'verify' : 'may'),
    tlsCa,
    username,
    password,
    insecureAuth: readOrDefault(given, OPTIONS.insecure_auth),
    helo: readGiven(given, OPTIONS.helo),
    timeouts: smtpTimeouts(given),
    connections: readOrDefault(given, OPTIONS.connections),
    messagesPerConnection: readOrDefault(given, OPTIONS.messages_per_connection),
    maxRecipients: readOrDefault(given, OPTIONS.max_recipients),
    limits: limitSettings(given),
    replyFilter: readOrDefault(given, OPTIONS.reply_filter),
    softBounce: readOrDefault(given, OPTIONS.soft_bounce),
  }
  refuseUnprotected(smtp, placeOf(given, OPTIONS.tls))
  return Object.freeze(smtp)
}

/** Both or neither. */
function credentials(given: GivenValues): Pick<SmtpSettings, 'username' | 'password'> {
  const username = readGiven(given, OPTIONS.smtp_username)
  const password = readGiven(given, OPTIONS.smtp_password)
  if ((username === undefined) === (password === undefined)) return { username, password }
  const [present, missing] =
    password === undefined
      ? [OPTIONS.smtp_username, OPTIONS.smtp_password]
      : [OPTIONS.smtp_password, OPTIONS.smtp_username]
  throw configInvalid(
    placeOf(given, present),
    `${present.name} is set but ${missing.name} is not; set both or neither`,
  )
}

function refuseWithoutServer(given: GivenValues): void {
  for (const option of NEEDS_SERVER) {
    if (readGiven(given, option) === undefined) continue
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
      'tls = off cannot work with smtp_port = 465, which speaks TLS only; change one of them',
    )
  }
  if (smtp.tlsCa !== undefined) {
    throw configInvalid(where, 'tls = off makes tls_ca meaningless; write tls = verify or remove tls_ca')
  }
  if (smtp.username !== undefined && !smtp.insecureAuth) {
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
