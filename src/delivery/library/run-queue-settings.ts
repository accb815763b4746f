/**
 * One pass over a queue for a program that keeps its own configuration: mq-run as a function.
 */
import { hasWay } from '../../config/accounts.ts'
import type { Config } from '../../config/config.ts'
import { configFromSettings, type MailqueueSettings } from '../../config/settings.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Complain } from '../../logging/complain.ts'
import { bothLoggers, type Logger } from '../../logging/logger.ts'
import { MaildirQueue } from '../../queue/maildir-queue.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { Transport } from '../../transport/transport.ts'
import { configuredContext, configuredLog, configuredMetrics } from '../configured.ts'
import type { DeliveryContext } from '../context.ts'
import { runQueueOnce, type RunOptions } from '../run-queue.ts'
import type { RunReport } from '../run-report.ts'
import { accountWays } from '../ways.ts'

/** The application is told for so long after a run, in milliseconds. */
const WEBHOOK_TIME = 30_000

/** What may be given besides the settings. */
export interface RunQueueOptions extends Partial<RunOptions> {
  /** Instead of the transport that the settings describe; the caller closes it. */
  readonly transport?: Transport
  /** Instead of what the settings describe. */
  readonly context?: Partial<DeliveryContext>
  /** Takes warnings for people; standard error is not touched when left out. */
  readonly complain?: Complain
}

/**
 * Delivers what is due in a queue, once.
 *
 * @param queueDir absolute path of the queue directory; it is made when it is missing
 * @param settings the keys of mailqueue.conf(5); with `accounts`, each message goes over its own
 * @returns what was done
 * @throws MailError CONFIG_* for wrong settings, QUEUE_* when the queue cannot be used at all
 */
export async function runQueue(
  queueDir: string,
  settings: MailqueueSettings,
  options: RunQueueOptions = {},
): Promise<RunReport> {
  const config = configFromSettings(settings)
  const complain = options.complain ?? (() => undefined)
  const queue = new MaildirQueue(queueDir)
  const metrics = await configuredMetrics(config, queue, complain)
  const log = await configuredLog(config, 'mailqueue', complain)
  if (options.transport === undefined && !config.accounts.some(hasWay))
    throw new MailError('CONFIG_MISSING', 'no smarthost: give smtp_hostname or a transport')
  const given = await configuredContext(config, log, complain, options.context)
  const context = metrics === undefined ? given : { ...given, log: bothLoggers(metrics.log, given.log) }
  try {
    return await runOnce(queueDir, { config, log, complain }, context, options)
  } finally {
    // Those that the application gives are its own.
    if (options.context?.plugins === undefined) await given.plugins.close?.()
    await metrics?.finish(config.metricsFile)
  }
}

interface Means {
  readonly config: Config
  readonly log: Logger
  readonly complain: Complain
}

async function runOnce(
  queueDir: string,
  { config, log, complain }: Means,
  context: DeliveryContext,
  options: RunQueueOptions,
): Promise<RunReport> {
  const { connections, signal, transport } = options
  if (config.submitDir !== undefined && config.queueDir === queueDir) {
    const { takeOverDrops } = await import('../drop/take-over.ts')
    const { problem } = await takeOverDrops({ config, context, signal })
    if (problem !== undefined) complain(`dropped mail waits: ${problem.publicMessage}`)
  }
  const way = transport ?? accountWays(config, context, { connections, complain })
  const store = new MaildirQueue(queueDir)
  const report = await runQueueOnce(store, way, context, {
    ...options,
    connections: connections ?? config.smtp?.connections ?? 1,
  })
  await tellWebhook(config, store, options, log, complain)
  return report
}

/** Hands the reports over that are in the outbox. What the application does not take waits for the next run. */
async function tellWebhook(
  config: Config,
  store: QueueStore,
  { signal }: RunQueueOptions,
  log: Logger,
  complain: Complain,
): Promise<void> {
  if (config.webhook === undefined) return
  const { outboxMeans } = await import('../outbox/configured.ts')
  const { sendOutbox } = await import('../outbox/send.ts')
  const means = outboxMeans(config, store, log)
  const waits = (reason: string): void => complain(`reports for the webhook wait: ${reason}`)
  try {
    const pass = { longest: WEBHOOK_TIME, ...(signal === undefined ? {} : { signal }) }
    const report = means && (await sendOutbox(means, pass))
    if (report?.state === 'failed') waits(report.reason ?? '')
  } catch (error) {
    waits(describeError(error))
  }
}
