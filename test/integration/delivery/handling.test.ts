/**
 * What one message may ask of the queue: how urgent it is, when it may be sent, when it is given up, and the batch it
 * belongs to, which can be suspended as a whole.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAdministration } from '../../../src/delivery/administer.ts'
import { deliveryContext } from '../../../src/delivery/context.ts'
import { runQueueOnce } from '../../../src/delivery/run-queue.ts'
import { submit } from '../../../src/delivery/submit.ts'
import { activate, readSuspended, suspend } from '../../../src/delivery/suspension.ts'
import {
  bufferContent,
  enqueueMessage,
  MaildirQueue,
  MemoryTransport,
  MessageHandler,
} from '../../../src/index.ts'
import type { Handling } from '../../../src/queue/store.ts'
import { namesIn, queueContents } from '../../helpers/queue-dir.ts'
import { temporaryDirectory } from './workspace.ts'

const HOUR = 3600_000
const CONTENT = bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n'))

function site() {
  const queueDir = join(temporaryDirectory(), 'queue')
  const time = { now: 1_795_000_000_000 }
  const clock = { now: () => time.now }
  const queue = new MaildirQueue(queueDir, clock)
  const server = new MemoryTransport()
  const context = deliveryContext({ clock })
  const send = (recipient: string, handling: Handling, spool: 'fallback' | 'first' | 'only' = 'fallback') => {
    const envelope = { sender: 'a@site.example', recipients: [recipient] }
    return submit({ envelope, content: CONTENT, transport: server, queue, spool, handling }, context)
  }
  const run = (more = {}) => runQueueOnce(queue, server, context, { connections: 1, ...more })
  const received = () => server.messages.map(({ recipients }) => recipients[0])
  return { queueDir, queue, time, server, context, send, run, received }
}

describe('a message that is to be sent later', () => {
  it.each(['fallback', 'first', 'only'] as const)('waits for its time with spool = %s', async (spool) => {
    const { queueDir, time, send, run, received } = site()
    const notBefore = time.now + 100 * HOUR
    expect(await send('b@x', { notBefore }, spool)).toMatchObject({ sent: [], queued: ['b@x'] })
    for (const more of [{}, { all: true }, { all: true, force: true }]) {
      expect(await run(more)).toMatchObject({ delivered: 0, stopped: undefined })
    }
    expect(namesIn(queueDir, 'new')[0]).toMatch(
      new RegExp(`,N=${notBefore / 1000},P=5,B=${notBefore / 1000}$`),
    )
    time.now = notBefore - 1
    expect(await run({ all: true })).toMatchObject({ delivered: 0 })
    expect(received()).toEqual([])
    time.now = notBefore
    expect(await run()).toMatchObject({ delivered: 1 })
    expect(received()).toEqual(['b@x'])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('is as old as the time since it may be sent', async () => {
    const { queueDir, time, server, send, run } = site()
    const notBefore = time.now + 1000 * HOUR
    await send('b@x', { notBefore })
    time.now = notBefore
    server.send = ({ envelope }) =>
      Promise.resolve(
        envelope.recipients.map((recipient) => ({
          status: 'deferred',
          scope: 'recipient',
          recipient,
          reason: 'later',
        })),
      )
    expect(await run()).toMatchObject({ deferred: 1, failed: 0 })
    expect(queueContents(queueDir)).toEqual({ new: ['b@x=deferred'] })
  })

  it('is refused without a queue to wait in', async () => {
    const { time } = site()
    const handler = new MessageHandler([new MemoryTransport()], { clock: { now: () => time.now } })
    const to = { sender: 'a@x', recipients: 'b@x', notBefore: time.now + HOUR }
    await expect(handler.sendMessage('Subject: s\n\nbody\n', to)).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
    })
  })

  it('waits further when it is held and released, and goes at once when it is retried', async () => {
    const { queueDir, queue, time, context, send, run, received } = site()
    await send('b@x', { notBefore: time.now + HOUR })
    const administrator = await openAdministration({ queue, context, by: 'ann' })
    for (const action of ['hold', 'release', 'retry'] as const) {
      for await (const entry of queue.list(['new', 'hold'])) await administrator.change(entry, { action })
      if (action === 'release') expect(await run({ all: true })).toMatchObject({ delivered: 0 })
    }
    await administrator.close()
    expect(await run()).toMatchObject({ delivered: 1 })
    expect(received()).toEqual(['b@x'])
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('the order of a run', () => {
  it.each([{}, { all: true }])('is that of the priorities with %j', async (more) => {
    const { queueDir, send, run, received } = site()
    for (const priority of [5, 9, 0, 3]) await send(`p${priority}@x`, { priority }, 'only')
    await send('usual@x', {}, 'only')
    await run(more)
    expect(received().filter((each) => each !== 'usual@x')).toEqual(['p0@x', 'p3@x', 'p5@x', 'p9@x'])
    expect(received().indexOf('usual@x')).toBeGreaterThan(1)
    expect(received().at(-1)).toBe('p9@x')
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('a suspended batch', () => {
  it('is kept back, also what comes later, and nothing else', async () => {
    const { queueDir, queue, send, run, received } = site()
    await send('early@x', { batch: 'spring sale' }, 'only')
    await suspend(queue, 'spring sale')
    await send('other@x', { batch: 'autumn sale' })
    expect(await send('late@x', { batch: 'spring sale' })).toMatchObject({ queued: ['late@x'] })
    expect(await send('first@x', { batch: 'spring sale' }, 'first')).toMatchObject({ queued: ['first@x'] })
    expect(await run({ all: true })).toMatchObject({ delivered: 0, held: 3, stopped: undefined })
    expect(received()).toEqual(['other@x'])
    expect(queueContents(queueDir)).toEqual({
      hold: ['early@x=pending', 'first@x=pending', 'late@x=pending'],
    })
  })

  it('is sent again once it is active', async () => {
    const { queueDir, queue, send, run, received } = site()
    await suspend(queue, 'a/b c')
    await suspend(queue, 'other')
    expect(await readSuspended(queue)).toEqual({ all: false, batches: new Set(['a/b c', 'other']) })
    await send('b@x', { batch: 'a/b c' })
    await activate(queue, 'a/b c')
    expect(await readSuspended(queue)).toEqual({ all: false, batches: new Set(['other']) })
    expect(await run()).toMatchObject({ delivered: 1 })
    expect(received()).toEqual(['b@x'])
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('all sending', () => {
  it('can be suspended: everything is queued, and runs touch nothing', async () => {
    const { queueDir, queue, send, run, received } = site()
    await suspend(queue)
    await suspend(queue, 'one')
    await send('a@x', {})
    await send('b@x', { batch: 'two' }, 'first')
    const report = await run({ all: true })
    expect(report).toMatchObject({ delivered: 0, held: 0, stopped: { scope: 'account' } })
    expect(report.stopped?.reason).toContain('mq-queue activate ALL')
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=pending', 'b@x=pending'] })
    await expect(activate(queue, 'one')).rejects.toMatchObject({ code: 'USAGE' })
    await activate(queue)
    expect(await readSuspended(queue)).toEqual({ all: false, batches: new Set() })
    expect(await run()).toMatchObject({ delivered: 2 })
    expect(received().toSorted()).toEqual(['a@x', 'b@x'])
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('a time that a program gives', () => {
  it.each([
    ['notBefore', 8.64e15],
    ['notBefore', NaN],
    ['notBefore', -1],
    ['expires', NaN],
    ['expires', Infinity],
    ['expires', 9e15],
  ])('as %s is refused when it is %d', async (name, time) => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const options = { sender: 'a@x', recipients: 'b@x', [name]: time }
    await expect(enqueueMessage('Subject: s\n\n', queueDir, options)).rejects.toMatchObject({
      code: 'USAGE',
      message: `${name} has to be a time in milliseconds since the epoch, before the year 10000`,
    })
    expect(queueContents(queueDir)).toEqual({})
  })

  it('may be the end of the year 9999', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const last = Date.UTC(9999, 11, 31, 23, 59, 59)
    await enqueueMessage('Subject: s\n\n', queueDir, {
      ...{ sender: 'a@x', recipients: 'b@x' },
      ...{ notBefore: last, expires: last },
    })
    const transport = new MemoryTransport()
    await runQueueOnce(new MaildirQueue(queueDir), transport, deliveryContext(), {
      ...{ connections: 1, all: true },
    })
    expect(transport.messages).toEqual([])
    const { new: names = [] } = queueContents(queueDir)
    expect(names).toHaveLength(1)
  })
})
