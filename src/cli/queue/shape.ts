/**
 * mq-queue shape: for whom mail waits and for how long, as a table of domains and ages like that of qshape. Ages
 * that double from column to column show at a glance whether a domain is slow or dead.
 */
import { bornAt } from '../../delivery/schedule.ts'
import { senderDomain } from '../../delivery/tally.ts'
import { domainOf } from '../../message/address/address.ts'
import { isUnfinished } from '../../queue/journal/recipient-state.ts'
import type { QueuedMessage } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import { printableJson } from '../printable.ts'
import { sightQueue, type QueueContext } from './context.ts'
import { addFilters, placesOf, readCount, selectorNow, type FilterOptions } from './selection.ts'
import { newWalkLog, tellMissing, walkQueue } from './walk.ts'

/** The ages at which the columns end, in minutes; one more column has what is older. */
const AGES = [5, 10, 20, 40, 80, 160, 320, 640, 1280] as const

/** Counts by domain: one for each column. */
export type Shape = Map<string, number[]>

const MINUTE = 60_000

function columnOf(message: QueuedMessage, now: number): number {
  // A message whose age nobody knows counts as new.
  const age = now - (bornAt(message) ?? now)
  const column = AGES.findIndex((minutes) => age < minutes * MINUTE)
  return column === -1 ? AGES.length : column
}

/** The domains a message counts for: of each recipient who still gets it, or once of its sender. */
function domainsOf(message: QueuedMessage, bySender: boolean): string[] {
  if (bySender) return [senderDomain(message)]
  const failed = message.place === 'failed'
  return message.recipients
    .filter((state) => (failed ? state.status !== 'delivered' : isUnfinished(state)))
    .map(({ recipient }) => domainOf(recipient))
}

/** Counts one message. */
export function addToShape(shape: Shape, message: QueuedMessage, bySender: boolean, now: number): void {
  const column = columnOf(message, now)
  for (const domain of domainsOf(message, bySender)) {
    const counts = shape.get(domain) ?? new Array<number>(AGES.length + 1).fill(0)
    counts[column] = (counts[column] ?? 0) + 1
    shape.set(domain, counts)
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

interface Row {
  readonly name: string
  readonly total: number
  readonly counts: readonly number[]
}

/** The rows, those with the most first, and one with the sums before them. */
function rowsOf(shape: Shape): { readonly all: Row; readonly rows: readonly Row[] } {
  const rows = [...shape]
    .map(([name, counts]) => ({ name, total: sum(counts), counts }))
    .sort((left, right) => right.total - left.total || (left.name < right.name ? -1 : 1))
  const counts = Array.from({ length: AGES.length + 1 }, (_, column) =>
    sum(rows.map((row) => row.counts[column] ?? 0)),
  )
  return { all: { name: 'TOTAL', total: sum(counts), counts }, rows }
}

/** The table; each column is as wide as its widest number. */
export function shapeText(shape: Shape, most: number): string {
  const { all, rows } = rowsOf(shape)
  const shown = [all, ...rows.slice(0, most)]
  const heads = ['T', ...AGES.map(String), `${AGES.at(-1) ?? 0}+`]
  const cells = shown.map(({ name, total, counts }) => ({ name, numbers: [total, ...counts].map(String) }))
  const nameWidth = Math.max(...shown.map(({ name }) => name.length))
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map(({ numbers }) => (numbers[column] ?? '').length)),
  )
  const line = (name: string, numbers: readonly string[]): string =>
    [name.padStart(nameWidth), ...numbers.map((each, column) => each.padStart(widths[column] ?? 0))].join(' ')
  const left = rows.length - (shown.length - 1)
  const lines = [line('', heads), ...cells.map(({ name, numbers }) => line(name, numbers))]
  return `${[...lines, ...(left > 0 ? [`and ${left} more domains`] : [])].join('\n')}\n`
}

/** The same as one object: the ends of the columns, and the rows. */
export function shapeRecord(shape: Shape, most: number): object {
  const { all, rows } = rowsOf(shape)
  return {
    minutes: AGES,
    total: { total: all.total, counts: all.counts },
    domains: rows.slice(0, most).map(({ name, total, counts }) => ({ domain: name, total, counts })),
  }
}

interface ShapeOptions extends FilterOptions {
  readonly sender?: true
  readonly failed?: true
  readonly top: string
  readonly json?: true
}

/** Adds the command. */
export function addShape(context: QueueContext): void {
  const { parent, terminal, done } = context
  const command = parent
    .command('shape')
    .description('show for which domains mail waits, and for how many minutes')
    .option('--sender', 'messages by the domain of their sender instead of recipients by theirs')
    .option('--failed', 'the failed messages instead of the waiting ones')
    .option('--top <n>', 'so many domains, those with the most', '20')
    .option('--json', 'as one JSON object')
    .action(async (options: ShapeOptions) => {
      const most = readCount('--top', options.top)
      const wanted = { places: placesOf(options), selects: selectorNow(options) }
      const log = newWalkLog()
      const shape: Shape = new Map()
      const now = systemClock.now()
      for await (const message of walkQueue(await sightQueue(context), wanted, log))
        addToShape(shape, message, options.sender === true, now)
      terminal.print(options.json === true ? printableJson(shapeRecord(shape, most)) : shapeText(shape, most))
      done(tellMissing(log, terminal))
    })
  addFilters(command)
}
