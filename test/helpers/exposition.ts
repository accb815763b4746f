/**
 * Reads metrics as Prometheus does (text format 0.0.4), and refuses what its checker would: a line that is none, a sample
 * without a type, a family in two parts, a sample that is there twice, a histogram whose ranges do not add up.
 */

/** What was read: values by the sample as it is written, such as `a_total{b="c"}`. */
export type Exposition = Readonly<Record<string, number>>

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(String.raw`^(${NAME})(\{(?:${LABEL}(?:,${LABEL})*)?\})? ([0-9.e+-]+|\+Inf|NaN)$`)
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`)

function checkHistogram(name: string, values: Exposition): void {
  const series = new Map<string, number[]>()
  for (const [sample, value] of Object.entries(values)) {
    if (!sample.startsWith(`${name}_bucket{`)) continue
    const labels = sample.replace(/,?le="[^"]*"/, '')
    const counts = series.get(labels) ?? []
    if ((counts.at(-1) ?? 0) > value) throw new Error(`the ranges of ${sample} go down`)
    series.set(labels, [...counts, value])
  }
  for (const [labels, counts] of series) {
    const total = values[labels.replace('_bucket', '_count').replace('{}', '')]
    if (counts.at(-1) !== total) throw new Error(`the ranges of ${labels} do not add up`)
  }
}

/** Reads a text. @throws Error for one that Prometheus would not take */
export function readExposition(text: string): Exposition {
  const values: Record<string, number> = {}
  const types = new Map<string, string>()
  let family = ''
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.slice(0, -1).split('\n')) {
    const head = HEAD.exec(line)
    const sample = SAMPLE.exec(line)
    if (head !== null) {
      const [, what, name = '', rest = ''] = head
      if (what === 'HELP' && types.has(name)) throw new Error(`${name} is there in two parts`)
      if (what === 'TYPE') types.set(name, rest)
      family = name
    } else if (sample === null) throw new Error(`no sample: ${line}`)
    else {
      const [, name = '', labels = '', value] = sample
      const type = types.get(family)
      const own = type === 'histogram' ? name.replace(/_(?:bucket|sum|count)$/, '') : name
      if (own !== family || type === undefined) throw new Error(`${name} stands in ${family}`)
      if (type === 'counter' && !name.endsWith('_total')) throw new Error(`the counter ${name} has no _total`)
      if (`${name}${labels}` in values) throw new Error(`${name}${labels} is there twice`)
      values[`${name}${labels}`] = Number(value)
    }
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, values)
  return values
}
