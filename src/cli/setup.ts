/**
 * What every command needs after its arguments are read: the configuration, the logs, the plug-ins, the queue
 * and the transport. Each is made only when it is asked for, so a command pays for nothing it does not use.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { deliveryContext, type DeliveryContext } from '../delivery/context.ts'
import { nullLogger, type Logger } from '../logging/logger.ts'
import { noPlugins } from '../plugins/contract.ts'
import type { QueueStore } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { thisCaller, type Caller } from './identity.ts'
import { dialogueLogger } from './dialogue-logger.ts'
import type { Terminal } from './exit.ts'

/** What the command line says about the set-up. */
export interface SetupOptions {
  /** Configuration file named by an option. */
  readonly config?: string | undefined
  /** Shows the SMTP dialogue and notes on standard error. */
  readonly verbose?: boolean
}

/** The surroundings of a command. */
export interface Setup {
  readonly terminal: Terminal
  readonly caller: Caller
  readonly config: Config
}

/**
 * Loads the configuration.
 *
 * @throws MailError CONFIG_*
 */
export async function setUp(terminal: Terminal, options: SetupOptions): Promise<Setup> {
  const caller = thisCaller(terminal.env)
  const config = await loadConfig({
    file: options.config,
    env: terminal.env,
    home: caller.home,
    identity: caller,
    warn: (line) => terminal.complain(line),
  })
  if (options.verbose === true) for (const note of config.notes) terminal.complain(note)
  return { terminal, caller, config }
}

/** The structured log: to the configured place, or the dialogue to standard error when asked to be verbose. */
export async function openLog(setup: Setup, verbose = false): Promise<Logger> {
  const { config, terminal } = setup
  if (verbose) return dialogueLogger(terminal)
  if (config.log === undefined) return nullLogger
  const { createLogger } = await import('../logging/pino-logger.ts')
  return createLogger({
    log: config.log,
    level: config.logLevel,
    program: terminal.program,
    complain: (line) => terminal.complain(line),
  })
}

/** Logs, plug-ins and the retry policy, as configured. */
export async function openContext(setup: Setup, log: Logger): Promise<DeliveryContext> {
  const { config, terminal } = setup
  const complain = (line: string): void => terminal.complain(line)
  const base = deliveryContext({ log, policy: { retry: config.retry, expire: config.expire } })
  const { deliveryLog, queueLog } = await openTextLogs(config, complain)
  if (config.plugins.length === 0) return { ...base, deliveryLog, queueLog, plugins: noPlugins }
  const { loadPlugins } = await import('../plugins/loader.ts')
  const baseDirectory = config.source === undefined ? process.cwd() : dirname(config.source)
  const plugins = await loadPlugins(config.plugins, { baseDirectory, log, complain })
  return { ...base, deliveryLog, queueLog, plugins }
}

async function openTextLogs(
  config: Config,
  complain: (line: string) => void,
): Promise<Pick<DeliveryContext, 'deliveryLog' | 'queueLog'>> {
  const none = deliveryContext()
  if (config.deliveryLog === undefined && config.queueLog === undefined) return none
  const { createTransactionLog } = await import('../logging/transaction-log.ts')
  return {
    deliveryLog:
      config.deliveryLog === undefined
        ? none.deliveryLog
        : createTransactionLog(config.deliveryLog, complain),
    queueLog: config.queueLog === undefined ? none.queueLog : createTransactionLog(config.queueLog, complain),
  }
}

/** The queue in a directory. */
export async function openQueue(queueDir: string): Promise<QueueStore> {
  const { MaildirQueue } = await import('../queue/maildir-queue.ts')
  return new MaildirQueue(queueDir)
}

/** The transport to the configured smarthost; undefined when there is none. */
export async function openTransport(config: Config, log: Logger): Promise<Transport | undefined> {
  if (config.smtp === undefined) return undefined
  const { SmtpTransport } = await import('../transport/smtp.ts')
  return new SmtpTransport(config.smtp, log)
}

/** Where a large message is kept while it is read: on the disk of the queue rather than in a /tmp in memory. */
export function spillDirectory({ queueDir }: Config): string {
  const inQueue = queueDir === undefined ? undefined : join(queueDir, 'tmp')
  return inQueue !== undefined && existsSync(inQueue) ? inQueue : tmpdir()
}
