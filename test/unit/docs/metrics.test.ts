/** docs/metrics.md has the table of the code, and what asks for metrics asks only for those that there are. */
import { describe, expect, it } from 'vitest'
import { METRICS, type Metric } from '../../../src/delivery/metrics/table.ts'
import { textOf } from './pages.ts'

const NAMES = Object.entries<Metric>(METRICS)
/** The names under which samples are found. */
const SAMPLES = new Set(
  NAMES.flatMap(([name, { type }]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  ),
)
const LABELS = new Set([...NAMES.flatMap(([, { labels }]) => labels), 'le', 'instance'])

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly query: string }[] }
}

const dashboard = JSON.parse(textOf('packaging/grafana/mailqueue.json')) as Dashboard
const asked = {
  'packaging/grafana/mailqueue.json': [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => query),
  ],
  'packaging/prometheus/mailqueue.rules.yml': [
    ...textOf('packaging/prometheus/mailqueue.rules.yml').matchAll(/^ +expr: ([\s\S]*?)\n +for:/gm),
  ].map(([, expr = '']) => expr),
  'docs/metrics.md': [
    ...(textOf('docs/metrics.md').split('## Questions')[1] ?? '').matchAll(/`([^`]*mailqueue_[^`]*)`/g),
  ].map(([, expr = '']) => expr),
}

it('docs/metrics.md lists every metric with type, labels and meaning, in the same order, and no other', () => {
  const rows = [...textOf('docs/metrics.md').matchAll(/^\| `(mailqueue_\w+)` \|(.*)\|(.*)\|(.*)\|$/gm)].map(
    (row) => row.slice(1).map((cell) => cell.trim()),
  )
  const table = NAMES.map(([name, { type, labels, help }]) => [
    name,
    type,
    labels.map((label) => `\`${label}\``).join(' '),
    help,
  ])
  expect(rows).toEqual(table)
})

describe.each(Object.entries(asked))('%s', (_, expressions) => {
  it('asks for something', () => {
    expect(expressions.length).toBeGreaterThan(4)
  })

  it('asks only for metrics and labels that there are', () => {
    for (const expression of expressions) {
      const names = expression.match(/\bmailqueue_\w+/g) ?? []
      expect(names.filter((name) => !SAMPLES.has(name))).toEqual([])
      const matchers = [...expression.matchAll(/\{([^{}]*)\}/g)].flatMap(
        ([, inner = '']) => inner.match(/\w+(?==)/g) ?? [],
      )
      const groups = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) =>
        inner.split(/, */),
      )
      expect([...matchers, ...groups].filter((label) => !LABELS.has(label))).toEqual([])
    }
  })
})

it('every panel of the dashboard has a place of its own', () => {
  expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length)
})
