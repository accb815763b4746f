/**
 * Counts of events: each under a key of the metric and the values of its labels. They are written as one line of
 * printable ASCII, so that all processes can add theirs to a ledger of the queue.
 */
import type { LedgerLine } from '../../queue/store.ts'
import type { MetricName } from './table.ts'

/** Counts by key. */
export type Counts = ReadonlyMap<string, number>

/** The one metric that counts durations. */
export const DURATIONS = 'mailqueue_attempt_duration_seconds'
/** Stands for the sum in place of a range. */
export const SUM = 'sum'
/** The upper bounds of the durations that are counted together, in seconds. */
export const BOUNDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300] as const

/** The key of a count. */
export function countKey(metric: MetricName, ...labels: readonly string[]): string {
  return [metric, ...labels.map(encodeURIComponent)].join(',')
}

/** The keys under which a duration is counted, and what is added there. */
export function durationCounts(account: string, seconds: number): [string, number][] {
  const range = BOUNDS.findIndex((bound) => seconds <= bound)
  const at = range === -1 ? BOUNDS.length : range
  return [
    [countKey(DURATIONS, account, String(at)), 1],
    [countKey(DURATIONS, account, SUM), seconds],
  ]
}

/** Thousandths are what durations have; more is the error of adding. */
const exact = (value: number): number => Math.round(value * 1000) / 1000

/** Adds counts to others. */
export function addCounts(to: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [key, value] of counts) to.set(key, exact((to.get(key) ?? 0) + value))
}

/** The line of some counts. */
export function countsLine(counts: Counts): string {
  return [...counts].map(([key, value]) => `${key}=${value}`).join(' ')
}

/** What lines add up to. A line that is damaged counts for nothing. */
export function countsOf(lines: readonly LedgerLine[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const pairs = (line ?? '').split(' ').map((word): [string, number] => {
      const at = word.lastIndexOf('=')
      return [word.slice(0, at), Number(word.slice(at + 1))]
    })
    addCounts(
      counts,
      pairs.filter(([key, value]) => key !== '' && Number.isFinite(value) && value >= 0),
    )
  }
  return counts
}
