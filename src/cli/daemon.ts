/**
 * `mq-run --daemon`: what signals and the configuration mean for a daemon. It stays in the foreground, for a supervisor
 * to look after. SIGTERM and SIGINT end it, a second one at once; SIGHUP has it read its configuration anew; SIGUSR1 has
 * it try everything that waits.
 */
import type { Config } from '../config/config.ts'
import { hasWay } from '../config/accounts.ts'
import { queueIn } from '../delivery/configured.ts'
import type { DeliveryContext } from '../delivery/context.ts'
import { runDaemon, type DaemonSite } from '../delivery/daemon.ts'
import type { WatchedIntake } from '../delivery/daemon-intake.ts'
import { DaemonWishes } from '../delivery/daemon-wishes.ts'
import { accountWays } from '../delivery/ways.ts'
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Logger } from '../logging/logger.ts'
import { handleFaults, type Terminal } from './exit.ts'
import { queueDirectory } from './run-configured.ts'
import { openContext, openLog, setUp } from './setup.ts'

/** How a daemon is called. */
export interface DaemonCall {
  readonly config?: string | undefined
  readonly verbose: boolean
  /** The queue directory instead of the configured one. */
  readonly queueDir?: string | undefined
}

/** Open logs, which find their files again by themselves when these are rotated. */
interface OpenLogs {
  readonly where: string
  readonly log: Logger
  readonly context: DeliveryContext
}

const whereOf = ({ log, logLevel, logPrivacy, deliveryLog, queueLog }: Config): string =>
  JSON.stringify([log, logLevel, logPrivacy, deliveryLog, queueLog])

/** Makes a site of the configuration as it is now; logs in the same places stay open. */
function siteOpener(terminal: Terminal, call: DaemonCall): () => Promise<DaemonSite> {
  let logs: OpenLogs | undefined
  return async () => {
    const setup = await setUp(terminal, call)
    const { config } = setup
    const queueDir = queueDirectory(config, call.queueDir)
    if (!config.accounts.some(hasWay))
      throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
    const where = whereOf(config)
    const known = logs?.where === where ? logs : undefined
    const log = known?.log ?? (await openLog(setup, call.verbose))
    const opened = await openContext(setup, log)
    const { deliveryLog, queueLog } = known?.context ?? opened
    const context = { ...opened, deliveryLog, queueLog }
    logs = { where, log, context }
    const ways = accountWays(config, context, { complain: (line) => terminal.complain(line) })
    const intakes = await intakesOf({ ...config, queueDir }, context)
    return { store: await queueIn(queueDir), ways, context, rescan: config.rescan, intakes }
  }
}

/** Where other users leave mail for the queue. */
async function intakesOf(config: Config, context: DeliveryContext): Promise<readonly WatchedIntake[]> {
  if (config.submitDir === undefined) return []
  const { dropIntake } = await import('../delivery/drop-take-over.ts')
  const intake = dropIntake(config, context)
  return intake === undefined ? [] : [intake]
}

/** A signal that fires when the process is asked to end; asked again, it ends at once. */
function endingSignal(terminal: Terminal): AbortController {
  const stopper = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stopper.signal.aborted) {
        terminal.complain('ended at once; what was under way stays claimed until the queue is run again')
        process.exit(EX.TEMPFAIL)
      }
      stopper.abort()
    })
  }
  return stopper
}

/**
 * Runs until a signal ends it.
 *
 * @throws MailError CONFIG_*, INPUT_MISSING or QUEUE_DENIED when it cannot begin
 */
export async function runAsDaemon(terminal: Terminal, call: DaemonCall): Promise<ExitCode> {
  const wishes = new DaemonWishes()
  // Before anything takes time: a signal must not end a process that has claims.
  const stopper = endingSignal(terminal)
  process.on('SIGHUP', () => wishes.ask('reload'))
  process.on('SIGUSR1', () => wishes.ask('run-now'))
  let exitCode: ExitCode = EX.OK
  handleFaults((error) => {
    if (exitCode !== EX.OK) return
    exitCode = EX.TEMPFAIL
    terminal.complain(`internal error: ${describeError(error)}; claims are given back; please report it`)
    stopper.abort()
  })
  const reopen = siteOpener(terminal, call)
  const complain = (line: string): void => terminal.complain(line)
  await runDaemon({ site: await reopen(), reopen, wishes, signal: stopper.signal, complain })
  return exitCode
}
