/**
 * From written values to the frozen {@link Config}: every value is read, every default filled in, and what
 * contradicts itself is refused. Values without a meaning here are checked too, and leave a note.
 */
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { headerSettings } from './header-settings.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'
import { expandSender, type Identity } from './sender-template.ts'
import { smtpSettings } from './smtp-settings.ts'

/** How long an interactive submission may take until the body starts, unless anything else is configured. */
const SUBMIT_TIMEOUT = 30_000

interface Origin {
  /** The file that was read; undefined for settings of a program. */
  readonly source: string | undefined
  /** Undefined where `%U`, `%H` and `%F` have no value. */
  readonly identity: Identity | undefined
}

/**
 * Builds the configuration.
 *
 * @throws MailError CONFIG_INVALID, naming the place, for a value or a combination that is not valid
 */
export function resolveConfig(given: GivenValues, origin: Origin): Config {
  // Also those that nothing below asks for, so that a mistake in them does not wait for a smarthost.
  for (const option of Object.values<Option<unknown>>(OPTIONS)) readGiven(given, option)
  const from = readGiven(given, OPTIONS.from)
  const sender =
    from === undefined ? undefined : expandSender(from, origin.identity, given.get('from')?.where ?? 'from')
  const deliver = readOrDefault(given, OPTIONS.deliver)
  // Also where it is not used, so that a mistake in it is told.
  const smtp = smtpSettings(given)
  const config: Config = {
    source: origin.source,
    deliver,
    pipeTimeout: readOrDefault(given, OPTIONS.timeout_dot),
    // What must not be used cannot be used where it is not there.
    smtp: deliver.to === 'smtp' ? smtp : undefined,
    queueDir: readGiven(given, OPTIONS.queue_dir),
    from: sender,
    spool: readOrDefault(given, OPTIONS.spool),
    retry: readOrDefault(given, OPTIONS.retry),
    expire: readOrDefault(given, OPTIONS.expire),
    inDoubt: readOrDefault(given, OPTIONS.in_doubt),
    bounce: readOrDefault(given, OPTIONS.bounce),
    bounceExpire: readOrDefault(given, OPTIONS.bounce_expire),
    bounceLimit: readOrDefault(given, OPTIONS.bounce_limit),
    postmaster: readGiven(given, OPTIONS.postmaster),
    delayNotice: readGiven(given, OPTIONS.delay_notice),
    submitTimeout:
      readGiven(given, OPTIONS.submit_timeout) ?? readGiven(given, OPTIONS.smtp_timeout) ?? SUBMIT_TIMEOUT,
    aliases: readOrDefault(given, OPTIONS.aliases),
    localDomains: readOrDefault(given, OPTIONS.local_domains),
    defaultAlias: readOrDefault(given, OPTIONS.default_alias),
    userForward: readOrDefault(given, OPTIONS.user_forward),
    recipientDelimiter: readGiven(given, OPTIONS.recipient_delimiter),
    mailDialect: readOrDefault(given, OPTIONS.mail_dialect),
    fallbackCharset: readOrDefault(given, OPTIONS.fallback_charset),
    qualifyDomain: readGiven(given, OPTIONS.qualify_domain),
    headers: headerSettings(given, sender),
    deliveryLog: readGiven(given, OPTIONS.delivery_log),
    queueLog: readGiven(given, OPTIONS.queue_log),
    log: readGiven(given, OPTIONS.log),
    logLevel: readOrDefault(given, OPTIONS.log_level),
    plugins: plugins(given),
    notes: Object.freeze(notes(given)),
  }
  refuseQueueless(config, given.get(OPTIONS.spool.name)?.where ?? 'configuration')
  return Object.freeze(config)
}

function refuseQueueless(config: Config, where: string): void {
  if (config.spool === 'fallback' || config.queueDir !== undefined) return
  throw configInvalid(where, `spool = ${config.spool} needs a queue; add queue_dir, or remove spool`)
}

/** In mailqueue-runner the lone `*` means all plug-ins that are installed, which Node.js packages cannot tell. */
const ALL_PLUGINS = /(?:^|\/)\*$/

function plugins(given: GivenValues): readonly string[] {
  return Object.freeze(readOrDefault(given, OPTIONS.plugins).filter((word) => !ALL_PLUGINS.test(word)))
}

function notes(given: GivenValues): string[] {
  const found: string[] = []
  for (const option of [OPTIONS.logging_conf, OPTIONS.logging_config]) {
    if (readGiven(given, option) === undefined) continue
    const where = given.get(option.name)?.where ?? 'configuration'
    found.push(
      `${where}: ${option.name} names a logging file for Python and has no effect; use log and log_level`,
    )
  }
  const modules = readGiven(given, OPTIONS.plugins)
  if (modules?.some((word) => ALL_PLUGINS.test(word)) === true) {
    const where = given.get(OPTIONS.plugins.name)?.where ?? 'configuration'
    found.push(
      `${where}: "*" in plugins has no effect; name the modules or a pattern such as ./plugins/*.mjs`,
    )
  }
  return found
}
