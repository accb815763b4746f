/**
 * How far a run is, in one line on a terminal that is written again and again: only for runs that take long, and only
 * numbers, so that nothing of a message reaches the terminal. Where standard output is no terminal, nothing is shown.
 */
import type { RunReport } from '../../delivery/run-report.ts'
import { dueTest, type RetryPolicy } from '../../delivery/schedule.ts'
import type { QueueStore } from '../../queue/store.ts'
import { elapsed, systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import { ageText } from '../queue/quantity.ts'

/** A run that ends sooner shows nothing, in milliseconds. */
const LONG = 2000
/** Between two lines, in milliseconds. */
const REFRESH = 250

/** The line of a run that goes on. */
export interface RunProgress {
  /** A message was dealt with. */
  update(report: RunReport): void
  /** Removes the line. True when there was one. */
  end(): boolean
}

/** How many messages are due; by their names alone. */
export async function countDue(store: QueueStore, policy: RetryPolicy, all: boolean): Promise<number> {
  const now = systemClock.now()
  const isDue = dueTest(policy, { cutoff: now, now, all })
  let count = 0
  const counts = (glance: Parameters<typeof isDue>[0]): boolean => {
    if (isDue(glance)) count += 1
    return false
  }
  // Nothing is wanted of all that it passes over.
  await store.list(['new'], counts)[Symbol.asyncIterator]().next()
  return count
}

/**
 * The words of the line.
 *
 * @param total messages that were due in the beginning; undefined when nobody knows
 * @param spent milliseconds
 */
export function progressLine(report: RunReport, total: number | undefined, spent: number): string {
  const { delivered, deferred, failed, discarded, held, quarantined } = report
  const done = delivered + deferred + failed + discarded + held + quarantined
  const rate = done / (spent / 1000)
  const left = total === undefined ? undefined : Math.max(0, total - done)
  const parts = [
    total === undefined ? `${done} tried` : `${done} of ${total} tried`,
    `${delivered} delivered`,
    `${deferred} deferred`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`,
    ...(left === undefined || rate === 0 ? [] : [`${ageText((left / rate) * 1000)} to go`]),
  ]
  return parts.join(', ')
}

/**
 * Shows how far a run is.
 *
 * @param total see {@link progressLine}
 * @param time milliseconds that have passed since any moment
 */
export function showProgress(
  terminal: Pick<Terminal, 'shown' | 'guide'>,
  total: number | undefined,
  time: () => number = elapsed,
): RunProgress {
  const start = time()
  let last = start + LONG - REFRESH
  let shown = false
  return {
    update: (report) => {
      const now = time()
      if (!terminal.shown || now - last < REFRESH) return
      last = now
      shown = true
      terminal.guide(`\r${progressLine(report, total, now - start)}\x1b[K`)
    },
    end: () => {
      if (shown) terminal.guide('\r\x1b[K')
      return shown
    },
  }
}
