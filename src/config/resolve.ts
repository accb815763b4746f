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
    rescan: readOrDefault(given, OPTIONS.rescan),
    spool: readOrDefault(given, OPTIONS.spool),
    submitDir: readGiven(given, OPTIONS.submit_dir),
    senderLogin: readOrDefault(given, OPTIONS.sender_login),
    submitMaxSize: readOrDefault(given, OPTIONS.submit_max_size),
    submitMaxMessages: readOrDefault(given, OPTIONS.submit_max_messages),
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
    logPrivacy: readOrDefault(given, OPTIONS.log_privacy),
    metricsFile: readGiven(given, OPTIONS.metrics_file),
    webhook: webhookSettings(given, { queueDir, sealed }),
    plugins: plugins(given),
    notes: Object.freeze(notes(given)),
  }
  refuseQueueless(config, given)
  return Object.freeze(config)
}

function refuseQueueless({ spool, submitDir, queueDir }: Config, given: GivenValues): void {
  const whereOf = (name: string): string => given.get(name)?.where ?? 'configuration'
  if (queueDir === undefined && spool !== 'fallback') {
    const remedy = 'add queue_dir, or remove spool'
    throw configInvalid(whereOf(OPTIONS.spool.name), `spool = ${spool} needs a queue; ${remedy}`)
  }
  if (submitDir === undefined) return
  const where = whereOf(OPTIONS.submit_dir.name)
  if (queueDir === undefined)
    throw configInvalid(where, 'submit_dir needs a queue that its mail goes to; add queue_dir')
  if (isInside(submitDir, queueDir) || isInside(queueDir, submitDir))
    throw configInvalid(where, 'submit_dir and queue_dir cannot lie in each other; choose another path')
}

const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

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
  if (readOrDefault(given, OPTIONS.log_privacy) === 'hash' && !given.has(OPTIONS.queue_dir.name)) {
    const where = given.get(OPTIONS.log_privacy.name)?.where ?? 'configuration'
    found.push(
      `${where}: log_privacy = hash keeps its key in the queue; without queue_dir all addresses look the same`,
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
