/**
 * One pass over a queue as the command line wants it: which directory, what is said, and which exit code. Shared
 * by mq-run, `mq-sendmail -q` and `mq-queue flush`.
 */
import { existsSync } from 'node:fs'
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { hasWay } from '../config/accounts.ts'
import type { Config } from '../config/config.ts'
import { queueIn } from '../delivery/configured.ts'
import { runQueueOnce, type RunOptions } from '../delivery/run-queue.ts'
import type { RunReport } from '../delivery/run-report.ts'
import { accountWays } from '../delivery/ways.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Terminal } from './exit.ts'
import { endingSignal } from './hand-over.ts'
import { namedPath } from './named-path.ts'
import { openContext, openLog, type Setup } from './setup.ts'

/** How a run is made. */
export interface RunCall {
  /** Ignores the schedule. */
  readonly all: boolean
  /** Runs beside another runner. */
  readonly force: boolean
  readonly verbose: boolean
  /** A person waits for it: a smarthost that cannot be used is said too. */
  readonly asked?: boolean
  /** The messages it is about; all when left out. */
  readonly selects?: RunOptions['selects']
}

const COUNTED = ['delivered', 'deferred', 'failed', 'discarded', 'held', 'quarantined', 'recovered'] as const

function summary(report: RunReport): string {
  return COUNTED.filter((name) => report[name] > 0 || name === 'delivered')
    .map((name) => `${report[name]} ${name}`)
    .join(', ')
}

/** What stood in the way; what will pass by itself only when somebody wants to know. */
function troubles({ stopped, accounts }: RunReport, routine: boolean): string[] {
  const missing = accounts.filter((each) => each.missing).map(({ reason }) => `mail waits: ${reason}`)
  const left = 'what was not tried stays in the queue'
  const failed = accounts.filter((each) => !each.missing)
  if (stopped?.scope !== 'account')
    return stopped === undefined ? missing : [...missing, `stopped early: ${stopped.reason}; ${left}`]
  if (routine) return missing
  const isOnly = failed.length === 1 && stopped.account === DEFAULT_ACCOUNT
  return [
    ...missing,
    ...failed.map(({ account, reason }) =>
      isOnly
        ? `stopped early: ${reason}; ${left}`
        : `the account ${account} cannot be used: ${reason}; ${left}`,
    ),
  ]
}

function tell(terminal: Terminal, report: RunReport, { verbose, asked = verbose }: RunCall): ExitCode {
  if (report.busy) {
    if (verbose) terminal.complain('another runner is at work on this queue; --force runs beside it')
    return EX.OK
  }
  if (verbose) terminal.complain(summary(report))
  if (report.quarantined > 0) {
    terminal.complain(
      `${report.quarantined} files that are no queued messages were moved to corrupt/; see the .reason beside each`,
    )
  }
  // Cron mails what is printed: to be told each minute that mail cannot be sent would only fill the queue.
  const routine = !asked && !terminal.interactive
  for (const line of troubles(report, routine)) terminal.complain(line)
  const told = new Set(routine ? [] : report.accounts.map(({ reason }) => reason))
  for (const { reason, isNew } of report.faults) {
    if ((isNew || !routine) && !told.has(reason)) terminal.complain(`mail waits: ${reason}`)
  }
  if (report.unreadable !== undefined) terminal.complain(`a message was passed over: ${report.unreadable}`)
  if (report.failed > 0)
    terminal.complain(
      `${report.failed} messages failed for good and are kept in failed/; see mq-queue list --failed`,
    )
  if (report.failed > 0) return EX.UNAVAILABLE
  const waits = report.deferred > 0 || report.faults.length > 0
  return report.stopped !== undefined || report.unreadable !== undefined || waits ? EX.TEMPFAIL : EX.OK
}

function queueDirectory(config: Config, operand: string | undefined): string {
  if (operand !== undefined) {
    const path = namedPath(operand, 'queue directory')
    // A queue that is configured is made when it is missing; one that is named has to be there.
    if (!existsSync(path))
      throw new MailError('INPUT_MISSING', `the queue directory ${path} does not exist; check the path`)
    return path
  }
  if (config.queueDir === undefined) {
    throw new MailError(
      'CONFIG_MISSING',
      'no queue: name the directory, or set queue_dir in the configuration',
    )
  }
  return config.queueDir
}

/** Runs the queue of the configuration, or the one named. */
export async function runConfiguredQueue(setup: Setup, call: RunCall, operand?: string): Promise<ExitCode> {
  const { config, terminal } = setup
  const queueDir = queueDirectory(config, operand)
  const log = await openLog(setup, call.verbose)
  if (!config.accounts.some(hasWay))
    throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
  const context = await openContext(setup, log)
  const ways = accountWays(config, context, { complain: (line) => terminal.complain(line) })
  const store = await queueIn(queueDir)
  const signal = endingSignal()
  const report = await runQueueOnce(store, ways, context, {
    connections: config.smtp?.connections ?? 1,
    all: call.all,
    force: call.force,
    ...(call.selects === undefined ? {} : { selects: call.selects }),
    signal,
  })
  const exitCode = tell(terminal, report, call)
  if (config.webhook === undefined) return exitCode
  const { tellWebhook } = await import('./run-outbox.ts')
  const { all: now, verbose, asked = verbose } = call
  const talkative = asked || terminal.interactive
  const told = await tellWebhook(config, store, { terminal, log, now, talkative, verbose, signal })
  return exitCode === EX.OK ? told : exitCode
}
