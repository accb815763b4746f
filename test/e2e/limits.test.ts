/**
 * Limits with real processes: several at once never send more than allowed, nothing is lost, and a process that is
 * killed anywhere in its ledger leaves nothing behind that lets more through or keeps mail for ever.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { namesIn, queueContents } from '../helpers/queue-dir.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, MESSAGE, Try, WIRE, type Point } from './crash-rig.ts'

const SENDER = fileURLToPath(new URL('../helpers/limited-sender.mjs', import.meta.url))
const MOST = 4
const WINDOW = 1500

let sink: SmtpSink
let tries = 0
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

function startSender(queueDir: string, port: number, most: number): ChildProcess {
  const args = [SENDER, queueDir, String(port), String(most), String(WINDOW)]
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

function senderProcess(queueDir: string, port: number): Promise<number | null> {
  const child = startSender(queueDir, port, MOST)
  return new Promise((resolve) => child.once('close', resolve))
}

describe('two processes and one limit', () => {
  it('send everything, and never more than allowed in any window', async () => {
    const times: number[] = []
    const server = await startSmtpSink({
      mail: () => {
        times.push(Date.now())
        return undefined
      },
    })
    onTestFinished(() => server.close())
    const attempt = new Try(server)
    const queue = new MaildirQueue(attempt.queueDir)
    const recipients = Array.from({ length: 14 }, (_, index) => `r${index}@d.example`)
    for (const recipient of recipients) {
      const envelope = { sender: 'a@s.example', recipients: [recipient] }
      await queue.enqueue({ envelope, content: bufferContent(WIRE) })
    }
    const both = [0, 1].map(() => senderProcess(attempt.queueDir, server.port))
    expect(await Promise.all(both)).toEqual([0, 0])
    expect(server.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(recipients.sort())
    const fullest = times.map((from) => times.filter((at) => at >= from && at < from + WINDOW).length)
    expect(Math.max(...fullest)).toBeLessThanOrEqual(MOST)
    expect(queueContents(attempt.queueDir)).toEqual({})
    attempt.end()
  })

  it('never send more although they are killed at random, and lose nothing', async () => {
    const most = 10
    const times: number[] = []
    let child: (ChildProcess | undefined)[] = [undefined, undefined]
    let kills = 0
    const server = await startSmtpSink({
      mail: () => {
        times.push(Date.now())
        // What a kill keeps reserved is a few places of ten, for longer than this test.
        if (kills < 2 && times.length % 7 === 5) {
          kills += 1
          child[kills % 2]?.kill('SIGKILL')
        }
        return undefined
      },
    })
    onTestFinished(() => server.close())
    const attempt = new Try(server)
    const queue = new MaildirQueue(attempt.queueDir)
    const recipients = Array.from({ length: 30 }, (_, index) => `k${index}@d.example`)
    for (const recipient of recipients) {
      const envelope = { sender: 'a@s.example', recipients: [recipient] }
      await queue.enqueue({ envelope, content: bufferContent(WIRE) })
    }
    /** Starts it again, as cron would, until it has found nothing more to do. */
    const keepAlive = async (place: number): Promise<void> => {
      for (let code: number | null = null; code !== 0;) {
        const started = startSender(attempt.queueDir, server.port, most)
        child = child.with(place, started)
        code = await new Promise((resolve) => started.once('close', resolve))
        expect([0, null]).toContain(code)
      }
    }
    await Promise.all([0, 1].map(keepAlive))
    expect(kills).toBe(2)
    const taken = server.messages.flatMap(({ rcptTo }) => rcptTo)
    expect(new Set(taken)).toEqual(new Set(recipients))
    // Each process has three messages in flight, which are in doubt after its end.
    expect(taken.length).toBeLessThanOrEqual(recipients.length + 3 * kills)
    const fullest = times.map((from) => times.filter((at) => at >= from && at < from + WINDOW).length)
    expect(Math.max(...fullest)).toBeLessThanOrEqual(most)
    expect(attempt.holds()).toEqual([])
    attempt.end()
  })

  it('share the limit between mq-sendmail and mq-run, and keep the rest in the queue', async () => {
    const attempt = new Try(sink)
    const settings = { limit_per_day: '3' }
    attempt.configure(settings)
    const tag = `share${(tries += 1)}@d.example`
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}-${tag}`)
    const queued = names.slice(0, 3).map((name) => attempt.run('mq-sendmail', ['-odq', name], MESSAGE))
    expect((await Promise.all(queued)).map(({ code }) => code)).toEqual([0, 0, 0])
    const sending = names.slice(3).map((name) => attempt.run('mq-sendmail', [name], MESSAGE))
    const running = [0, 1].map(() => attempt.run('mq-run', ['--force']))
    expect((await Promise.all(sending)).map(({ code, stderr }) => [code, stderr])).toEqual(
      Array(3).fill([0, '']),
    )
    await Promise.all(running)
    const sent = names.filter((name) => attempt.deliveries(name) === 1)
    expect(sent).toHaveLength(3)
    expect(attempt.holds()).toHaveLength(3)
    const { code, stderr } = await attempt.run('mq-run', ['--verbose', '--all'])
    expect(code).toBe(75)
    expect(stderr).toContain('the account default may send 3 messages a day (limit_per_day)')
    expect(names.filter((name) => attempt.deliveries(name) === 1)).toEqual(sent)
    await attempt.settle()
    expect(names.map((name) => attempt.deliveries(name))).toEqual(Array(6).fill(1))
    expect(queueContents(attempt.queueDir)).toEqual({})
    attempt.end()
  })
})

/** A ledger that has grown so much that the next process replaces it. */
function growLedger(queueDir: string): void {
  const notes = join(queueDir, 'notes')
  for (const folder of [queueDir, join(queueDir, 'new'), notes]) mkdirSync(folder, { mode: 0o700 })
  const path = join(notes, 'ledger.limit.default.1')
  writeFileSync(path, '', { mode: 0o600 })
  const now = Date.now()
  for (let count = 0; count < 3000; count += 1) {
    const id = count.toString(16).padStart(16, '0')
    appendFileSync(path, `\nr ${id} ${now} 1 1;\n\nc ${id};\n`)
  }
}

/** Makes mq-sendmail fail at a point, with room for two messages, and tries three more. */
async function tryAt(point: Point, grown = false): Promise<boolean> {
  const attempt = new Try(sink)
  attempt.configure({ limit_per_day: '2' })
  if (grown) growLedger(attempt.queueDir)
  const tag = `limit${(tries += 1)}@d.example`
  const names = ['a', 'b', 'c', 'd'].map((name) => `${name}-${tag}`)
  const [first = '', ...others] = names
  const struck = await attempt.runAt(point, 'mq-sendmail', [first], MESSAGE)
  const operations = attempt.operations()
  const reached = operations.length >= point.at
  const accepted = new Set<string>(struck.code === 0 ? [first] : [])
  for (const name of others) {
    expect(await attempt.run('mq-sendmail', [name], MESSAGE)).toMatchObject({ code: 0, stderr: '' })
    accepted.add(name)
  }
  const where = `${point.how} at ${operations[point.at - 1] ?? 'nothing'}: ${struck.stderr}`
  const count = (): number => names.reduce((sum, name) => sum + attempt.deliveries(name), 0)
  expect(count(), where).toBeLessThanOrEqual(2)
  // What a crash keeps reserved is at most one message.
  expect(count(), where).toBeGreaterThanOrEqual(1)
  expect(namesIn(join(attempt.queueDir), 'notes').filter((name) => name.startsWith('ledger.'))).toHaveLength(
    1,
  )
  await attempt.settle()
  for (const name of accepted) expect(attempt.deliveries(name), where).toBe(1)
  expect(attempt.holds()).toEqual([])
  attempt.end()
  return reached
}

/** What changes anything. */
const CHANGES = '^(write|link|unlink|f(data)?sync)'

describe('the ledger', () => {
  it('survives a kill before any of its changes, also while it is replaced', async () => {
    const points = await forEveryPoint((at) => tryAt({ at, how: 'before', ops: CHANGES }, true))
    expect(points).toBeGreaterThanOrEqual(10)
  })

  it('survives a kill in the middle of any write', async () => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'half', ops: '^write' }, true))).toBeGreaterThan(2)
  })

  it('lets nothing be lost and nothing exceed the limit when a change fails', async () => {
    const errnos = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'] as const
    const how = (at: number) => errnos[at % errnos.length] ?? 'EIO'
    const points = await forEveryPoint((at) => tryAt({ at, how: how(at), ops: CHANGES }, true))
    expect(points).toBeGreaterThanOrEqual(10)
  })
})
