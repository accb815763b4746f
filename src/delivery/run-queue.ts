/**
 * One pass over the queue: recover what dead runners left, then deliver everything that is due, then end. Any
 * number of runs may work on one queue; each message goes to exactly one of them.
 *
 * The run ends early, with everything it has not tried left as it was, when the queue cannot be written, when its
 * lease is lost, or when it is asked to stop. When an account cannot be used, its messages are left as they are, and
 * those of the others go on.
 */
import { setMaxListeners } from 'node:events'
import { describeError } from '../errors/errno.ts'
import type { QueueEntry, QueueStore } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { SENDING_SUSPENDED, siteLacks, type Stop } from './attempt.ts'
import type { DeliveryContext } from './context.ts'
import { deliverEntry, isBadSpot, laneOf, type Desk } from './deliver-entry.ts'
import { dueWindows } from './due-window.ts'
import { noteLastRun } from './last-run.ts'
import { recoverQueue } from './recovery.ts'
import { reportLanes, stopLane, type Lane } from './lane.ts'
import { reportFaults } from './site-faults.ts'
import { readSuspended } from './suspension.ts'
import { newReport, type RunReport } from './run-report.ts'
import { oneWay, type Ways, type WaysOver } from './ways.ts'

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
  /** Messages that are tried at the most; that there are more is no failure. */
  readonly limit?: number
  /** Is told after each message. */
  readonly progress?: (report: RunReport) => void
  /** Asks the run to stop. */
  readonly signal?: AbortSignal
}

/** The state of one run. */
interface Run extends Desk {
  /** Groups of messages whose way cannot be used. */
  readonly leftAlone: Set<string>
  readonly options: RunOptions
  /** Messages that were tried, or are. */
  begun: number
  /** Messages in a row that could not be read. */
  unreadable: number
}

function mustStop({ report, options, runner }: Run): boolean {
  if (report.stopped !== undefined) return true
  if (options.signal?.aborted === true) report.stopped = { scope: 'caller', reason: 'asked to stop' }
  else if (runner.lost) report.stopped = { scope: 'host', reason: 'the lease of this runner was lost' }
  return report.stopped !== undefined
}

function stopAfter({ report }: Run, lane: Lane, stop: Stop | undefined): void {
  if (stop?.scope === 'host') report.stopped ??= { scope: 'host', reason: stop.reason }
  else stopLane(lane, stop)
}

const hasEnough = ({ begun, options }: Run): boolean => begun >= (options.limit ?? Infinity)

async function deliverSelected(run: Run, entry: QueueEntry): Promise<void> {
  const { selects, progress } = run.options
  if (selects !== undefined && !(await selects(entry))) return
  if (hasEnough(run)) return
  run.begun += 1
  const result = await deliverEntry(run, entry)
  if (result.kind !== 'tried') run.begun -= 1
  progress?.(run.report)
  if (result.kind !== 'tried') return
  // What was given back because somebody asked for it is no failure of this machine.
  if (result.attempt.settled === 'released' && run.options.signal?.aborted === true) mustStop(run)
  else stopAfter(run, result.lane, result.attempt.stop)
}

/** A queue that fails stops the run; what is in flight elsewhere still comes to its end. */
async function deliverSafely(run: Run, entry: QueueEntry): Promise<void> {
  try {
    await deliverSelected(run, entry)
    run.unreadable = 0
  } catch (error) {
    // One bad spot on the disk must not hold up all other mail; two in a row are the disk.
    run.unreadable += 1
    if (isBadSpot(error) && run.unreadable === 1) {
      run.report.unreadable ??= describeError(error)
      return
    }
    run.report.stopped ??= { scope: 'host', reason: describeError(error) }
  }
}

/** Delivers messages in their order, so many at a time as their way has connections. */
async function deliverInTurn(
  run: Run,
  entries: readonly QueueEntry[],
  lane: Lane | undefined,
): Promise<void> {
  let next = 0
  const goesOn = (): boolean => !mustStop(run) && !hasEnough(run) && lane?.stopped === undefined
  const worker = async (limit = Infinity): Promise<void> => {
    for (let done = 0; done < limit && goesOn() && next < entries.length; done += 1) {
      const entry = entries[next++]
      if (entry !== undefined) await deliverSafely(run, entry)
    }
  }
  // The first message goes alone: what a server has against all messages, it says to one.
  if (lane?.probed === false) {
    await worker(1)
    lane.probed = next > 0
  }
  await Promise.all(Array.from({ length: lane?.way.connections ?? 1 }, () => worker()))
}

