/**
 * Writes a configuration as an ini file: what `--print-config` shows. Reading that text gives the same
 * configuration again, but for secrets, which are never written, and the notes. `include` and
 * `strict_permissions` act while files are read and are not part of the result.
 */
import { DEFAULT_ACCOUNT } from './account-name.ts'
import type {
  Account,
  AccountLimits,
  AccountSettings,
  AuthSettings,
  Config,
  HeaderSettings,
  SmtpSettings,
  WebhookSettings,
} from './config.ts'
import { formatIniValue } from './ini-file.ts'
import { OPTIONS } from './options.ts'
import { HIDDEN, withoutSecret, type Option } from './options/option.ts'

/**
 * The configuration as text in the format of mailqueue.conf(5), with all defaults written out. Options that
 * are not set are left out.
 */
export function printConfig(config: Config): string {
  const head = [`# read from ${config.source?.replace(/\p{Cc}/gu, '?') ?? 'the settings of a program'}`]
  const [usual, ...others] = config.accounts
  const settings = usual ?? config
  for (const option of secretsIn(config)) head.push(`# ${option.name} is set; it is hidden here as ${HIDDEN}`)
  if (config.accounts.some(({ smtp }) => smtp?.proxy?.password !== undefined))
    head.push(`# the password in proxy is hidden here as ${HIDDEN}`)
  const lines = [
    ...head,
    '[mailqueue]',
    ...serverLines(settings),
    ...timingLines(settings),
    ...queueLines(config),
    ...senderLines(settings),
    ...otherLines(config),
    ...headerLines(settings.headers),
    ...webhookLines(config.webhook),
    ...line(OPTIONS.fallback, settings.fallback),
    ...others.flatMap((account) => accountLines(account, parentOf(account, config) ?? settings)),
  ]
  return `${lines.join('\n')}\n`
}

const hasClientSecret = ({ smtp }: Account): boolean =>
  smtp?.auth.oauth2?.kind === 'refresh' && smtp.auth.oauth2.clientSecret !== undefined

/** The secrets that are written in the file itself. */
function secretsIn({ accounts, webhook }: Config): Option<unknown>[] {
  return [
    ...(accounts.some(({ smtp }) => smtp?.password !== undefined) ? [OPTIONS.smtp_password] : []),
    ...(accounts.some(hasClientSecret) ? [OPTIONS.oauth2_client_secret] : []),
    ...(webhook?.secret === undefined ? [] : [OPTIONS.webhook_secret]),
  ]
}

const keyOf = (text: string): string => text.slice(0, text.indexOf(' ='))

/** The account that another one has its login from; undefined when that is `default` or itself. */
function parentOf({ smtp }: Account, { accounts }: Config): Account | undefined {
  const parent = smtp?.auth.credentialsOf[1]
  return accounts.find(({ name }) => name === parent && name !== DEFAULT_ACCOUNT)
}

