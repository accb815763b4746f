/**
 * Counts of events: each under a key of the metric and the values of its labels. They are written as one line of
 * printable ASCII, so that all processes can add theirs to a ledger of the queue.
 */
import type { LedgerLine } from '../../queue/store.ts'
import type { Sample } from './exposition.ts'
import { BOUNDS, METRICS, type MetricName } from './table.ts'

/** Counts by key. */
export type Counts = ReadonlyMap<string, number>

const HISTOGRAM = 'mailqueue_attempt_duration_seconds'
const SUM = 'sum'

/** The key of a count. */
export function countKey(metric: MetricName, ...labels: readonly string[]): string {
  return [metric, ...labels.map(encodeURIComponent)].join(',')
}

/** The keys under which a duration is counted, and what is added there. */
export function durationCounts(account: string, seconds: number): [string, number][] {
  const range = BOUNDS.findIndex((bound) => seconds <= bound)
  const at = range === -1 ? BOUNDS.length : range
  return [
    [countKey(HISTOGRAM, account, String(at)), 1],
    [countKey(HISTOGRAM, account, SUM), seconds],
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

function labelsOf(words: readonly string[]): string[] | undefined {
  try {
    return words.map(decodeURIComponent)
  } catch {
    return undefined
  }
}

/** The counts as samples; keys of another version are passed over. */
export function countedSamples(counts: Counts): Sample[] {
  const durations = new Map<string, { readonly ranges: number[]; sum: number }>()
  const samples: Sample[] = []
  for (const [key, value] of counts) {
    const [metric = '', ...words] = key.split(',')
    const labels = labelsOf(words)
    if (!isMetric(metric) || labels === undefined) continue
    if (metric !== HISTOGRAM) {
      if (labels.length === METRICS[metric].labels.length) samples.push({ metric, labels, value })
      continue
    }
    const [account = '', part = ''] = labels
    const duration = durations.get(account) ?? { ranges: [], sum: 0 }
    durations.set(account, duration)
    if (part === SUM) duration.sum = value
    else if (/^\d$/.test(part)) duration.ranges[Number(part)] = value
  }
  const measured = [...durations].map(([account, value]): Sample => ({
    metric: HISTOGRAM,
    labels: [account],
    value,
  }))
  return [...samples, ...measured]
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name)
}
