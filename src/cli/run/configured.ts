/**
 * One pass over a queue as the command line wants it: which directory, what is said, and which exit code. Shared
 * by mq-run, `mq-sendmail -q` and `mq-queue flush`.
 */
import { existsSync } from 'node:fs'
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import { hasWay } from '../../config/accounts.ts'
import type { Config } from '../../config/config.ts'
import { queueIn } from '../../delivery/configured.ts'
import type { DeliveryContext } from '../../delivery/context.ts'
import { runQueueOnce, type RunOptions } from '../../delivery/run-queue.ts'
import type { RunReport } from '../../delivery/run-report.ts'
import { accountWays } from '../../delivery/ways.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { QueueEntry, QueueStore } from '../../queue/store.ts'
import type { Terminal } from '../exit.ts'
import { endingSignal } from '../hand-over.ts'
import { namedPath } from '../named-path.ts'
import type { RunProgress } from './progress.ts'
import type { DueCall, Selection } from './selection.ts'
import { openContext, openLog, type Setup } from '../setup.ts'

/** How a run is made. */
export interface RunCall {
  /** Ignores the schedule. */
  readonly all: boolean
  /** Runs beside another runner. */
  readonly force: boolean
  readonly verbose: boolean
  /** A summary is said in the end, although nobody looks on. */
  readonly summed?: boolean
  /** A person waits for it: a smarthost that cannot be used is said too. */
  readonly asked?: boolean
  /** The messages it is about; all when left out. */
  readonly selects?: RunOptions['selects']
  /** What mq-run is limited to. */
  readonly selection?: Selection
}

const COUNTED = ['delivered', 'deferred', 'failed', 'discarded', 'held', 'quarantined', 'recovered'] as const

