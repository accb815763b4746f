/**
 * Flushing a queue: `mq-run` on messages of 1 kB over 10 connections to a server on this machine, from the start
 * of the process to its end, against a bare Node loop that does the same renames, reads, sends and unlinks. The
 * same with a tenth of the messages shows whether memory grows with the queue.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratio, takeTurns } from './measure.mjs'
import { command, runWatched, startSink } from './processes.mjs'
import { fillQueue, requireEmpty } from './queue-fill.mjs'

const CONNECTIONS = 10
const SIZE = 1024
/** Messages a second. */
const GOAL = 4000

function writeConfig(directory, queue, port) {
  const config = join(directory, 'flush.conf')
  const lines = ['[mailqueue]', 'smtp_hostname = 127.0.0.1', `smtp_port = ${port}`, `queue_dir = ${queue}`]
  writeFileSync(config, `${[...lines, `connections = ${CONNECTIONS}`].join('\n')}\n`)
  return config
}

function figures(values, count, sinkName) {
  const rate = (runs) => median(runs.map(({ ms }) => (count / ms) * 1000))
  const times = (runs) => runs.map(({ ms }) => ms)
  const group = `queue flush, ${count} messages to ${sinkName}`
  const floor = times(values.floor)
  const ours = rate(values['mq-run'])
  return [
    {
      group,
      name: 'bare Node loop',
      value: rate(values.floor),
      unit: 'messages/s',
      ratio: 1,
      ratioTo: 'bare Node loop',
    },
    {
      group,
      name: 'mq-run',
      value: ours,
      unit: 'messages/s',
      ratio: 1 / ratio(times(values['mq-run']), floor),
      ratioTo: 'bare Node loop',
      goal: `at least ${GOAL}/s`,
      met: ours >= GOAL,
    },
  ]
}

/** Peak memory in MB, against the run with a tenth of the messages. */
function memory(values, count) {
  const peaks = (name) => values[name].map(({ peak }) => peak)
  if (peaks('mq-run').includes(undefined)) return []
  const group = 'queue flush, peak memory'
  const row = (name, label) => ({
    group,
    name: label,
    value: median(peaks(name)) / 1024,
    unit: 'MB',
    ratio: ratio(peaks(name), peaks('small')),
    ratioTo: `${count / 10} messages`,
  })
  return [row('small', `mq-run, ${count / 10} messages`), row('mq-run', `mq-run, ${count} messages`)]
}

/**
 * Measures.
 *
 * @param directory a directory on a disk
 * @param turns how often each candidate runs
 * @param count messages in the queue
 */
export async function measureFlush(directory, turns, count) {
  const sink = await startSink()
  const queue = join(directory, 'flush')
  const config = writeConfig(directory, queue, sink.port)
  const flush = async (messages, program, args) => {
    fillQueue(queue, messages, SIZE)
    const result = await runWatched(program, args)
    requireEmpty(queue)
    return result
  }
  const floor = [join(import.meta.dirname, 'floor-flush.mjs'), queue, String(sink.port), String(CONNECTIONS)]
  const values = await takeTurns(
    {
      floor: () => flush(count, process.execPath, floor),
      'mq-run': () => flush(count, command('mq-run'), ['-C', config]),
      small: () => flush(count / 10, command('mq-run'), ['-C', config]),
    },
    turns,
  )
  sink.end()
  return [...figures(values, count, sink.name), ...memory(values, count)]
}
