/**
 * Makes queues of any size quickly: the files are what the library would have written, without a sync for each.
 * What is measured afterwards must not wait for the disk to catch up, so all of it is synced once at the end.
 */
import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatName, newUnique, queueId } from '../../dist/lib/queue/entry-name.js'
import { FOLDERS } from '../../dist/lib/queue/layout.js'
import { formatMetaBlock } from '../../dist/lib/queue/meta-block.js'

const SENDER = 'anna@site.example'
const RECIPIENT = 'berta@remote.example'

/** A message of the given size in octets. */
export function message(size) {
  const header = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: queue\r\nDate: Sat, 21 Nov 2026 20:28:27 +0100\r\n`
  const line = `${'x'.repeat(70)}\r\n`
  const body = `${header}Message-ID: <bench@site.example>\r\n\r\n${line.repeat(Math.ceil(size / line.length))}`
  return Buffer.from(`${body.slice(0, size - 2)}\r\n`)
}

/** So many names a file may have on every file system that has links. */
const MOST_LINKS = 30_000

/**
 * Adds messages to a queue.
 *
 * @param count how many
 * @param size octets of each
 * @param options `dueIn`, seconds from now; `linked`, many names for one file, where nobody reads the messages
 * @returns the queue id of the last one
 */
export function addMessages(queue, count, size, { dueIn = -60, linked = false } = {}) {
  const now = Date.now()
  const clock = { now: () => now - 60_000 }
  const envelope = { sender: SENDER, recipients: [RECIPIENT] }
  const file = Buffer.concat([formatMetaBlock({ envelope, queuedAt: clock.now() }), message(size)])
  let [unique, first] = ['', '']
  for (let each = 0; each < count; each += 1) {
    unique = newUnique(clock)
    const name = formatName({ unique, nextAttempt: Math.floor(now / 1000) + dueIn, priority: 5 })
    const path = join(queue, 'new', name)
    if (linked && each % MOST_LINKS !== 0) linkSync(first, path)
    else writeFileSync((first = path), file, { mode: 0o600 })
  }
  return queueId(unique)
}

/** Makes an empty queue with so many messages, in place of what is there. @see addMessages */
export function fillQueue(queue, count, size, options) {
  rmSync(queue, { recursive: true, force: true })
  for (const folder of FOLDERS) mkdirSync(join(queue, folder), { recursive: true, mode: 0o700 })
  const id = addMessages(queue, count, size, options)
  spawnSync('sync', ['-f', queue])
  return id
}

/** Fails unless the queue is empty: a measurement of work that was not done is none. */
export function requireEmpty(queue) {
  for (const folder of ['new', 'cur', 'failed', 'corrupt']) {
    const left = readdirSync(join(queue, folder)).length
    if (left > 0) throw new Error(`${left} messages are left in ${folder}/ of ${queue}`)
  }
}
