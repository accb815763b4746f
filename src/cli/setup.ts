/**
 * What every command needs after its arguments are read: the configuration, the log and the surroundings of a
 * delivery, with complaints going to standard error.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { loadConfig, type ConfigOverride } from '../config/load.ts'
import { configuredContext, configuredLog, configuredTransport } from '../delivery/configured.ts'
import type { DeliveryContext } from '../delivery/context.ts'
import { bothLoggers, type Logger } from '../logging/logger.ts'
import type { Transport } from '../transport/transport.ts'
import { dialogueLogger } from './dialogue-logger.ts'
import { atTheEnd } from '../util/unfinished.ts'
import type { Terminal } from './exit.ts'
import { thisCaller, type Caller } from './identity.ts'

/** What the command line says about the set-up. */
export interface SetupOptions {
  /** Configuration file named by an option. */
  readonly config?: string | undefined
  /** Shows the SMTP dialogue and notes on standard error. */
  readonly verbose?: boolean
  /** Values of the configuration that options replace. */
  readonly overrides?: readonly ConfigOverride[]
  /** The account that is named; what `overrides` say about a server is for this one, or else for `default`. */
  readonly account?: string | undefined
  /** A server that is named instead of a configuration. */
  readonly host?: string | undefined
  /** The command only hands in mail: without the right to read a file with secrets it still can be queued. */
  readonly handsIn?: boolean
  /** What the log calls the program. */
  readonly logName?: string | undefined
}

/** The surroundings of a command. */
export interface Setup {
  readonly terminal: Terminal
  readonly caller: Caller
  readonly config: Config
  /** What the log calls the program. */
  readonly logName: string
  /** The account that the call names. */
  readonly account?: string | undefined
  /** Options of the configuration that the call replaces; none when left out. */
  readonly overridden?: ReadonlySet<string> | undefined
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
    complain: (line) => terminal.complain(line),
    host: options.host,
    account: options.account,
    overrides: options.overrides ?? [],
    sealed: options.handsIn === true ? 'queue' : 'refuse',
  })
  if (options.verbose === true) for (const note of config.notes) terminal.complain(note)
  const overridden = new Set<string>((options.overrides ?? []).map(({ key }) => key))
  if (options.host !== undefined) overridden.add('smtp_hostname')
  return {
    terminal,
    caller,
    config,
    logName: options.logName ?? terminal.program,
    overridden: overridden.size === 0 ? undefined : overridden,
  }
}

/**
 * The structured log in the configured place, and the dialogue on standard error when asked to be verbose. Where there are
 * metrics, it counts for them.
 */
export async function openLog(setup: Setup, verbose = false): Promise<Logger> {
  const { config, terminal, logName } = setup
  const log = await configuredLog(config, logName, (line) => terminal.complain(line))
  const all = verbose ? bothLoggers(dialogueLogger(terminal), log) : log
  const { metricsFile, queueDir } = config
  if (metricsFile === undefined || queueDir === undefined) return all
  const { countedLog } = await import('./counted-log.ts')
  return (await countedLog(setup, all, queueDir)).log
}

/** Where mail goes, as configured; undefined when it cannot be sent. */
export async function openTransport(
  { config, terminal }: Setup,
  log: Logger,
): Promise<Transport | undefined> {
  return configuredTransport(config, log, (line) => terminal.complain(line))
}

/** Logs, plug-ins and the retry policy, as configured. The plug-ins are ended with the process. */
export async function openContext({ config, terminal }: Setup, log: Logger): Promise<DeliveryContext> {
  const context = await configuredContext(config, log, (line) => terminal.complain(line))
  const { plugins } = context
  if (plugins.close !== undefined) atTheEnd(() => plugins.close?.())
  return context
}

/** Where a large message is kept while it is read: on the disk of the queue rather than in a /tmp in memory. */
export function spillDirectory({ queueDir }: Config): string {
  const inQueue = queueDir === undefined ? undefined : join(queueDir, 'tmp')
  return inQueue !== undefined && existsSync(inQueue) ? inQueue : tmpdir()
}