function summary(report: RunReport): string {
  const counts = COUNTED.filter((name) => report[name] > 0 || name === 'delivered')
    .map((name) => `${report[name]} ${name}`)
    .join(', ')
  return report.deferred > 0 ? `${counts}; mq-queue list says why` : counts
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

function tell(terminal: Terminal, report: RunReport, call: RunCall): ExitCode {
  const { verbose, asked = verbose } = call
  const watched = verbose || terminal.interactive
  if (report.busy) {
    if (watched) terminal.complain('another runner is at work on this queue; --force runs beside it')
    return EX.OK
  }
  // Who asked for it has to be told of what it left undone; cron has not.
  if (watched || call.summed === true || (asked && report.deferred > 0)) terminal.complain(summary(report))
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

/**
 * The queue that a call is about.
 *
 * @throws MailError INPUT_MISSING, CONFIG_MISSING
 */
export function queueDirectory(config: Config, operand: string | undefined): string {
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

/** Takes over what users dropped for this queue. @returns why that was not possible */
async function takeOver(
  config: Config,
  context: DeliveryContext,
  queueDir: string,
): Promise<MailError | undefined> {
  if (config.submitDir === undefined || config.queueDir !== queueDir) return undefined
  const { takeOverDrops } = await import('../../delivery/drop/take-over.ts')
  return (await takeOverDrops({ config, context, signal: endingSignal() })).problem
}

/** Runs the queue of the configuration, or the one named. */
export async function runConfiguredQueue(setup: Setup, call: RunCall, operand?: string): Promise<ExitCode> {
  const { config, terminal } = setup
  const queueDir = queueDirectory(config, operand)
  // The metrics are those of the configured queue.
  const isOther = queueDir !== config.queueDir
  const counted = isOther ? { ...setup, config: { ...config, metricsFile: undefined } } : setup
  const log = await openLog(counted, call.verbose)
  if (!config.accounts.some(hasWay))
    throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
  const context = await openContext(setup, log)
  const store = await queueIn(queueDir)
  const { selection } = call
  if (selection?.dryRun === true) return tellDue(terminal, store, { policy: context.policy, ...call })
  const intake = await takeOver(config, context, queueDir)
  const unknown = await tellUnknownIds(terminal, store, selection)
  const ways = accountWays(config, context, { complain: (line) => terminal.complain(line) })
  const inTime = withinTime(selection?.maxTime)
  const progress = await progressOf(setup, store, context, call)
  const signal = inTime.signal
  const report = await runQueueOnce(store, ways, context, {
    connections: config.smtp?.connections ?? 1,
    all: call.all,
    force: call.force,
    ...runLimits(store, call),
    ...(progress && { progress: (so) => progress.update(so) }),
    signal,
  }).finally(() => inTime.clear())
  const isLong = progress?.end() === true
  if (inTime.isOver && report.stopped?.scope === 'caller') report.stopped = undefined
  const told = tell(terminal, report, isLong ? { ...call, summed: true } : call)
  if (intake !== undefined) terminal.complain(`dropped mail waits: ${intake.publicMessage}`)
  const exitCode = firstFailure(told, intake?.exitCode ?? EX.OK, unknown)
  if (config.webhook === undefined) return exitCode
  const { tellWebhook } = await import('./outbox.ts')
  const { all: now, verbose, asked = verbose } = call
  const talkative = asked || terminal.interactive
  const ended = await tellWebhook(config, store, { terminal, log, now, talkative, verbose, signal })
  return firstFailure(exitCode, ended)
}

const firstFailure = (...codes: readonly ExitCode[]): ExitCode =>
  codes.find((code) => code !== EX.OK) ?? EX.OK

async function tellUnknownIds(
  terminal: Terminal,
  store: QueueStore,
  selection: Selection | undefined,
): Promise<ExitCode> {
  const ids = selection?.ids
  if (ids === undefined) return EX.OK
  const { tellUnknown } = await import('./selection.ts')
  return tellUnknown(terminal, store, ids)
}

/** Prints what a run would try. */
async function tellDue(
  terminal: Terminal,
  store: QueueStore,
  { policy, all, selection }: DueCall & RunCall,
): Promise<ExitCode> {
  const { dueNow } = await import('./selection.ts')
  if (selection === undefined) return EX.OK
  for await (const id of dueNow(store, { policy, all }, selection)) terminal.print(`${id} would be tried\n`)
  return tellUnknownIds(terminal, store, selection)
}

function runLimits(
  store: QueueStore,
  { selects, selection }: RunCall,
): Pick<RunOptions, 'selects' | 'limit'> {
  const { selects: chosen, limit } = selection ?? {}
  const both = selects ?? (chosen && ((entry: QueueEntry) => chosen(store, entry)))
  return { ...(both && { selects: both }), ...(limit === undefined ? {} : { limit }) }
}

/** Whoever looks on sees how far a long run is; what it is about is counted where its names tell. */
async function progressOf(
  { terminal }: Setup,
  store: QueueStore,
  { policy }: DeliveryContext,
  { verbose, all, selects, selection }: RunCall,
): Promise<RunProgress | undefined> {
  if (!terminal.shown || verbose || !existsSync(store.name)) return undefined
  const { countDue, showProgress } = await import('./progress.ts')
  const isAll = selects === undefined && selection?.selects === undefined
  const due = isAll ? await countDue(store, policy, all) : undefined
  return showProgress(terminal, due === undefined ? undefined : Math.min(due, selection?.limit ?? due))
}

/** The signal that ends a run: somebody asks for it, or its time is over. */
function withinTime(maxTime: number | undefined): {
  readonly signal: AbortSignal
  readonly isOver: boolean
  clear(): void
} {
  const asked = endingSignal()
  if (maxTime === undefined) return { signal: asked, isOver: false, clear: () => undefined }
  const time = new AbortController()
  const timer = setTimeout(() => time.abort(), maxTime)
  return {
    signal: AbortSignal.any([asked, time.signal]),
    get isOver() {
      return time.signal.aborted && !asked.aborted
    },
    clear: () => clearTimeout(timer),
  }
}
