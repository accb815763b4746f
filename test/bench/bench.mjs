/**
 * Measures what users feel: start-up, flushing a queue, enqueuing, large messages, large queues. Every figure is a ratio against something
 * that was measured in the same run, in turns with it, so that it means something on a machine that is slow or
 * busy. docs/performance.md says how to read it. Ends with 1 when a measurement could not be made; a goal that
 * is missed is printed and is no failure.
 *
 *     npm run bench -- [--json FILE] [--only startup,flush,enqueue,large,million,waiting] [--turns N] [--messages N]
 *                      [--waiting N]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const FEWEST_TURNS = 10

const MEASUREMENTS = {
  startup: async (directory, { turns }) =>
    (await import('./startup.mjs')).measureStartup(directory, Math.max(turns, 2 * FEWEST_TURNS)),
  flush: async (directory, { turns, messages }) =>
    (await import('./flush.mjs')).measureFlush(directory, turns, messages),
  enqueue: async (directory, { turns }) =>
    (await import('./enqueue.mjs')).measureEnqueue(directory, turns, 200),
  large: async (directory) => (await import('./large.mjs')).measureLarge(directory),
  million: async (directory, { waiting }) =>
    (await import('./million.mjs')).measureMillion(directory, waiting),
  waiting: async (directory, { turns }) => (await import('./waiting.mjs')).measureWaiting(directory, turns),
}

function wholeNumber(text, name, least) {
  const number = Number(text)
  if (Number.isInteger(number) && number >= least) return number
  throw new Error(`--${name} takes a whole number of at least ${least}, not ${text}`)
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      only: { type: 'string', default: Object.keys(MEASUREMENTS).join(',') },
      turns: { type: 'string', default: String(FEWEST_TURNS) },
      messages: { type: 'string', default: '10000' },
      waiting: { type: 'string', default: '1000000' },
    },
  })
  const only = values.only.split(',')
  const unknown = only.find((name) => !Object.hasOwn(MEASUREMENTS, name))
  if (unknown !== undefined) {
    throw new Error(`--only knows ${Object.keys(MEASUREMENTS).join(', ')}, not ${unknown}`)
  }
  const turns = wholeNumber(values.turns, 'turns', FEWEST_TURNS)
  const messages = wholeNumber(values.messages, 'messages', 100)
  return { json: values.json, only, turns, messages, waiting: wholeNumber(values.waiting, 'waiting', 1000) }
}

function tableLine({ name, value, unit, ratio, ratioTo, cpu, peak, goal, met }) {
  const figure = value >= 1000 ? value.toFixed(0) : value.toFixed(1)
  const verdict = goal === undefined ? '' : `   goal: ${goal}, ${met ? 'met' : 'missed'}`
  const costs = [
    ...(cpu === undefined ? [] : [`${cpu.toFixed(0)} ms cpu`]),
    ...(peak === undefined ? [] : [`${peak.toFixed(0)} MB`]),
  ]
  const used = costs.length === 0 ? '' : `   ${costs.join(', ')}`
  return `  ${name.padEnd(38)} ${figure.padStart(8)} ${unit.padEnd(10)} ${ratio.toFixed(2).padStart(6)} x ${ratioTo}${used}${verdict}`
}

function printTable(figures) {
  let group
  for (const figure of figures) {
    if (figure.group !== group) console.log(`${group === undefined ? '' : '\n'}${figure.group}`)
    group = figure.group
    console.log(tableLine(figure))
  }
}

const machine = () => ({
  node: process.version,
  system: `${process.platform} ${release()} ${process.arch}`,
  processors: cpus().length,
  memoryMB: Math.round(totalmem() / 2 ** 20),
})

async function main() {
  const options = readArguments()
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-bench-'))
  const clean = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', clean)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const figures = []
  for (const name of options.only) {
    console.error(`bench: ${name}`)
    figures.push(...(await MEASUREMENTS[name](directory, options)))
  }
  printTable(figures)
  const report = { date: new Date().toISOString(), turns: options.turns, machine: machine(), figures }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
}

try {
  await main()
  process.exit(0)
} catch (error) {
  console.error(`bench: ${error.message}`)
  process.exit(1)
}