/** All lines of an account; what it does not have, while the one it inherits from does, is there without a value. */
function accountLines(account: Account, usual: Account | AccountSettings): string[] {
  const inherited = (settings: AccountSettings): string[] => [
    ...serverLines(settings),
    ...timingLines(settings),
    ...senderLines(settings),
    ...headerLines(settings.headers),
  ]
  const own = inherited(account)
  const keys = new Set(own.map(keyOf))
  // A server that an account has no use for may be inherited; without its name, the rest of it would be a mistake.
  const emptied = inherited(account.smtp === undefined ? { ...usual, smtp: undefined } : usual)
    .map(keyOf)
    .filter((key) => !keys.has(key))
  return [
    '',
    `[account ${account.name}]`,
    ...('name' in usual && usual.name !== DEFAULT_ACCOUNT ? line(OPTIONS.inherit, usual.name) : []),
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
  const text = withoutSecret(option, option.kind.format(value))
  if (text === '') return []
  if (option.secret === true) return [`${option.name} = ${text}`]
  const plain = option.verbatim === true ? text : text.replaceAll('${', () => '$${')
  return [`${option.name} = ${formatIniValue(plain)}`]
}

function webhookLines(webhook: WebhookSettings | undefined): string[] {
  if (webhook === undefined) return []
  return [
    ...line(OPTIONS.webhook, webhook.url),
    ...line(OPTIONS.webhook_secret, webhook.secret),
    ...line(OPTIONS.webhook_secret_command, webhook.secretCommand),
    ...line(OPTIONS.webhook_secret_file, webhook.secretFile),
    ...line(OPTIONS.webhook_tls_ca, webhook.tlsCa),
    ...line(OPTIONS.webhook_events, webhook.events),
    ...line(OPTIONS.webhook_batch, webhook.batch),
    ...line(OPTIONS.webhook_expire, webhook.expire),
  ]
}

function serverLines({ deliver, pipeTimeout, smtp }: AccountSettings): string[] {
  return [
    ...line(OPTIONS.deliver, deliver),
    ...(deliver.to === 'pipe' ? line(OPTIONS.timeout_dot, pipeTimeout) : []),
    ...smtpLines(smtp),
  ]
}

function smtpLines(smtp: SmtpSettings | undefined): string[] {
  if (smtp === undefined) return []
  return [
    ...line(OPTIONS.smtp_hostname, smtp.host),
    ...line(OPTIONS.smtp_port, smtp.port),
    ...line(OPTIONS.socket, smtp.socket),
    ...line(OPTIONS.srv, smtp.srv !== undefined),
    ...line(OPTIONS.protocol, smtp.protocol),
    ...line(OPTIONS.smtp_username, smtp.username),
    ...line(OPTIONS.smtp_password, smtp.password),
    ...authLines(smtp.auth),
    ...line(OPTIONS.helo, smtp.helo),
    ...line(OPTIONS.source_ip, smtp.sourceIp),
    ...line(OPTIONS.proxy, smtp.proxy),
    ...tlsLines(smtp),
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
    ...line(OPTIONS.verp, smtp.verp),
    ...line(OPTIONS.dkim_domain, smtp.dkim?.domain),
    ...line(OPTIONS.dkim_selector, smtp.dkim?.selector),
    ...line(OPTIONS.dkim_key, smtp.dkim?.keyFile),
  ]
}

function tlsLines(smtp: SmtpSettings): string[] {
  // A domain that is asked for both services decides itself.
  const implicitTls = (smtp.srv?.length ?? 1) === 1 ? smtp.implicitTls : undefined
  return [
    ...line(OPTIONS.tls, smtp.tls),
    ...line(OPTIONS.tls_implicit, implicitTls),
    ...line(OPTIONS.tls_ca, smtp.tlsCa),
    ...line(OPTIONS.tls_fingerprint, smtp.tlsFingerprints),
    ...line(OPTIONS.tls_cert, smtp.tlsCert),
    ...line(OPTIONS.tls_key, smtp.tlsKey),
    ...line(OPTIONS.tls_min_version, smtp.tlsMinVersion),
    ...line(OPTIONS.tls_name, smtp.tlsName),
  ]
}

function authLines({ method, passwordCommand, passwordFile, oauth2 }: AuthSettings): string[] {
  const lines = [
    ...line(OPTIONS.auth, method),
    ...line(OPTIONS.password_command, passwordCommand),
    ...line(OPTIONS.password_file, passwordFile),
  ]
  if (oauth2 === undefined) return lines
  if (oauth2.kind === 'command') return [...lines, ...line(OPTIONS.oauth2_token_command, oauth2.command)]
  return [
    ...lines,
    ...line(OPTIONS.oauth2_refresh_token_file, oauth2.refreshTokenFile),
    ...line(OPTIONS.oauth2_client_id, oauth2.clientId),
    ...line(OPTIONS.oauth2_client_secret, oauth2.clientSecret),
    ...line(OPTIONS.oauth2_token_url, oauth2.tokenUrl),
    ...line(OPTIONS.oauth2_authorize_url, oauth2.authorizeUrl),
    ...line(OPTIONS.oauth2_device_url, oauth2.deviceUrl),
    ...line(OPTIONS.oauth2_scope, oauth2.scope),
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
    ...line(OPTIONS.queue_dir, config.queueDir),
    ...line(OPTIONS.rescan, config.rescan),
    ...line(OPTIONS.spool, config.spool),
    ...line(OPTIONS.bounce, config.bounce),
    ...line(OPTIONS.bounce_limit, config.bounceLimit),
    ...line(OPTIONS.submit_dir, config.submitDir),
    ...line(OPTIONS.sender_login, config.senderLogin),
    ...line(OPTIONS.submit_max_size, config.submitMaxSize),
    ...line(OPTIONS.submit_max_messages, config.submitMaxMessages),
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
    ...line(OPTIONS.log_privacy, config.logPrivacy),
    ...line(OPTIONS.metrics_file, config.metricsFile),
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
