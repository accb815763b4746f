/**
 * One pass over the queue: policy, plug-ins and the ends of a run, with a real queue and a real server.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  enqueueMessage,
  MaildirQueue,
  MemoryTransport,
  runQueue,
  type PluginEvent,
  type QueueEntry,
  type PluginHooks,
  type RecipientOutcome,
  type RunQueueOptions,
  type Transport,
} from '../../../src/index.ts'
import { parseJournal } from '../../../src/queue/journal/event.ts'
import { failSyncOf } from '../../helpers/failing-sync.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { holds, settingsOf, sink, tellingPlugin, temporaryDirectory, told } from './workspace.ts'

const HOUR = 3600_000
const MESSAGE = 'From: a@site.example\nSubject: s\n\nbody\n'

async function queueWith(...recipients: string[]): Promise<string> {
  const queueDir = join(temporaryDirectory(), 'queue')
  for (const recipient of recipients) {
    await enqueueMessage(MESSAGE, queueDir, { sender: 'a@site.example', recipients: recipient.split(' ') })
  }
  return queueDir
}

/** Everybody who has a message according to the journals. */
function journals(queueDir: string): string[] {
  const state = join(queueDir, 'state')
  const text = readdirSync(state)
    .map((name) => readFileSync(join(state, name), 'utf8'))
    .join('')
  return parseJournal(text).flatMap((event) => (event.event === 'delivered' ? event.recipients : []))
}

/** The waiting messages as a listing sees them. */
async function waiting(queueDir: string): Promise<QueueEntry[]> {
  const entries: QueueEntry[] = []
  for await (const entry of new MaildirQueue(queueDir).list(['new'])) entries.push(entry)
  return entries
}

function at(now: number, more: RunQueueOptions = {}): RunQueueOptions {
  return { ...more, context: { clock: { now: () => now }, ...more.context } }
}

