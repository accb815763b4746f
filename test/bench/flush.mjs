/**
 * Flushing a queue: `mq-run` on messages of 1 kB over 20 connections to a server on this machine, from the start
 * of the process to its end, against a bare Node loop that does the same renames, reads, sends and unlinks. The
 * same with a tenth of the messages shows whether memory grows with the queue, and the same with a server that is
 * 50 milliseconds away whether the connections are kept busy.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratio, takeTurns, used } from './measure.mjs'
import { command, runMeasured, startProxy, startSink } from './processes.mjs'
import { fillQueue, requireEmpty } from './queue-fill.mjs'

const CONNECTIONS = 20
const SIZE = 1024
/** Messages a second, or this part of what the bare loop does. */
const GOAL = 6000
const GOAL_RATIO = 0.9
/** Milliseconds in each direction, messages, and messages a second at least. */
const FAR = { delay: 25, messages: 400, goal: 80 }

function writeConfig(directory, queue, port) {
  const config = join(directory, `flush-${port}.conf`)
  const lines = ['[mailqueue]', 'smtp_hostname = 127.0.0.1', `smtp_port = ${port}`, `queue_dir = ${queue}`]
  writeFileSync(config, `${[...lines, `connections = ${CONNECTIONS}`].join('\n')}\n`)
  return config
}

const times = (runs) => runs.map(({ ms }) => ms)

/** Messages a second of both, and how near ours comes to the floor. */
function rates(group, { floor, ours, count }, goal) {
  const rate = (runs) => median(times(runs).map((ms) => (count / ms) * 1000))
  const row = (name, runs) => ({
    group,
    name,
    value: rate(runs),
    unit: 'messages/s',
    ratio: 1 / ratio(times(runs), times(floor)),
    ratioTo: 'bare Node loop',
    ...used(runs),
  })
  const our = row('mq-run', ours)
  return [row('bare Node loop', floor), { ...our, ...goal(our) }]
}

function memoryRows(values, count) {
  const group = 'queue flush, peak memory'
  const peaks = (name) => values[name].map(({ peak }) => peak)
  return ['small', 'mq-run'].map((name) => ({
    group,
    name: `mq-run, ${name === 'small' ? count / 10 : count} messages`,
    value: median(peaks(name)) / 1024,
    unit: 'MB',
    ratio: ratio(peaks(name), peaks('small')),
    ratioTo: `${count / 10} messages`,
  }))
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
  const far = await startProxy(sink.port, FAR.delay)
  const queue = join(directory, 'flush')
  const flush = async (messages, program, args) => {
    fillQueue(queue, messages, SIZE)
    const result = await runMeasured(program, args)
    requireEmpty(queue)
    return result
  }
  const floor = (port, messages) =>
    flush(messages, process.execPath, [
      join(import.meta.dirname, 'floor-flush.mjs'),
      ...[queue, port, CONNECTIONS].map(String),
    ])
  const ours = (port, messages) =>
    flush(messages, command('mq-run'), ['-C', writeConfig(directory, queue, port)])
  const values = await takeTurns(
    {
      floor: () => floor(sink.port, count),
      'mq-run': () => ours(sink.port, count),
      small: () => ours(sink.port, count / 10),
      'floor, far': () => floor(far.port, FAR.messages),
      'mq-run, far': () => ours(far.port, FAR.messages),
    },
    turns,
  )
  far.end()
  sink.end()
  const near = { floor: values.floor, ours: values['mq-run'], count }
  const away = { floor: values['floor, far'], ours: values['mq-run, far'], count: FAR.messages }
  return [
    ...rates(`queue flush, ${count} messages to ${sink.name}`, near, (our) => ({
      goal: `at least ${GOAL}/s, or ${GOAL_RATIO} of the loop`,
      met: our.value >= GOAL || our.ratio >= GOAL_RATIO,
    })),
    ...rates(`queue flush, ${FAR.messages} messages, ${2 * FAR.delay} ms away`, away, (our) => ({
      goal: `at least ${FAR.goal}/s`,
      met: our.value >= FAR.goal,
    })),
    ...memoryRows(values, count),
  ]
}
