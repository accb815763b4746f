/**
 * The parts of a delivery as a configuration asks for them: logs, plug-ins, queue and transport. Each is loaded
 * only when it is configured.
 */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AccountSettings, Config, SmtpSettings } from '../config/config.ts'
import { describeError, errnoOf } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { Complain } from '../logging/complain.ts'
import { nullLogger, type Logger } from '../logging/logger.ts'
import { FULL_VIEW, type Privacy } from '../logging/privacy.ts'
import { noPlugins, type PluginHooks } from '../plugins/contract.ts'
import type { PluginContext } from '../plugins/loader.ts'
import type { QueueStore } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { lateSmtp } from '../transport/late-smtp.ts'
import { systemClock } from '../util/clock.ts'
import { hostName } from '../util/host-name.ts'
import { mailDomain } from '../util/mail-domain.ts'
import { deliveryContext, type DeliveryContext } from './context.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { ReportPractice } from './report/practice.ts'
import type { RetryPolicy } from './schedule.ts'

/** The logs in the format of mailqueue-runner. */
export type TextLogs = Partial<Pick<DeliveryContext, 'deliveryLog' | 'queueLog'>>

/** The structured log; the null logger when none is configured. */
export async function configuredLog(config: Config, program: string, complain: Complain): Promise<Logger> {
  if (config.log === undefined) return nullLogger
  const { createLogger } = await import('../logging/pino-logger.ts')
  const privacy = await configuredPrivacy(config, complain)
  return createLogger({ log: config.log, level: config.logLevel, program, complain, privacy })
}

/** What counts for the metrics of a queue; undefined when none are configured. */
export async function configuredMetrics(
  config: Config,
  queue: QueueStore,
  complain: Complain,
): Promise<Metrics | undefined> {
  if (config.metricsFile === undefined) return undefined
  const { openMetrics } = await import('./metrics/metrics.ts')
  return openMetrics({ queue, config, clock: systemClock, complain })
}

/** What the logs hide. Who may not read the key of the marks gets none: all addresses look the same then. */
export async function configuredPrivacy(
  { logPrivacy, queueDir }: Config,
  complain: Complain,
): Promise<Privacy> {
  if (logPrivacy === 'full') return FULL_VIEW
  const { createPrivacy } = await import('../logging/hiding.ts')
  if (logPrivacy === 'domain' || queueDir === undefined) return createPrivacy(logPrivacy)
  const { logKey } = await import('../queue/notes/log-key.ts')
  try {
    return createPrivacy(logPrivacy, await logKey(queueDir))
  } catch (error) {
    const isOthers = error instanceof MailError && errnoOf(error.cause) === 'EACCES'
    if (!isOthers)
      complain(`log_privacy = hash has no key, so all addresses are hidden: ${describeError(error)}`)
    return createPrivacy(logPrivacy)
  }
}

/** What plug-ins are loaded with. */
export function pluginContext({ source }: Config, log: Logger, complain: Complain): PluginContext {
  return { baseDirectory: source === undefined ? process.cwd() : dirname(source), log, complain }
}

async function configuredPlugins(config: Config, log: Logger, complain: Complain): Promise<PluginHooks> {
  if (config.plugins.length === 0) return noPlugins
  const { loadPlugins } = await import('../plugins/loader.ts')
  return loadPlugins(config.plugins, pluginContext(config, log, complain))
}

/** `delivery_log` and `queue_log`; nothing of one that is not configured. */
export async function configuredTextLogs(config: Config, complain: Complain): Promise<TextLogs> {
  if (config.deliveryLog === undefined && config.queueLog === undefined) return {}
  const { createTransactionLog } = await import('../logging/transaction-log.ts')
  const privacy = await configuredPrivacy(config, complain)
  const open = (path: string) => createTransactionLog(path, complain, privacy)
  return {
    ...(config.deliveryLog === undefined ? {} : { deliveryLog: open(config.deliveryLog) }),
    ...(config.queueLog === undefined ? {} : { queueLog: open(config.queueLog) }),
  }
}

function configuredPolicy({ retry, expire, bounceExpire, inDoubt }: AccountSettings): RetryPolicy {
  return { retry, expire, bounceExpire, inDoubt }
}

function configuredReports(config: Config): ReportPractice {
  const { bounce, postmaster, delayNotice, bounceLimit: limit, qualifyDomain } = config
  return {
    bounce,
    limit,
    // Only looked up by whoever makes a report.
    get host() {
      return hostName()
    },
    get domain() {
      return mailDomain(qualifyDomain)
    },
    ...(postmaster === undefined ? {} : { postmaster }),
    ...(delayNotice === undefined ? {} : { delayNotice }),
  }
}

/** When a file was written last. */
function changeOf(path: string | undefined): number | undefined {
  try {
    return path === undefined ? undefined : statSync(path).mtimeMs
  } catch {
    return undefined
  }
}

/**
 * Retry policy, logs and plug-ins. Never rejects: what cannot be opened is complained about and left out.
 *
 * @param given what is there already, instead of what is configured; whoever leaves `plugins` out closes those of the result
 */
export async function configuredContext(
  config: Config,
  log: Logger,
  complain: Complain,
  given: Partial<DeliveryContext> = {},
): Promise<DeliveryContext> {
  const { webhook } = config
  const isLogged = given.deliveryLog !== undefined && given.queueLog !== undefined
  return deliveryContext({
    log,
    policy: configuredPolicy(config),
    reports: configuredReports(config),
    changedAt: () => changeOf(config.source),
    ...(given.plugins === undefined && { plugins: await configuredPlugins(config, log, complain) }),
    ...(webhook && { webhook: { events: new Set(webhook.events), complain } }),
    ...(!isLogged && (await configuredTextLogs(config, complain))),
    ...given,
  })
}

/** The surroundings of a delivery over an account other than the usual one. */
export function contextOver(base: DeliveryContext, config: Config): DeliveryContext {
  return { ...base, policy: configuredPolicy(config), reports: configuredReports(config) }
}

/** The queue in a directory. */
export async function queueIn(queueDir: string): Promise<QueueStore> {
  const { MaildirQueue } = await import('../queue/maildir-queue.ts')
  return new MaildirQueue(queueDir)
}

/**
 * The transport to where mail goes: the configured smarthost, or what `deliver` names; undefined when there is none.
 * It keeps the limits of its account.
 *
 * @param complain is told of a key that others can read
 */
export async function configuredTransport(
  config: Pick<Config, 'account' | 'deliver' | 'pipeTimeout' | 'smtp' | 'queueDir'>,
  log: Logger,
  complain?: Complain,
): Promise<Transport | undefined> {
  const { account, deliver, smtp, queueDir } = config
  if (deliver.to !== 'smtp') {
    const { localTransport } = await import('./local-transport.ts')
    return localTransport(config, log)
  }
  if (smtp === undefined) return undefined
  const transport = await limitedTransport(lateSmtp(smtp, log), smtp, { account, queueDir, log })
  if (smtp.dkim === undefined) return transport
  const { signing } = await import('./signing-transport.ts')
  return signing(transport, smtp.dkim, log, complain)
}

/** The transport, within the limits of its account. */
async function limitedTransport(
  transport: Transport,
  smtp: SmtpSettings,
  { account, queueDir, log }: Pick<Config, 'account' | 'queueDir'> & { readonly log: Logger },
): Promise<Transport> {
  if (smtp.limits === undefined || queueDir === undefined) return transport
  const { withinLimits } = await import('./account/rate-limit.ts')
  const queue = () => queueIn(queueDir)
  return withinLimits(transport, smtp, { account, queue, clock: systemClock, log })
}