describe('runQueue', () => {
  it('delivers what is due and leaves an empty queue', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example', 'two@x.example three@x.example')
    const report = await runQueue(queueDir, settingsOf(server.port))
    expect(report).toMatchObject({ delivered: 2, deferred: 0, failed: 0, stopped: undefined, busy: false })
    expect(server.messages.map(({ rcptTo }) => rcptTo).sort()).toEqual([
      ['one@x.example'],
      ['two@x.example', 'three@x.example'],
    ])
    expect(await holds(queueDir)).toEqual([])
  })

  it('tells what it delivered although the disk fails in the end', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example')
    failSyncOf('cur')
    const report = await runQueue(queueDir, settingsOf(server.port))
    expect(report).toMatchObject({ delivered: 1, stopped: { scope: 'host' } })
    expect(report.stopped?.reason).toContain('cannot make removals durable')
    expect(server.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })

  it('sends to each recipient of a partly refused message once, however often it runs', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example reject@x.example defer@x.example')
    const first = await runQueue(queueDir, settingsOf(server.port))
    expect(first).toMatchObject({ delivered: 0, deferred: 1, failed: 0 })
    expect(await holds(queueDir)).toEqual([
      'new: one@x.example=delivered reject@x.example=failed defer@x.example=deferred',
    ])
    await runQueue(queueDir, settingsOf(server.port), { all: true })
    expect(server.messages.map(({ rcptTo }) => rcptTo)).toEqual([['one@x.example']])
    const open = new MemoryTransport()
    await runQueue(queueDir, { bounce: 'none' }, at(Date.now() + HOUR, { transport: open }))
    expect(open.messages.map(({ recipients }) => recipients)).toEqual([['defer@x.example']])
    expect(await holds(queueDir)).toEqual([
      'failed: one@x.example=delivered reject@x.example=failed defer@x.example=delivered',
    ])
  })

  it('tries a deferred message again only when it is due', async () => {
    const server = await sink()
    const queueDir = await queueWith('defer@x.example')
    const start = Date.now()
    expect(await runQueue(queueDir, settingsOf(server.port), at(start))).toMatchObject({ deferred: 1 })
    expect(await runQueue(queueDir, settingsOf(server.port), at(start + 40_000))).toMatchObject({
      deferred: 0,
    })
    expect(await runQueue(queueDir, settingsOf(server.port), at(start + 80_000))).toMatchObject({
      deferred: 1,
    })
    const [entry] = await waiting(queueDir)
    expect((entry?.nextAttempt ?? 0) - start - 80_000).toBeGreaterThanOrEqual(3 * 60_000 * 0.8 - 1000)
    expect(await holds(queueDir)).toEqual(['new: defer@x.example=deferred'])
  })

  it('gives a message up when it is deferred after the expiry', async () => {
    const server = await sink()
    const queueDir = await queueWith('defer@x.example')
    const report = await runQueue(queueDir, settingsOf(server.port), at(Date.now() + 6 * 24 * HOUR))
    expect(report).toMatchObject({ failed: 1, deferred: 0 })
    expect(await holds(queueDir)).toEqual(['failed: defer@x.example=expired'])
  })

  it('makes one connection attempt and touches no message when the server is down', async () => {
    const queueDir = await queueWith('one@x.example', 'two@x.example', 'three@x.example')
    const names = (await waiting(queueDir)).map(({ key }) => key)
    const report = await runQueue(queueDir, settingsOf(DEAD_PORT))
    expect(report).toMatchObject({ delivered: 0, deferred: 0, failed: 0 })
    expect(report.stopped).toMatchObject({
      scope: 'account',
      reason: expect.stringMatching(/ECONNREFUSED/) as unknown,
    })
    expect((await waiting(queueDir)).map(({ key }) => key)).toEqual(names)
    expect(await holds(queueDir)).toEqual([
      'new: one@x.example=pending',
      'new: three@x.example=pending',
      'new: two@x.example=pending',
    ])
  })

  it('goes on after one message that makes the server end the session, and stops after two in a row', async () => {
    const server = await sink({
      rcpt: ({ address }) => (address.startsWith('bad') ? { drop: '421 4.3.0 bye' } : undefined),
    })
    const queueDir = join(temporaryDirectory(), 'queue')
    let time = Date.now() - 60_000
    const queue = new MaildirQueue(queueDir, { now: () => time })
    for (const name of ['bad1', 'good', 'bad2', 'bad3', 'last']) {
      await enqueueMessage(MESSAGE, queue, { sender: 'a@site.example', recipients: `${name}@x.example` })
      time += 1000
    }
    const settings = settingsOf(server.port, { connections: 1 })
    const first = await runQueue(queueDir, settings, { all: true })
    expect(first).toMatchObject({ delivered: 1, deferred: 3, stopped: { scope: 'account' } })
    expect(server.messages.map(({ rcptTo }) => rcptTo)).toEqual([['good@x.example']])
    await runQueue(queueDir, settings)
    expect(server.messages.map(({ rcptTo }) => rcptTo)).toEqual([['good@x.example'], ['last@x.example']])
    expect(await holds(queueDir)).toEqual([
      'new: bad1@x.example=deferred',
      'new: bad2@x.example=deferred',
      'new: bad3@x.example=deferred',
    ])
  })

  it('does nothing beside an older run, unless forced', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example')
    const older = await new MaildirQueue(queueDir).openRunner('run')
    expect(await runQueue(queueDir, settingsOf(server.port))).toMatchObject({ busy: true, delivered: 0 })
    expect(await runQueue(queueDir, settingsOf(server.port), { force: true })).toMatchObject({
      busy: false,
      delivered: 1,
    })
    await older.close()
    expect(await holds(queueDir)).toEqual([])
  })

  it('stores who has a message of several transactions before the next one begins', async () => {
    const queueDir = await queueWith('one@x.example two@x.example three@x.example')
    const seen: string[][] = []
    const server = await sink({
      dot: ({ transaction }) => {
        if (transaction > 1) seen.push(journals(queueDir))
        return transaction === 3 ? { just: 'drop' } : undefined
      },
    })
    await runQueue(queueDir, settingsOf(server.port, { max_recipients: 1 }))
    expect(seen).toEqual([['one@x.example'], ['one@x.example', 'two@x.example']])
    expect(await holds(queueDir)).toEqual([
      'new: one@x.example=delivered two@x.example=delivered three@x.example=in-doubt',
    ])
    const [entry] = await waiting(queueDir)
    if (entry === undefined) throw new Error('nothing waits')
    expect((await new MaildirQueue(queueDir).describe(entry))?.attempts).toBe(1)
  })

  it('removes a message of several transactions when all have it', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example two@x.example three@x.example')
    expect(await runQueue(queueDir, settingsOf(server.port, { max_recipients: 1 }))).toMatchObject({
      delivered: 1,
    })
    expect(server.messages).toHaveLength(3)
    expect(await holds(queueDir)).toEqual([])
    expect(readdirSync(join(queueDir, 'state'))).toEqual([])
  })

  it('is not kept from its work by what lies in runners/', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example')
    mkdirSync(join(queueDir, 'runners'), { recursive: true })
    mkdirSync(join(queueDir, 'runners', 'junk'))
    mkdirSync(join(queueDir, 'runners', 'p1r00000000'))
    execFileSync('mkfifo', [join(queueDir, 'runners', 'p2r00000000')])
    expect(await runQueue(queueDir, settingsOf(server.port))).toMatchObject({ delivered: 1, busy: false })
  })

  it('goes to work beside a run that has not shown a heartbeat for a minute', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example')
    const stopped = await new MaildirQueue(queueDir).openRunner('run')
    const hourAgo = Date.now() / 1000 - 3600
    utimesSync(join(queueDir, 'runners', `${stopped.id}.lock`), hourAgo, hourAgo)
    expect(await runQueue(queueDir, settingsOf(server.port))).toMatchObject({ busy: false, delivered: 1 })
    await stopped.close()
    expect(await holds(queueDir)).toEqual([])
  })

  it('records a delivery without a reply as in doubt and sends it again later with the same bytes', async () => {
    const server = await sink({
      dot: ({ transaction }) => (transaction === 1 ? { just: 'drop' } : undefined),
    })
    const queueDir = await queueWith('one@x.example')
    expect(await runQueue(queueDir, settingsOf(server.port))).toMatchObject({ deferred: 1 })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=in-doubt'])
    const again = new MemoryTransport()
    await runQueue(queueDir, {}, at(Date.now() + HOUR, { transport: again }))
    expect(again.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })
})

