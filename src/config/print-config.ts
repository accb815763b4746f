/**
 * Writes a configuration as an ini file: what `--print-config` shows. Reading that text gives the same
 * configuration again, but for the password, which is never written, and the notes. `include` and
 * `strict_permissions` act while files are read and are not part of the result.
 */
import type { AccountLimits, Config, HeaderSettings, SmtpSettings } from './config.ts'
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
  if (config.smtp?.password !== undefined) head.push(`# smtp_password is set; it is hidden here as ${HIDDEN}`)
  const lines = [
    ...head,
    '[mailqueue]',
    ...smtpLines(config.smtp),
    ...queueLines(config),
    ...otherLines(config),
    ...headerLines(config.headers),
  ]
  return `${lines.join('\n')}\n`
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
    ...limitLines(smtp.limits),
    ...line(OPTIONS.reply_filter, smtp.replyFilter),
    ...line(OPTIONS.soft_bounce, smtp.softBounce),
  ]
}

function limitLines(limits: AccountLimits | undefined): string[] {
  if (limits === undefined) return []
  return [
    ...line(OPTIONS.limit_per_minute, limits.perMinute),
    ...line(OPTIONS.limit_per_hour, limits.perHour),
    ...line(OPTIONS.limit_per_day, limits.perDay),
    ...line(OPTIONS.limit_recipients_per_day, limits.recipientsPerDay),
    ...line(OPTIONS.on_limit, limits.onLimit),
  ]
}

function queueLines(config: Config): string[] {
  return [
    ...line(OPTIONS.submit_timeout, config.submitTimeout),
    ...line(OPTIONS.queue_dir, config.queueDir),
    ...line(OPTIONS.spool, config.spool),
    ...line(OPTIONS.retry, config.retry),
    ...line(OPTIONS.expire, config.expire),
    ...line(OPTIONS.in_doubt, config.inDoubt),
    ...line(OPTIONS.bounce, config.bounce),
    ...line(OPTIONS.bounce_expire, config.bounceExpire),
    ...line(OPTIONS.bounce_limit, config.bounceLimit),
    ...line(OPTIONS.postmaster, config.postmaster),
    ...line(OPTIONS.delay_notice, config.delayNotice),
  ]
}

function otherLines(config: Config): string[] {
  return [
    ...line(OPTIONS.from, config.from?.replaceAll('%', '%%')),
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
