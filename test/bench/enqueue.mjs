/**
 * Enqueuing: messages of 1 kB into a queue directory, each on stable storage before the next (and many at a time),
 * against the least that durability asks for: write, fsync, rename, fsync of the directory.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bufferContent } from '../../dist/lib/message/content.js'
import { MaildirQueue } from '../../dist/lib/queue/maildir-queue.js'
import { median, ratio, takeTurns, timed } from './measure.mjs'
import { message } from './queue-fill.mjs'

const SIZE = 1024
/** How many callers do not wait for each other. */
const WIDTHS = [1, 10, 100]
/** Messages a second, or this part of the floor. */
const GOAL = 4000
const GOAL_RATIO = 0.5
const ENVELOPE = { sender: 'anna@site.example', recipients: ['berta@remote.example'] }

function syncDirectory(path) {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

/** What a program without a queue of its own would do for one message. */
function storeBarely(queue, bytes, number) {
  const temporary = join(queue, 'tmp', String(number))
  const fd = openSync(temporary, 'wx', 0o600)
  writeSync(fd, bytes)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(temporary, join(queue, 'new', String(number)))
  syncDirectory(join(queue, 'new'))
}

async function enqueueAll(queue, count, width) {
  const store = new MaildirQueue(queue)
  const content = bufferContent(message(SIZE))
  let begun = 0
  const worker = async () => {
    while (begun++ < count) await store.enqueue({ envelope: ENVELOPE, content })
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/**
 * Measures.
 *
 * @param directory a directory on a disk
 * @param turns how often each candidate runs
 * @param count messages a run
 */
export async function measureEnqueue(directory, turns, count) {
  const queue = join(directory, 'enqueue')
  const inFreshQueue = async (call) => {
    rmSync(queue, { recursive: true, force: true })
    for (const folder of ['tmp', 'new']) mkdirSync(join(queue, folder), { recursive: true })
    return timed(call)
  }
  const bytes = message(SIZE)
  const ours = (width) => [
    `MaildirQueue.enqueue${width === 1 ? '' : `, ${width} at a time`}`,
    () => inFreshQueue(() => enqueueAll(queue, count, width)),
  ]
  const floorName = 'write, fsync, rename, fsync'
  const values = await takeTurns(
    {
      [floorName]: () =>
        inFreshQueue(() => {
          for (let each = 0; each < count; each += 1) storeBarely(queue, bytes, each)
        }),
      ...Object.fromEntries(WIDTHS.map(ours)),
    },
    turns,
  )
  return Object.entries(values).map(([name, times]) => {
    const value = median(times.map((ms) => (count / ms) * 1000))
    const share = 1 / ratio(times, values[floorName])
    const goal = { goal: `at least ${GOAL}/s, or ${GOAL_RATIO} of the floor` }
    return {
      group: `enqueue, ${count} messages`,
      name,
      value,
      unit: 'messages/s',
      ratio: share,
      ratioTo: floorName,
      ...(name === floorName ? {} : { ...goal, met: value >= GOAL || share >= GOAL_RATIO }),
    }
  })
}
