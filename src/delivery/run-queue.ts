/**
 * One pass over the queue: recover what dead runners left, then deliver everything that is due, then end. Any
 * number of runs may work on one queue; each message goes to exactly one of them.
 *
 * The run ends early, with everything it has not tried left as it was, when the smarthost cannot be used, when
 * the queue cannot be written, when its lease is lost, or when it is asked to stop.
 */
import { setMaxListeners } from 'node:events'
import { describeError, errnoOf } from '../errors/errno.ts'
import type { QueueEntry, QueueStore, Runner } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { attemptClaim, SENDING_SUSPENDED, type Stop } from './attempt.ts'
import type { DeliveryContext } from './context.ts'
import { guardAccount } from './account-guard.ts'
import { noteLastRun } from './last-run.ts'
import { dueWindows, type Selection } from './due-window.ts'
import { recoverQueue } from './recovery.ts'
import { isDue } from './schedule.ts'
import { readSuspended } from './suspension.ts'
import { countAttempt, newReport, type RunReport } from './run-report.ts'

/** Removals become durable at least this often, in milliseconds. */
const FLUSH_INTERVAL = 1000

/** How a run is made. */
export interface RunOptions {
  /** Messages in flight at the same time. */
  readonly connections: number
  /** Ignores the schedule. */
  readonly all?: boolean
  /** Runs beside another runner. */
  readonly force?: boolean
  /** The messages the run is about; all when left out. */
  readonly selects?: (entry: QueueEntry) => boolean | Promise<boolean>
  /** Asks the run to stop. */
  readonly signal?: AbortSignal
}

/** The state of one run. */
interface Run {
  readonly store: QueueStore
  readonly runner: Runner
  readonly transport: Transport
  readonly context: DeliveryContext
  readonly options: RunOptions
  readonly report: RunReport
  /** Messages in a row that could not be read. */
  unreadable: number
  /** Messages in a row at which the server ended the session. */
  cutShort: number
}

function mustStop({ report, options, runner }: Run): boolean {
  if (report.stopped !== undefined) return true
  if (options.signal?.aborted === true) report.stopped = { scope: 'caller', reason: 'asked to stop' }
  else if (runner.lost) report.stopped = { scope: 'host', reason: 'the lease of this runner was lost' }
  return report.stopped !== undefined
}

/** One message may have made the server end the session, and must not hold up the others; two in a row are the server. */
function stopAfter(run: Run, stop: Stop | undefined): void {
  run.cutShort = stop === undefined ? 0 : run.cutShort + 1
  if (stop === undefined || (!stop.certain && run.cutShort < 2)) return
  run.report.stopped ??= { scope: stop.scope, reason: stop.reason }
}

async function deliverEntry(run: Run, entry: QueueEntry): Promise<void> {
  const { store, runner, transport, context, options, report } = run
  if (options.selects !== undefined && !(await options.selects(entry))) return
  const result = await runner.claim(entry)
  if (result.kind === 'gone' || result.kind === 'busy') return
  if (result.kind === 'quarantined') {
    report.quarantined += 1
    context.log.error('queue.quarantined', { ...result.file })
    return
  }
  const delivering = { queue: store, claim: result.claim, transport, context }
  const attempt = await attemptClaim(delivering, { signal: options.signal, awaitReply: true })
  countAttempt(report, attempt)
  stopAfter(run, attempt.stop)
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? (error.cause ?? error) : error)

/** A queue that fails stops the run; what is in flight elsewhere still comes to its end. */
async function deliverSafely(run: Run, entry: QueueEntry): Promise<void> {
  try {
    await deliverEntry(run, entry)
    run.unreadable = 0
  } catch (error) {
    // One bad spot on the disk must not hold up all other mail; two in a row are the disk.
    run.unreadable += 1
    if (errnoOf(causeOf(error)) === 'EIO' && run.unreadable === 1) {
      run.report.unreadable ??= describeError(error)
      return
    }
    run.report.stopped ??= { scope: 'host', reason: describeError(error) }
  }
}

async function deliverWindow(run: Run, window: readonly QueueEntry[], from: number): Promise<void> {
  let next = from
  const worker = async (): Promise<void> => {
    while (!mustStop(run)) {
      const entry = window[next]
      if (entry === undefined) return
      next += 1
      await deliverSafely(run, entry)
    }
  }
  await Promise.all(Array.from({ length: run.options.connections }, worker))
}

/** Whether there is anything to do, found out without looking at more names than needed. */
async function somethingIsDue({ store, context, options }: Run, selection: Selection): Promise<boolean> {
  for await (const entry of store.list(['new'])) {
    const due = isDue(selection.policy, entry, { ...selection, now: context.clock.now() })
    if (due && (options.selects === undefined || (await options.selects(entry)))) return true
  }
  return false
}

/** One connection tells whether the smarthost can be used, before any message is touched. */
async function accountIsReady({ transport, options, report }: Run): Promise<boolean> {
  const refused = await transport.ready?.(options.signal)
  if (refused === undefined) return true
  const scope = refused.scope === 'host' ? 'host' : 'account'
  report.stopped ??= { scope, reason: refused.reason }
  return false
}

async function deliverAll(run: Run, store: QueueStore): Promise<void> {
  const { context, options } = run
  if ((await readSuspended(store)).all) {
    const { scope, reason } = SENDING_SUSPENDED
    run.report.stopped ??= { scope, reason }
  }
  const { clock, policy } = context
  const selection = { cutoff: clock.now(), all: options.all === true, policy, clock }
  if (mustStop(run) || !(await somethingIsDue(run, selection)) || !(await accountIsReady(run))) return
  let probed = false
  for await (const window of dueWindows(store, selection)) {
    const [first] = window
    // The first message goes alone: what a server has against all messages, it says to one.
    if (!probed && first !== undefined && !mustStop(run)) await deliverSafely(run, first)
    await deliverWindow(run, window, probed ? 0 : 1)
    probed = true
    if (mustStop(run)) return
  }
}

/** Makes removals durable while the run goes on; a failure stops the run. */
function flushNowAndThen(run: Run): () => void {
  const timer = setInterval(() => {
    run.runner.flush().catch((error: unknown) => {
      run.report.stopped ??= { scope: 'host', reason: describeError(error) }
    })
  }, FLUSH_INTERVAL)
  return () => {
    clearInterval(timer)
  }
}

/**
 * Makes one pass over the queue.
 *
 * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be used at all
 */
export async function runQueueOnce(
  store: QueueStore,
  transport: Transport,
  context: DeliveryContext,
  options: RunOptions,
): Promise<RunReport> {
  const report = newReport()
  // Each message in flight listens to it.
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const insistence = options.all === true ? 'now' : 'run'
  const guarded = guardAccount(transport, insistence, { ...context, queue: store })
  const runner = await store.openRunner('run')
  const run: Run = { store, runner, transport: guarded, context, options, report, unreadable: 0, cutShort: 0 }
  const stopFlushing = flushNowAndThen(run)
  try {
    if (options.force !== true && (await runner.othersAtWork())) {
      context.log.debug('queue.busy', { queue: store.name })
      report.busy = true
      return report
    }
    Object.assign(report, await recoverQueue(runner, context))
    await deliverAll(run, store)
  } finally {
    stopFlushing()
    await runner.close()
  }
  if (report.stopped !== undefined) context.log.warn('queue.stopped', { ...report.stopped })
  context.log.info('run.finished', { ...report })
  await noteLastRun(store, report, context.clock.now())
  return report
}
