/**
 * A queue of a million messages: what a run costs when none is due and when a hundred are, and a look at it. The floor
 * reads the names and looks at none. A turn takes minutes, so there are few of them.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { median, ratio, takeTurns, used } from './measure.mjs'
import { command, runMeasured } from './processes.mjs'
import { addMessages, fillQueue } from './queue-fill.mjs'

const DUE = 100
const TURNS = 3
const HOUR = 3600
/** Milliseconds and MB. */
const GOALS = {
  'mq-run, none due': { ms: 2000, mb: 120 },
  [`mq-run, ${DUE} due, to the first message`]: { ms: 2000, mb: 120 },
  'mq-queue list --limit 20': { ms: 1000, mb: 120 },
  'mq-queue stats': { mb: 120 },
}

/** A server that takes everything and knows when the first message began. */
async function startWatchingServer() {
  let first
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).setEncoding('latin1')
    socket.write('220 bench ESMTP\r\n')
    let inData = false
    socket.on('data', (text) => {
      if (text.startsWith('MAIL')) first ??= performance.now()
      if (text.startsWith('EHLO')) socket.write('250 bench\r\n')
      else if (text.startsWith('QUIT')) socket.end('221 bye\r\n')
      else if (text.startsWith('DATA')) inData = socket.write('354 go on\r\n') || true
      else if (!inData || text.endsWith('\r\n.\r\n')) inData = !socket.write('250 ok\r\n') && false
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const takeFirst = () => {
    const time = first
    first = undefined
    return time
  }
  return { port: server.address().port, takeFirst, end: () => server.close() }
}

function rowsOf(values, count) {
  const [floorName] = Object.keys(values)
  const times = (name) => values[name].map(({ ms }) => ms)
  return Object.keys(values).map((name) => {
    const value = median(times(name))
    const usage = used(values[name])
    const { ms = Infinity, mb } = GOALS[name] ?? {}
    const limits = [...(ms === Infinity ? [] : [`${ms} ms`]), `${mb} MB`].join(' and ')
    const goal = { goal: `at most ${limits}`, met: value <= ms && usage.peak <= mb }
    return {
      group: `${count} waiting messages, ${TURNS} turns`,
      name,
      value,
      unit: 'ms',
      ratio: ratio(times(name), times(floorName)),
      ratioTo: floorName,
      ...usage,
      ...(mb === undefined ? {} : goal),
    }
  })
}

/**
 * Measures.
 *
 * @param directory a directory for files
 * @param count messages in the queue
 */
export async function measureMillion(directory, count) {
  const server = await startWatchingServer()
  const queue = join(directory, 'million')
  const config = join(directory, 'million.conf')
  const lines = [`smtp_port = ${server.port}`, `queue_dir = ${queue}`, 'retry = 1d']
  writeFileSync(config, `${['[mailqueue]', 'smtp_hostname = 127.0.0.1', ...lines].join('\n')}\n`)
  fillQueue(queue, count, 1000, { dueIn: HOUR, linked: true })
  const ours = (program, ...args) => runMeasured(command(program), ['-C', config, ...args])
  const toTheFirst = async () => {
    addMessages(queue, DUE, 1000)
    const start = performance.now()
    const run = await ours('mq-run')
    return { ...run, ms: server.takeFirst() - start }
  }
  const values = await takeTurns(
    {
      'reading the names in Node': () =>
        runMeasured(process.execPath, [join(import.meta.dirname, 'floor-scan.mjs'), join(queue, 'new')]),
      'mq-run, none due': () => ours('mq-run'),
      [`mq-run, ${DUE} due, to the first message`]: toTheFirst,
      'mq-queue list --limit 20': () => ours('mq-queue', 'list', '--limit', '20'),
      'mq-queue stats': () => ours('mq-queue', 'stats'),
    },
    TURNS,
    { warmUp: false },
  )
  server.end()
  return rowsOf(values, count)
}
