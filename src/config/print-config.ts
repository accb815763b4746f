/**
 * Writes a configuration as an ini file: what `--print-config` shows. Reading that text gives the same
 * configuration again, but for the password, which is never written, and the notes. `include` and
 * `strict_permissions` act while files are read and are not part of the result.
 */
import type { Account, AccountSettings, Config, HeaderSettings, SmtpSettings } from './config.ts'
import { formatIniValue } from './ini-file.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

/** What stands in the place of a secret. */
const HIDDEN = '********'

/**
 * The configuration as text in the format of mailqueue.conf(5), with all defaults written out. Options that
 * are not set are left out.
 */
export function printConfig(config: Config): string {
  const head = [`# read from ${config.source?.replace(/\p{Cc}/gu, '?') ?? 'the settings of a program'}`]
  const [usual, ...others] = config.accounts
  const settings = usual ?? config
  const secret = config.accounts.some(({ smtp }) => smtp?.password !== undefined)
  if (secret) head.push(`# smtp_password is set; it is hidden here as ${HIDDEN}`)
  const lines = [
    ...head,
    '[mailqueue]',
    ...smtpLines(settings.smtp),
    ...timingLines(settings),
    ...queueLines(config),
    ...senderLines(settings),
    ...otherLines(config),
    ...headerLines(settings.headers),
    ...line(OPTIONS.fallback, settings.fallback),
    ...others.flatMap((account) => accountLines(account, settings)),
  ]
  return `${lines.join('\n')}\n`
}

const keyOf = (text: string): string => text.slice(0, text.indexOf(' ='))

/** All lines of an account; what it does not have, while `default` does, is there without a value. */
function accountLines(account: Account, usual: AccountSettings): string[] {
  const inherited = (settings: AccountSettings): string[] => [
    ...smtpLines(settings.smtp),
    ...timingLines(settings),
    ...senderLines(settings),
    ...headerLines(settings.headers),
  ]
  const own = inherited(account)
  const keys = new Set(own.map(keyOf))
  const emptied = inherited(usual)
    .map(keyOf)
    .filter((key) => !keys.has(key))
  return [
    '',
    `[account ${account.name}]`,
    ...own,
    ...emptied.map((key) => `${key} =`),
    ...line(OPTIONS.match_from, account.match.from),
    ...line(OPTIONS.match_recipient, account.match.recipient),
    ...line(OPTIONS.match_uid, account.match.user),
    ...line(OPTIONS.fallback, account.fallback),
  ]
}

/** One line, or none for a value that is not set or a list without items. */
function line<T>(option: Option<T>, value: T | undefined): string[] {
  if (value === undefined) return []
  const text = option.secret === true ? HIDDEN : option.kind.format(value)
  return text === '' ? [] : [`${option.name} = ${option.secret === true ? text : formatIniValue(text)}`]
}

function smtpLines(smtp: SmtpSettings | undefined): string[] {
  if (smtp === undefined) return []
  return [
    ...line(OPTIONS.smtp_hostname, smtp.host),
    ...line(OPTIONS.smtp_port, smtp.port),
    ...line(OPTIONS.protocol, smtp.protocol),
    ...line(OPTIONS.smtp_username, smtp.username),
    ...line(OPTIONS.smtp_password, smtp.password),
    ...line(OPTIONS.helo, smtp.helo),
    ...line(OPTIONS.tls, smtp.tls),
    ...line(OPTIONS.tls_ca, smtp.tlsCa),
    ...line(OPTIONS.insecure_auth, smtp.insecureAuth),
    ...line(OPTIONS.timeout_connect, smtp.timeouts.connect),
    ...line(OPTIONS.timeout_banner, smtp.timeouts.banner),
    ...line(OPTIONS.timeout_command, smtp.timeouts.command),
    ...line(OPTIONS.timeout_data, smtp.timeouts.data),
    ...line(OPTIONS.timeout_block, smtp.timeouts.block),
    ...line(OPTIONS.timeout_dot, smtp.timeouts.dot),
    ...line(OPTIONS.connections, smtp.connections),
    ...line(OPTIONS.messages_per_connection, smtp.messagesPerConnection),
    ...line(OPTIONS.max_recipients, smtp.maxRecipients),
    ...line(OPTIONS.reply_filter, smtp.replyFilter),
    ...line(OPTIONS.soft_bounce, smtp.softBounce),
  ]
}

function timingLines(settings: AccountSettings): string[] {
  return [
    ...line(OPTIONS.submit_timeout, settings.submitTimeout),
    ...line(OPTIONS.retry, settings.retry),
    ...line(OPTIONS.expire, settings.expire),
    ...line(OPTIONS.in_doubt, settings.inDoubt),
    ...line(OPTIONS.bounce_expire, settings.bounceExpire),
    ...line(OPTIONS.delay_notice, settings.delayNotice),
  ]
}

function queueLines(config: Config): string[] {
  return [
    ...line(OPTIONS.queue_dir, config.queueDir),
    ...line(OPTIONS.spool, config.spool),
    ...line(OPTIONS.bounce, config.bounce),
    ...line(OPTIONS.bounce_limit, config.bounceLimit),
    ...line(OPTIONS.postmaster, config.postmaster),
  ]
}

function senderLines({ from }: AccountSettings): string[] {
  return line(OPTIONS.from, from?.replaceAll('%', '%%'))
}

function otherLines(config: Config): string[] {
  return [
    ...line(OPTIONS.aliases, config.aliases),
    ...line(OPTIONS.local_domains, config.localDomains),
    ...line(OPTIONS.default_alias, config.defaultAlias),
    ...line(OPTIONS.user_forward, config.userForward),
    ...line(OPTIONS.recipient_delimiter, config.recipientDelimiter),
    ...line(OPTIONS.mail_dialect, config.mailDialect),
    ...line(OPTIONS.fallback_charset, config.fallbackCharset),
    ...line(OPTIONS.qualify_domain, config.qualifyDomain),
    ...line(OPTIONS.delivery_log, config.deliveryLog),
    ...line(OPTIONS.queue_log, config.queueLog),
    ...line(OPTIONS.log, config.log),
    ...line(OPTIONS.log_level, config.logLevel),
    ...line(OPTIONS.plugins, config.plugins),
  ]
}

function headerLines(headers: HeaderSettings): string[] {
  return [
    ...line(OPTIONS.force_from, headers.forceFrom),
    ...line(OPTIONS.masquerade, headers.masquerade?.sender ?? headers.masquerade?.domain),
    ...line(OPTIONS.qualify_headers, headers.qualify),
    ...line(OPTIONS.set_from_header, headers.setFrom),
    ...line(OPTIONS.set_date_header, headers.setDate),
    ...line(OPTIONS.set_msgid_header, headers.setMessageId),
    ...line(OPTIONS.set_to_header, headers.setTo),
    ...line(OPTIONS.remove_bcc_headers, headers.removeBcc),
  ]
}