describe('plug-ins in a run', () => {
  const giveUpAfter = (limit: number, seen: PluginEvent[]): PluginHooks => ({
    emit: async (signal, event) => {
      if (signal !== 'delivery_failed') return undefined
      seen.push(event)
      return event.message.retries > limit ? 'discard' : undefined
    },
  })

  it('let a plug-in discard a message after a number of failed attempts', async () => {
    const server = await sink()
    const queueDir = await queueWith('defer@x.example')
    const seen: PluginEvent[] = []
    const start = Date.now()
    for (let day = 0; day < 4; day += 1) {
      const context = { plugins: giveUpAfter(3, seen), clock: { now: () => start + day * 5 * HOUR } }
      await runQueue(queueDir, settingsOf(server.port), { context })
      expect(await holds(queueDir)).toEqual(day < 3 ? ['new: defer@x.example=deferred'] : [])
    }
    expect(seen.map(({ message }) => message.retries)).toEqual([1, 2, 3, 4])
  })

  it('are ended with the run, also with one that is refused, and not loaded beside those of the application', async () => {
    const server = await sink()
    const queueDir = await queueWith('one@x.example')
    const directory = temporaryDirectory()
    const settings = settingsOf(server.port, { plugins: [tellingPlugin(directory)] })
    const context = { plugins: giveUpAfter(3, []) }
    expect(await runQueue(queueDir, settings, { context })).toMatchObject({ delivered: 1 })
    await enqueueMessage(MESSAGE, queueDir, { sender: '', recipients: 'two@x.example' })
    expect(await runQueue(queueDir, settings)).toMatchObject({ delivered: 1 })
    await told(directory, ['begins', 'called', 'ends'])
    writeFileSync(join(directory, 'queue'), '')
    await expect(runQueue(join(directory, 'queue'), settings)).rejects.toMatchObject({ code: /^QUEUE_/ })
    await told(directory, ['begins', 'called', 'ends', 'begins', 'ends'])
    expect(await holds(queueDir)).toEqual([])
  })

  it('let a plug-in hold a message for a human', async () => {
    const server = await sink()
    const queueDir = await queueWith('defer@x.example')
    const plugins: PluginHooks = { emit: async (signal) => (signal === 'deferred' ? 'hold' : undefined) }
    expect(await runQueue(queueDir, settingsOf(server.port), { context: { plugins } })).toMatchObject({
      held: 1,
    })
    expect(await holds(queueDir)).toEqual(['hold: defer@x.example=held'])
  })
})

describe('a message that is taken from its delivery', () => {
  it('does not end the run, also when one of its recipients was refused before', async () => {
    const queueDir = await queueWith('no@x.example one@x.example', 'two@x.example')
    const queue = new MaildirQueue(queueDir)
    const admin = await queue.openRunner('admin')
    const take = async (): Promise<void> => {
      for await (const entry of queue.list(['cur'])) {
        const taken = await admin.take(entry)
        if (taken.kind === 'claimed') await taken.claim.finish({ action: 'hold', by: 'root', why: 'a test' })
      }
    }
    const sent: string[] = []
    const transport: Transport = {
      name: 'slow:',
      send: async ({ envelope, beforeLastByte }) => {
        if (envelope.recipients.includes('no@x.example')) await take()
        const outcome = (recipient: string): RecipientOutcome => {
          if (recipient === 'no@x.example')
            return { status: 'failed', recipient, scope: 'recipient', reason: 'no such user', code: 550 }
          try {
            beforeLastByte?.()
          } catch (error) {
            return { status: 'deferred', recipient, scope: 'host', reason: String(error) }
          }
          sent.push(recipient)
          return { status: 'delivered', recipient, reply: '250 ok' }
        }
        return envelope.recipients.map(outcome)
      },
      close: () => Promise.resolve(),
    }
    expect(await runQueue(queueDir, { bounce: 'none' }, { transport })).toMatchObject({
      delivered: 1,
      stopped: undefined,
    })
    await admin.close()
    expect(sent).toEqual(['two@x.example'])
    expect(await holds(queueDir)).toEqual(['hold: no@x.example=held one@x.example=held'])
  })
})
