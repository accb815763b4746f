/**
 * Metrics as text, in the format that Prometheus reads (version 0.0.4), for the textfile collector and for `/metrics`.
 */
import { BOUNDS, DURATIONS, SUM, type Counts } from './counts.ts'
import { METRICS, type Metric, type MetricName } from './table.ts'

/** One value of a metric. */
export interface Sample {
  readonly metric: MetricName
  /** The values of the labels, in the order of the table. */
  readonly labels: readonly string[]
  /** A number, or for a histogram how many were in each range, above the last one, and their sum. */
  readonly value: number | { readonly ranges: readonly number[]; readonly sum: number }
}

/** What the text is, for HTTP. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

function labelText(pairs: readonly (readonly [string, string])[]): string {
  return pairs.length === 0
    ? ''
    : `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

function linesOf(metric: MetricName, { labels: names }: Metric, { labels, value }: Sample): string[] {
  const pairs = names.map((name, at) => [name, labels[at] ?? ''] as const)
  if (typeof value === 'number') return [`${metric}${labelText(pairs)} ${value}`]
  let count = 0
  const ranges = [...BOUNDS.map(String), '+Inf'].map((bound, at) => {
    count += value.ranges[at] ?? 0
    return `${metric}_bucket${labelText([...pairs, ['le', bound]])} ${count}`
  })
  return [
    ...ranges,
    `${metric}_sum${labelText(pairs)} ${value.sum}`,
    `${metric}_count${labelText(pairs)} ${count}`,
  ]
}

/** The text of all samples, in the order of the table. */
export function exposition(samples: readonly Sample[]): string {
  const text = (Object.entries(METRICS) as [MetricName, Metric][]).flatMap(([name, metric]) => {
    const lines = samples
      .filter((sample) => sample.metric === name)
      .flatMap((each) => linesOf(name, metric, each))
    return lines.length === 0
      ? []
      : [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`, ...lines]
  })
  return text.map((line) => `${line}\n`).join('')
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
    if (metric !== DURATIONS) {
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
    metric: DURATIONS,
    labels: [account],
    value,
  }))
  return [...samples, ...measured]
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name)
}
