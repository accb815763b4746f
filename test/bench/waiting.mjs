/**
 * A large queue that waits because the smarthost is down: what a run from cron costs each minute, and a look at the
 * queue. The floor is a Node process that does nothing.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratio, takeTurns } from './measure.mjs'
import { command, runTimed } from './processes.mjs'
import { fillQueue } from './queue-fill.mjs'

const WAITING = 100_000
/** Exit code of mq-run while mail has to wait. */
const TEMPFAIL = 75
/** What each command may take at most, in milliseconds. */
const GOALS = { 'mq-run, smarthost down': 1000, 'mq-queue list --limit 20': 300 }

/**
 * Measures.
 *
 * @param directory a directory for files
 * @param turns how often each candidate runs
 */
export async function measureWaiting(directory, turns) {
  const queue = join(directory, 'waiting')
  const config = join(directory, 'waiting.conf')
  // Nothing listens on port 1.
  writeFileSync(config, `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = 1\nqueue_dir = ${queue}\n`)
  fillQueue(queue, WAITING, 1000)
  const values = await takeTurns(
    {
      'node -e 0': () => runTimed(process.execPath, ['-e', '0']),
      'mq-run, smarthost down': () => runTimed(command('mq-run'), ['-C', config], '/dev/null', TEMPFAIL),
      'mq-queue list --limit 20': () =>
        runTimed(command('mq-queue'), ['-C', config, 'list', '--limit', '20']),
    },
    turns,
  )
  return Object.entries(values).map(([name, times]) => ({
    group: `${WAITING} waiting messages`,
    name,
    value: median(times),
    unit: 'ms',
    ratio: ratio(times, values['node -e 0']),
    ratioTo: 'node -e 0',
    ...(name in GOALS ? { goal: `at most ${GOALS[name]} ms`, met: median(times) <= GOALS[name] } : {}),
  }))
}
