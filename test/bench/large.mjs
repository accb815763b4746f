/**
 * One large message through every command that touches its bytes: time, processor time and above all memory, against
 * the same command with a small message.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratio, takeTurns } from './measure.mjs'
import { command, runMeasured, startSink } from './processes.mjs'
import { fillQueue, message } from './queue-fill.mjs'

const LARGE = 200 * 1000 * 1000
const SMALL = 1000
const TURNS = 3
/** MB. */
const GOAL = 150
const SENDER = 'anna@site.example'
const RECIPIENT = 'berta@remote.example'

/** The runs, each in a queue of its own making. */
function steps(directory, size, port) {
  const queue = join(directory, `large-${size}`)
  const other = join(directory, `other-${size}`)
  const file = join(directory, `large-${size}.eml`)
  const config = join(directory, `large-${size}.conf`)
  const lines = ['smtp_hostname = 127.0.0.1', `smtp_port = ${port}`, `queue_dir = ${queue}`]
  writeFileSync(config, `${['[mailqueue]', ...lines].join('\n')}\n`)
  writeFileSync(file, message(size))
  const fill = () => fillQueue(queue, 1, size)
  const ours = (program, args, options) => runMeasured(command(program), ['-C', config, ...args], options)
  const send = (...more) => ours('mq-sendmail', [...more, '-i', '-f', SENDER, RECIPIENT], { input: file })
  const look = (...args) => {
    const id = fill()
    return ours('mq-queue', [...args, id])
  }
  return {
    'mq-sendmail': () => send(),
    'mq-sendmail -odq': () => send('-odq'),
    'mq-run': () => {
      fill()
      return ours('mq-run', [])
    },
    'mq-queue show': () => look('show'),
    'mq-queue cat': () => look('cat'),
    'mq-queue export': () => {
      rmSync(other, { recursive: true, force: true })
      fill()
      return ours('mq-queue', ['export', other, 'ALL'])
    },
    'mq-queue import': () => {
      fillQueue(other, 1, size)
      rmSync(queue, { recursive: true, force: true })
      return ours('mq-queue', ['import', other])
    },
  }
}

/**
 * Measures.
 *
 * @param directory a directory on a disk
 */
export async function measureLarge(directory) {
  const sink = await startSink()
  const small = await takeTurns(steps(directory, SMALL, sink.port), TURNS)
  const large = await takeTurns(steps(directory, LARGE, sink.port), TURNS, { warmUp: false })
  sink.end()
  return Object.keys(large).map((name) => {
    const peaks = (runs) => runs[name].map(({ peak }) => peak / 1024)
    const value = median(peaks(large))
    return {
      group: `a message of ${LARGE / 1e6} MB, peak memory, ${TURNS} turns`,
      name,
      value,
      unit: 'MB',
      ratio: ratio(peaks(large), peaks(small)),
      ratioTo: `${SMALL} octets`,
      ms: median(large[name].map(({ ms }) => ms)),
      cpu: median(large[name].map(({ cpu }) => cpu)),
      goal: `at most ${GOAL} MB`,
      met: value <= GOAL,
    }
  })
}
