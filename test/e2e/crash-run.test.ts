/**
 * mq-run is killed at each of its file operations, and each of them is made to fail, while it delivers, retries
 * and recovers. Nobody loses a message, and nobody gets a second copy without a doubt on record.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, Try, WIRE, type Point } from './crash-rig.ts'

/** Too large to be held in memory. */
const LARGE = Buffer.concat([WIRE, Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(5000))])

let sink: SmtpSink
let tries = 0
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

/** A queue with a plain message, a large one, and one that was tried before and has mixed recipients. */
async function filledQueue(tag: string): Promise<Try> {
  const attempt = new Try(sink)
  attempt.configure({ connections: '1' })
  const queue = new MaildirQueue(attempt.queueDir)
  const enqueue = (bytes: Buffer, recipients: string[], history = {}) =>
    queue.enqueue({ envelope: { sender: 'a@s.example', recipients }, content: bufferContent(bytes) }, history)
  await enqueue(WIRE, [`plain-${tag}`])
  const delay = {
    status: 'deferred',
    recipient: `defer-${tag}`,
    scope: 'recipient',
    reason: 'later',
  } as const
  await enqueue(WIRE, [`mixed-${tag}`, `defer-${tag}`, `reject-${tag}`], { outcomes: [delay] })
  await enqueue(LARGE, [`large-${tag}`])
  return attempt
}

/** Lets the queue come to rest and checks who has what. */
async function check(attempt: Try, tag: string): Promise<void> {
  const doubtful = await attempt.settle()
  expect(attempt.holds()).toEqual([`new mixed-${tag}=delivered defer-${tag}=deferred reject-${tag}=failed`])
  for (const [name, bytes] of [
    ['plain', WIRE],
    ['mixed', WIRE],
    ['large', LARGE],
  ] as const) {
    const recipient = `${name}-${tag}`
    const copies = attempt.deliveries(recipient, bytes)
    expect(copies, recipient).toBeGreaterThanOrEqual(1)
    expect(copies, recipient).toBeLessThanOrEqual(doubtful.has(recipient) ? 2 : 1)
  }
  expect(attempt.deliveries(`defer-${tag}`) + attempt.deliveries(`reject-${tag}`)).toBe(0)
  attempt.end()
}

async function tryAt(point: Point, before?: Point): Promise<boolean> {
  tries += 1
  const tag = `${tries}@d.example`
  const attempt = await filledQueue(tag)
  if (before !== undefined) {
    expect((await attempt.runAt(before, 'mq-run', [])).signal).toBe('SIGKILL')
    attempt.forgetOperations()
  }
  const { code, signal, stderr } = await attempt.runAt(point, 'mq-run', [])
  const operations = attempt.operations()
  const reached = operations.length >= point.at
  const where = `${point.how} at ${operations[point.at - 1] ?? 'nothing'}, the ${point.at}.: ${stderr}`
  const kills = point.how === 'before' || point.how === 'half'
  if (reached && kills) expect(signal).toBe('SIGKILL')
  // Without a fault, one message is deferred, unless that happened in the run before.
  else expect(before === undefined ? [75, 77] : [0, 75], where).toContain(code)
  await check(attempt, tag)
  return reached
}

/** The message was handed over, taken, and not yet removed from the queue. */
const DELIVERED: Point = { at: 1, how: 'before', ops: '^unlink' }
/** The message was claimed, and nothing else. */
const CLAIMED: Point = { at: 1, how: 'after', ops: '^renameSync$' }

describe('mq-run', () => {
  it('may be killed before any of its file operations', async () => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'before' }))).toBeGreaterThan(60)
  })

  it('may be killed in the middle of any of its writes', async () => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'half', ops: '^write' }))).toBeGreaterThanOrEqual(5)
  })

  it.each([
    ['a message that was delivered', DELIVERED],
    ['a message that was not sent', CLAIMED],
  ])('may be killed before any change it makes while it recovers %s', async (_what, before) => {
    const ops = '^(open|write|rename|unlink|f(data)?sync|rmSync)'
    const points = await forEveryPoint((at) => tryAt({ at, how: 'before', ops }, before))
    expect(points).toBeGreaterThan(20)
  })

  it('keeps everything when one of its file operations fails', async () => {
    const errnos = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EDQUOT'] as const
    const points = await forEveryPoint((at) => tryAt({ at, how: errnos[at % errnos.length] ?? 'EIO' }))
    expect(points).toBeGreaterThan(60)
  })

  it('keeps everything when a change is not permitted', async () => {
    // A message that may not be read is another matter: it goes to corrupt/.
    const ops = '^(write|rename|unlink|mkdir|f(data)?sync|open$)'
    expect(await forEveryPoint((at) => tryAt({ at, how: 'EACCES', ops }))).toBeGreaterThan(20)
  })
})
