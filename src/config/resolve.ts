/**
 * From written values to the frozen {@link Config}: every value is read, every default filled in, and what
 * contradicts itself is refused. Values without a meaning here are checked too, and leave a note.
 */
import { readAccounts, type AccountReading } from './accounts.ts'
import type { Sections } from './account-sections.ts'
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import { webhookSettings } from './webhook-settings.ts'

interface Origin extends AccountReading {
  /** The file that was read; undefined for settings of a program. */
  readonly source: string | undefined
}

/**
 * Builds the configuration.
 *
 * @throws MailError CONFIG_INVALID, naming the place, for a value or a combination that is not valid
 */
export function resolveConfig(sections: Sections, origin: Origin): Config {
  const accounts = readAccounts(sections, origin)
  const [{ name, ...settings }] = accounts
  const { given } = sections
  const sealed = origin.sealed === true
  const queueDir = readGiven(given, OPTIONS.queue_dir)
  const config: Config = {
    source: origin.source,
    account: name,
    accounts,
    sealed,
    ...settings,
    queueDir,
    spool: readOrDefault(given, OPTIONS.spool),
    bounce: readOrDefault(given, OPTIONS.bounce),
    bounceLimit: readOrDefault(given, OPTIONS.bounce_limit),
    postmaster: readGiven(given, OPTIONS.postmaster),
    aliases: readOrDefault(given, OPTIONS.aliases),
    localDomains: readOrDefault(given, OPTIONS.local_domains),
    defaultAlias: readOrDefault(given, OPTIONS.default_alias),
    userForward: readOrDefault(given, OPTIONS.user_forward),
    recipientDelimiter: readGiven(given, OPTIONS.recipient_delimiter),
    mailDialect: readOrDefault(given, OPTIONS.mail_dialect),
    fallbackCharset: readOrDefault(given, OPTIONS.fallback_charset),
    qualifyDomain: readGiven(given, OPTIONS.qualify_domain),
    deliveryLog: readGiven(given, OPTIONS.delivery_log),
    queueLog: readGiven(given, OPTIONS.queue_log),
    log: readGiven(given, OPTIONS.log),
    logLevel: readOrDefault(given, OPTIONS.log_level),
    webhook: webhookSettings(given, { queueDir, sealed }),
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
