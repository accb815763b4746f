/**
 * A user drops a message and the owner of the queue takes it over; either of them is killed at each of its file operations,
 * or has each of them fail. What was accepted arrives once, whatever happens, and nothing is left behind.
 */
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  as,
  canBeOthers,
  droppedText,
  messageName,
  NOBODY,
  openDropSite,
  type DropSite,
} from '../helpers/drop-site.ts'
import { namesIn } from '../helpers/queue-dir.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, MESSAGE, Try, type Point } from './crash-rig.ts'

const CRASH_POINT = fileURLToPath(new URL('../helpers/crash-point.cjs', import.meta.url))
let sink: SmtpSink
let tries = 0
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

/** Drops a message as a user whose k-th operation in the drop kills him or fails. */
async function dropAt(site: DropSite, { at, how }: Point): Promise<number | null> {
  const { NODE_OPTIONS = '', ...user } = as(NOBODY)
  const env = {
    ...user,
    NODE_OPTIONS: `${NODE_OPTIONS} --require ${CRASH_POINT}`,
    MQ_TEST_CRASH_DIR: site.drop,
    MQ_TEST_CRASH_AT: String(at),
    MQ_TEST_CRASH_HOW: how,
  }
  const { code } = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: MESSAGE, env })
  return code
}

/** More operations than dropping takes. */
const POINTS = Array.from({ length: 16 }, (_, place) => place + 1)

describe.runIf(canBeOthers())('who drops a message', () => {
  it.each(['before', 'after'])('may be killed %s any of his file operations', async (how) => {
    const site = await openDropSite()
    let [accepted, killed] = [0, 0]
    for (const at of POINTS) {
      if ((await dropAt(site, { at, how })) === 0) accepted += 1
      else killed += 1
    }
    expect(killed).toBeGreaterThan(5)
    const messages = site.dropped().filter((name) => !name.startsWith('.'))
    expect(messages.length).toBeGreaterThanOrEqual(accepted)
    await site.takeOver()
    expect(site.received).toHaveLength(messages.length)
  })

  it.each(['ENOSPC', 'EIO', 'EDQUOT'])('keeps the message when an operation fails with %s', async (how) => {
    const site = await openDropSite()
    let accepted = 0
    for (const at of POINTS) {
      const code = await dropAt(site, { at, how })
      if (code === 0) accepted += 1
      else expect(code).toBe(75)
      expect(site.dropped()).toHaveLength(accepted)
    }
    expect(accepted).toBeLessThan(POINTS.length - 5)
  })
})

/** What arrives of it. */
const DROPPED = Buffer.from('Subject: s\r\n\r\nbody\r\n')

/** A dropped message is taken over by mq-run, which is killed on the way. */
async function takeOverAt(point: Point): Promise<boolean> {
  const attempt = new Try(sink)
  tries += 1
  const recipient = `drop${tries}@d.example`
  const drop = join(attempt.directory, 'drop')
  mkdirSync(attempt.queueDir, { mode: 0o700 })
  mkdirSync(drop)
  chmodSync(drop, 0o3733)
  const path = join(drop, messageName())
  writeFileSync(path, droppedText(recipient))
  chownSync(path, NOBODY, NOBODY)
  attempt.configure({ submit_dir: drop, smtp_port: '1' })
  const { signal, code } = await attempt.runAt({ ...point, within: attempt.directory }, 'mq-run', [])
  const reached = attempt.operations().length >= point.at
  if (reached && point.how === 'before') expect(signal).toBe('SIGKILL')
  else if (reached) expect(code).not.toBeNull()
  attempt.configure({ submit_dir: drop })
  await attempt.runQueue(['--all'])
  await attempt.settle()
  expect(attempt.deliveries(recipient, DROPPED)).toBe(1)
  expect(attempt.holds()).toEqual([])
  expect(readdirSync(drop)).toEqual([])
  expect(namesIn(attempt.queueDir, 'taken')).toEqual([])
  attempt.end()
  return reached
}

describe.runIf(process.getuid?.() === 0)('who takes a dropped message over', () => {
  it.each(['before', 'ENOSPC'])('may be stopped %s any operation that changes a file', async (how) => {
    const ops = '^(?:open|write|rename|unlink|fsync|mkdir)'
    expect(await forEveryPoint((at) => takeOverAt({ at, how, ops }))).toBeGreaterThan(20)
  })
})
