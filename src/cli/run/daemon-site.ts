/**
 * What a daemon works with, by the configuration as it is when it is asked for: the queue, the ways of mail, its logs,
 * and what goes on beside the deliveries. Logs in the same places stay open; they find their files again by themselves when
 * these are rotated. Plug-ins that are still configured stay, too.
 */
import { hasWay } from '../../config/accounts.ts'
import type { Config } from '../../config/config.ts'
import { configuredContext, configuredTextLogs, queueIn, type TextLogs } from '../../delivery/configured.ts'
import type { DeliveryContext } from '../../delivery/context.ts'
import type { DaemonCompanion, DaemonSite } from '../../delivery/daemon/daemon.ts'
import type { WatchedIntake } from '../../delivery/daemon/intake.ts'
import type { Metrics } from '../../delivery/metrics/metrics.ts'
import { accountWays } from '../../delivery/ways.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Logger } from '../../logging/logger.ts'
import { nullTransactionLog } from '../../logging/transaction-log.ts'
import type { PluginHooks } from '../../plugins/contract.ts'
import type { QueueStore } from '../../queue/store.ts'
import { daemonPlugins } from './daemon-plugins.ts'
import type { Terminal } from '../exit.ts'
import { queueDirectory } from './configured.ts'
import { openLog, setUp, type Setup } from '../setup.ts'

/** How a daemon is called. */
export interface DaemonCall {
  readonly config?: string | undefined
  readonly verbose: boolean
  /** The queue directory instead of the configured one. */
  readonly queueDir?: string | undefined
  /** Where monitoring programs may ask. */
  readonly listen?: string | undefined
}

/** What stays open as long as it is in the same place. */
interface OpenLogs {
  readonly where: string
  readonly log: Logger
  /** What the log has counted, where somebody wants to know. */
  readonly metrics: Metrics | undefined
  readonly textLogs: TextLogs
}

function whereOf({ config }: Setup, queueDir: string): string {
  const { log, logLevel, logPrivacy, deliveryLog, queueLog, metricsFile } = config
  return JSON.stringify([log, logLevel, logPrivacy, deliveryLog, queueLog, metricsFile, queueDir])
}

async function openLogs(setup: Setup, call: DaemonCall, queueDir: string): Promise<OpenLogs> {
  const { config } = setup
  const where = whereOf(setup, queueDir)
  // The metrics are those of the queue that the daemon works on.
  const plain = await openLog({ ...setup, config: { ...config, metricsFile: undefined } }, call.verbose)
  const counts = config.metricsFile !== undefined || call.listen !== undefined
  const counted = counts
    ? await (await import('../counted-log.ts')).countedLog(setup, plain, queueDir)
    : undefined
  const log = counted?.log ?? plain
  const textLogs = await configuredTextLogs(config, (line) => setup.terminal.complain(line))
  return { where, log, metrics: counted?.metrics, textLogs }
}

/** Where other users leave mail for the queue. */
async function intakesOf(config: Config, context: DeliveryContext): Promise<readonly WatchedIntake[]> {
  if (config.submitDir === undefined) return []
  const { dropIntake } = await import('../../delivery/drop/take-over.ts')
  const intake = dropIntake(config, context)
  return intake === undefined ? [] : [intake]
}

/** The application is told what became of its mail. */
async function tellingOf(
  { config }: Setup,
  log: Logger,
  store: QueueStore,
): Promise<readonly DaemonCompanion[]> {
  if (config.webhook === undefined) return []
  const { outboxMeans } = await import('../../delivery/outbox/configured.ts')
  const { outboxCompanion } = await import('../../delivery/outbox/companion.ts')
  const means = outboxMeans(config, store, log)
  return means === undefined ? [] : [outboxCompanion(means)]
}

async function companionsOf(
  setup: Setup,
  { listen }: DaemonCall,
  { log, metrics }: Pick<OpenLogs, 'log' | 'metrics'>,
  store: QueueStore,
): Promise<readonly DaemonCompanion[]> {
  const telling = await tellingOf(setup, log, store)
  if (metrics === undefined) return telling
  const { metricsCompanion } = await import('./metrics-companion.ts')
  const keeping = metricsCompanion(metrics, setup.config.metricsFile)
  if (listen === undefined) return [...telling, keeping]
  const { openListener } = await import('./open-listener.ts')
  return [...telling, keeping, await openListener(setup, listen, store, metrics)]
}

/** The surroundings of the deliveries. The plug-ins are those of the process, set up last: nothing may be refused then. */
async function contextOf(
  { config, terminal }: Setup,
  { log, textLogs }: OpenLogs,
  plugins: PluginHooks,
): Promise<DeliveryContext> {
  const logs = { deliveryLog: nullTransactionLog, queueLog: nullTransactionLog, ...textLogs }
  return configuredContext(config, log, (line) => terminal.complain(line), { ...logs, plugins })
}

/**
 * Makes a site of the configuration as it is now, each time it is called.
 *
 * @throws MailError CONFIG_*, INPUT_MISSING, USAGE for what the daemon cannot work with
 */
export function siteOpener(terminal: Terminal, call: DaemonCall): () => Promise<DaemonSite> {
  let logs: OpenLogs | undefined
  const plugins = daemonPlugins(terminal)
  return async () => {
    const setup = await setUp(terminal, call)
    const { config } = setup
    const queueDir = queueDirectory(config, call.queueDir)
    if (!config.accounts.some(hasWay))
      throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
    const known = logs?.where === whereOf(setup, queueDir) ? logs : undefined
    const opened = known ?? (await openLogs(setup, call, queueDir))
    const context = await contextOf(setup, opened, await plugins.hooksFor(config))
    logs = opened
    const ways = accountWays(config, context, { complain: (line) => terminal.complain(line) })
    const store = await queueIn(queueDir)
    // What is dropped is for the configured queue.
    const intakes = queueDir === config.queueDir ? await intakesOf(config, context) : []
    const companions = await companionsOf(setup, call, opened, store)
    await plugins.use(config, opened.log)
    return { store, ways, context, rescan: config.rescan, intakes, companions }
  }
}