/** Delivers the messages of one group. Where only opening a message tells its way, they go one after the other. */
async function deliverGroup(run: Run, group: string, entries: readonly QueueEntry[]): Promise<void> {
  const way = await run.ways.wayOfGroup(group)
  const lane = way === undefined ? undefined : laneOf(run, way)
  if (lane === undefined || (await isReady(run, lane))) await deliverInTurn(run, entries, lane)
  if (lane?.stopped !== undefined) run.leftAlone.add(group)
}

/** One connection tells whether an account can be used, before any of its messages is touched. */
async function isReady({ options, report }: Run, lane: Lane): Promise<boolean> {
  if (lane.asked) return lane.stopped === undefined
  lane.asked = true
  const refused = await lane.way.transport.ready?.(options.signal)
  if (refused?.scope === 'host') report.stopped ??= { scope: 'host', reason: refused.reason }
  else lane.stopped ??= refused?.reason
  lane.fault ??= refused && siteLacks(refused)
  return refused === undefined
}

/**
 * Whether a message that is due lets the run begin. A run of chosen messages does not connect for others, and where
 * there is only one account, one that cannot be used ends the run before the whole queue is sorted.
 */
async function mayBegin(run: Run, entry: QueueEntry): Promise<'go' | 'ask' | 'stop'> {
  const { options, ways } = run
  if (mustStop(run)) return 'stop'
  if (options.selects !== undefined && !(await options.selects(entry))) return 'ask'
  if (ways.single) await deliverGroup(run, ways.groupOf(entry), [])
  return mustStop(run) ? 'stop' : 'go'
}

async function deliverAll(run: Run, store: QueueStore): Promise<void> {
  const { context, options, ways, leftAlone } = run
  if ((await readSuspended(store)).all) {
    const { scope, reason } = SENDING_SUSPENDED
    run.report.stopped ??= { scope, reason }
  }
  const { clock } = context
  const skips = (entry: QueueEntry): boolean => leftAlone.size > 0 && leftAlone.has(ways.groupOf(entry))
  const begins = (entry: QueueEntry) => mayBegin(run, entry)
  const all = options.all === true
  const selection = { cutoff: clock.now(), all, policy: ways.policy, clock, skips, begins }
  if (mustStop(run)) return
  for await (const window of dueWindows(store, selection)) {
    await Promise.all([...byGroup(window, ways)].map(([group, entries]) => deliverGroup(run, group, entries)))
    if (mustStop(run) || hasEnough(run)) return
  }
}

function byGroup(window: readonly QueueEntry[], ways: Ways): Map<string, QueueEntry[]> {
  const groups = new Map<string, QueueEntry[]>()
  for (const entry of window) {
    const group = ways.groupOf(entry)
    const entries = groups.get(group)
    if (entries === undefined) groups.set(group, [entry])
    else entries.push(entry)
  }
  return groups
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
 * @param way one transport for all messages, or the ways that they go by their accounts
 * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be used at all
 */
export async function runQueueOnce(
  store: QueueStore,
  way: Transport | WaysOver,
  context: DeliveryContext,
  options: RunOptions,
): Promise<RunReport> {
  const report = newReport()
  // Each message in flight listens to it.
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const waysOver = typeof way === 'function' ? way : oneWay(way, context, options.connections)
  const ways = waysOver(store, options.all === true ? 'now' : 'run')
  ways.beginPass()
  const runner = await store.openRunner('run')
  const run: Run = {
    store,
    runner,
    ways,
    lanes: new Map(),
    leftAlone: new Set(),
    context,
    options,
    report,
    signal: options.signal,
    begun: 0,
    unreadable: 0,
  }
  const stopFlushing = flushNowAndThen(run)
  try {
    if (options.force !== true && (await runner.othersAtWork())) {
      context.log.debug('queue.busy', { queue: store.name })
      report.busy = true
      return report
    }
    Object.assign(report, await recoverQueue(runner, context))
    await deliverAll(run, store)
    const whole = report.stopped === undefined && options.selects === undefined && !hasEnough(run)
    await reportFaults(store, { lanes: run.lanes.values(), report, whole })
    reportLanes(report, run.lanes.values())
  } finally {
    stopFlushing()
    // What was delivered is: whoever made the run has to hear of it.
    await runner.close().catch((error: unknown) => {
      report.stopped ??= { scope: 'host', reason: describeError(error) }
    })
    await ways.close()
  }
  if (report.stopped !== undefined) context.log.warn('queue.stopped', { ...report.stopped })
  context.log.info('run.finished', { ...report })
  await noteLastRun(store, report, context.clock.now())
  return report
}
