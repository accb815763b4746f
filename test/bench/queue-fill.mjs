/**
 * Makes queues of any size quickly: the files are what the library would have written, without a sync for each.
 * What is measured afterwards must not wait for the disk to catch up, so all of it is synced once at the end.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatName, newUnique } from '../../dist/lib/queue/entry-name.js'
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

/** Makes an empty queue with `count` due messages of `size` octets, in place of what is there. */
export function fillQueue(queue, count, size) {
  rmSync(queue, { recursive: true, force: true })
  for (const folder of FOLDERS) mkdirSync(join(queue, folder), { recursive: true, mode: 0o700 })
  const now = Date.now() - 60_000
  const clock = { now: () => now }
  const file = Buffer.concat([
    formatMetaBlock({ envelope: { sender: SENDER, recipients: [RECIPIENT] }, queuedAt: now }),
    message(size),
  ])
  for (let each = 0; each < count; each += 1) {
    const name = formatName({ unique: newUnique(clock), nextAttempt: Math.floor(now / 1000), priority: 5 })
    writeFileSync(join(queue, 'new', name), file, { mode: 0o600 })
  }
  spawnSync('sync', ['-f', queue])
}

/** Fails unless the queue is empty: a measurement of work that was not done is none. */
export function requireEmpty(queue) {
  for (const folder of ['new', 'cur', 'failed', 'corrupt']) {
    const left = readdirSync(join(queue, folder)).length
    if (left > 0) throw new Error(`${left} messages are left in ${folder}/ of ${queue}`)
  }
}
