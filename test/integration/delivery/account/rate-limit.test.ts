/**
 * The limits of an account: never more in any window than allowed, all processes together, nothing lost, nothing
 * counted against a message or the account, and no more waiting than needed.
 */
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { readAccountState } from '../../../../src/delivery/account/state.ts'
import { deliveryContext } from '../../../../src/delivery/context.ts'
import { LONGEST_ATTEMPT } from '../../../../src/delivery/account/limit-usage.ts'
import { limitAccount, limitWindows, type RateLimits } from '../../../../src/delivery/account/rate-limit.ts'
import { runQueueOnce } from '../../../../src/delivery/run-queue.ts'
import { submit } from '../../../../src/delivery/submit.ts'
import { bufferContent, MaildirQueue, MemoryTransport, type Transport } from '../../../../src/index.ts'
import { nullLogger } from '../../../../src/logging/logger.ts'
import type { RecipientOutcome } from '../../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../../src/transport/smtp.ts'
import type { Delivery } from '../../../../src/transport/transport.ts'
import { startScriptedServer, type Script } from '../../../helpers/scripted-server.ts'
import { queueContents } from '../../../helpers/queue-dir.ts'
import { DEAD_PORT } from '../../../helpers/still-port.ts'
import { settingsOf, temporaryDirectory } from '../workspace.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const CONTENT = bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n'))

const NONE = { perMinute: undefined, perHour: undefined, perDay: undefined, recipientsPerDay: undefined }

function limitsOf(
  limits: Partial<Parameters<typeof limitWindows>[0]>,
  more: Partial<RateLimits> = {},
): RateLimits {
  const onLimit = limits.onLimit ?? 'defer'
  return { windows: limitWindows({ ...NONE, onLimit, ...limits }), onLimit, maxRecipients: 100, ...more }
}

/** A queue and a clock that says what it is told. */
function site() {
  const queueDir = join(temporaryDirectory(), 'queue')
  const time = { now: 1_795_000_000_000 }
  const clock = { now: () => time.now }
  const queue = new MaildirQueue(queueDir, clock)
  /** A process of its own, as far as the ledger can tell. */
  const limited = (transport: Transport, limits: RateLimits): Transport => {
    const context = { account: 'default', queue: () => Promise.resolve(queue), clock, log: nullLogger }
    const made = limitAccount(transport, limits, context)
    onTestFinished(() => made.close())
    return made
  }
  return { queueDir, queue, clock, time, limited }
}

function deliveryTo(...recipients: string[]): Delivery {
  return { envelope: { sender: 'a@site.example', recipients }, content: CONTENT }
}

const inShort = (outcomes: readonly RecipientOutcome[]): string[] =>
  outcomes.map((outcome) =>
    outcome.status === 'deferred' ? (outcome.trouble ?? outcome.scope) : outcome.status,
  )

describe('a limited transport', () => {
  it('sends as many as allowed and then asks nobody, until the window is over', async () => {
    const { time, limited } = site()
    const server = new MemoryTransport()
    const transport = limited(server, limitsOf({ perMinute: 2 }))
    for (const expected of ['delivered', 'delivered', 'limit', 'limit']) {
      expect(inShort(await transport.send(deliveryTo('b@site.example')))).toEqual([expected])
    }
    expect(await transport.ready?.()).toMatchObject({
      scope: 'account',
      trouble: 'limit',
      reason: `the account default may send 2 messages a minute (limit_per_minute); there is room again at ${new Date(time.now + MINUTE).toISOString().replace('.000', '')}`,
    })
    time.now += MINUTE - 1
    expect(inShort(await transport.send(deliveryTo('b@site.example')))).toEqual(['limit'])
    time.now += 1
    expect(await transport.ready?.()).toBeUndefined()
    expect(inShort(await transport.send(deliveryTo('b@site.example')))).toEqual(['delivered'])
    expect(server.messages).toHaveLength(3)
  })

  it('never exceeds a limit in any window, whatever several processes do at whatever times', async () => {
    const { queue, time, limited } = site()
    let seed = 11
    const random = (most: number): number => (seed = (seed * 48271) % 2147483647) % most
    const counted: number[] = []
    /** Counts a message at some moment of the transaction, which takes a while. */
    const server = (): Transport => ({
      name: 'smtp://server:25',
      send: async ({ envelope }) => {
        time.now += random(4 * SECOND)
        counted.push(time.now)
        await Promise.resolve()
        time.now += random(9 * SECOND)
        return envelope.recipients.map((recipient) => ({ status: 'delivered', recipient, reply: '250 ok' }))
      },
      close: () => Promise.resolve(),
    })
    const limits = limitsOf({ perMinute: 5, perHour: 60 })
    let processes = [limited(server(), limits), limited(server(), limits), limited(server(), limits)]
    for (let round = 0; round < 400; round += 1) {
      await Promise.all(processes.map((each) => each.send(deliveryTo('b@site.example'))))
      time.now += random(20 * SECOND)
      // From time to time all of them are started anew.
      if (random(10) === 0) processes = processes.map(() => limited(server(), limits))
    }
    expect(counted.length).toBeGreaterThan(50)
    for (const [length, most] of [
      [MINUTE, 5],
      [60 * MINUTE, 60],
    ] as const) {
      const fullest = counted.map((from) => counted.filter((at) => at >= from && at < from + length).length)
      expect(Math.max(...fullest)).toBeLessThanOrEqual(most)
    }
    expect((await queue.readLedger('limit.default')).includes(undefined)).toBe(false)
  })

  it('counts recipients, and a message to many as several', async () => {
    const { limited } = site()
    const transport = limited(new MemoryTransport(), limitsOf({ recipientsPerDay: 4 }))
    expect(inShort(await transport.send(deliveryTo('a@x', 'b@x', 'c@x')))).toEqual(Array(3).fill('delivered'))
    expect(inShort(await transport.send(deliveryTo('d@x', 'e@x')))).toEqual(['limit', 'limit'])
    expect(inShort(await transport.send(deliveryTo('d@x')))).toEqual(['delivered'])
    const other = site().limited(new MemoryTransport(), limitsOf({ perDay: 3 }, { maxRecipients: 2 }))
    expect(inShort(await other.send(deliveryTo('a@x', 'b@x', 'c@x')))).toEqual(Array(3).fill('delivered'))
    expect(inShort(await other.send(deliveryTo('a@x', 'b@x', 'c@x')))).toEqual(Array(3).fill('limit'))
    expect(inShort(await other.send(deliveryTo('a@x', 'b@x')))).toEqual(['delivered', 'delivered'])
  })

  it('sends a message to more recipients than the limit ever allows in parts', async () => {
    const { time, limited } = site()
    const server = new MemoryTransport()
    const transport = limited(server, limitsOf({ recipientsPerDay: 2 }))
    const outcomes = await transport.send(deliveryTo('a@x', 'b@x', 'c@x'))
    expect(inShort(outcomes)).toEqual(['delivered', 'delivered', 'limit'])
    expect(inShort(await transport.send(deliveryTo('c@x')))).toEqual(['limit'])
    time.now += DAY + MINUTE
    expect(inShort(await transport.send(deliveryTo('c@x')))).toEqual(['delivered'])
    expect(server.messages.map(({ recipients }) => recipients)).toEqual([['a@x', 'b@x'], ['c@x']])
  })

  it('gives back what it did not use because the server was not reached', async () => {
    const { queue, time, limited } = site()
    const down: Transport = {
      name: 'smtp://down:25',
      send: async ({ envelope }) =>
        envelope.recipients.map((recipient) => ({
          status: 'deferred',
          scope: 'account',
          trouble: 'connection',
          recipient,
          reason: 'connection refused',
        })),
      close: () => Promise.resolve(),
    }
    const transport = limited(down, limitsOf({ perDay: 1 }))
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['connection'])
      time.now += SECOND
    }
    expect(await queue.readLedger('limit.default')).toHaveLength(6)
  })

  it('keeps the place of a process that died, and no longer than an attempt can last', async () => {
    const { queue, time, limited } = site()
    const ledger = await queue.openLedger('limit.default', (lines) => lines.map((line) => line ?? 'x'))
    ledger.exchange(`r deadbeef ${time.now} 1 1`)
    const transport = limited(new MemoryTransport(), limitsOf({ perMinute: 1 }))
    expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['limit'])
    time.now += LONGEST_ATTEMPT + MINUTE
    expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['delivered'])
    ledger.close()
  })

  it('waits a whole window when the clock was put back, and not longer', async () => {
    const { time, limited } = site()
    const transport = limited(new MemoryTransport(), limitsOf({ perMinute: 1 }))
    time.now += DAY
    expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['delivered'])
    time.now -= DAY
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const restarted = limited(new MemoryTransport(), limitsOf({ perMinute: 1 }))
      expect(inShort(await restarted.send(deliveryTo('b@x')))).toEqual(['limit'])
      time.now += 19 * SECOND
    }
    time.now += 4 * SECOND
    expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['delivered'])
  })

  it('waits one window at the most after a clock that was put forward was corrected, in every process', async () => {
    const { time, limited } = site()
    const server = new MemoryTransport()
    const both = [limited(server, limitsOf({ perMinute: 1 })), limited(server, limitsOf({ perMinute: 1 }))]
    const send = async () => (await Promise.all(both.map((each) => each.send(deliveryTo('b@x'))))).flat()
    expect(inShort(await send()).toSorted()).toEqual(['delivered', 'limit'])
    time.now += 30 * DAY
    // What was sent before is taken for older than it is.
    expect(inShort(await send()).toSorted()).toEqual(['delivered', 'limit'])
    time.now -= 30 * DAY
    expect(inShort(await send())).toEqual(['limit', 'limit'])
    time.now += MINUTE - SECOND
    expect(inShort(await send())).toEqual(['limit', 'limit'])
    time.now += 2 * SECOND
    expect(inShort(await send()).toSorted()).toEqual(['delivered', 'limit'])
    expect(server.messages).toHaveLength(3)
  })

  it('sends nothing when it cannot count', async () => {
    const { queueDir, limited } = site()
    const server = new MemoryTransport()
    const transport = limited(server, limitsOf({ perMinute: 5 }))
    await transport.send(deliveryTo('b@x'))
    const notes = join(queueDir, 'notes')
    for (const name of readdirSync(notes)) rmSync(join(notes, name))
    rmSync(notes, { recursive: true })
    writeFileSync(notes, '')
    const [outcome] = await transport.send(deliveryTo('b@x'))
    expect(outcome).toMatchObject({
      status: 'deferred',
      scope: 'account',
      trouble: 'uncounted',
      reason: expect.stringContaining('the limits of the account default cannot be counted: ') as string,
    })
    expect(server.messages).toHaveLength(1)
  })
})

/** A server, and what the commands make of settings with limits. */
async function account(settings: Record<string, unknown>, script: Script = {}) {
  const server = await startScriptedServer(script)
  onTestFinished(() => server.close())
  const { queueDir, queue, clock, time, limited } = site()
  const config = configFromSettings(settingsOf(server.port, { queue_dir: queueDir, ...settings }))
  const { smtp } = config
  if (smtp?.limits === undefined) throw new Error('no limits')
  const { onLimit } = smtp.limits
  const limits = { windows: limitWindows(smtp.limits), onLimit, maxRecipients: smtp.maxRecipients }
  const transport = limited(new SmtpTransport(smtp), limits)
  const context = deliveryContext({ clock })
  const send = (recipient: string, spool: 'fallback' | 'first' | 'only' = 'fallback') => {
    const envelope = { sender: 'a@site.example', recipients: [recipient] }
    return submit({ envelope, content: CONTENT, transport, queue, spool }, context)
  }
  const run = () => runQueueOnce(queue, transport, context, { connections: 2 })
  const received = () => server.transactions.flatMap(({ accepted, rcptTo }) => (accepted ? rcptTo : []))
  return { server, queueDir, queue, time, transport, send, run, received }
}

describe('a submission above a limit', () => {
  it('is queued, and nobody is blamed', async () => {
    const { server, queueDir, queue, transport, send, received } = await account({ limit_per_hour: 1 })
    await send('one@x')
    expect(await send('two@x')).toMatchObject({ queued: ['two@x'], problem: undefined })
    expect(await send('three@x', 'first')).toMatchObject({ queued: ['three@x'], problem: undefined })
    expect(received()).toEqual(['one@x'])
    expect(server.connections).toBe(1)
    expect(await readAccountState(queue, transport.name)).toBeUndefined()
    for await (const entry of queue.list(['new'])) {
      expect(await queue.describe(entry)).toMatchObject({ attempts: 0 })
    }
    expect(queueContents(queueDir)).toEqual({ new: ['three@x=pending', 'two@x=deferred'] })
  })

  it.each(['fallback', 'first'] as const)(
    'is not accepted with on_limit = reject and spool = %s',
    async (spool) => {
      const { queueDir, send, received } = await account({ limit_per_hour: 1, on_limit: 'reject' })
      await send('one@x', spool)
      const result = await send('two@x', spool)
      expect(result).toMatchObject({ sent: [], queued: [], unaccepted: ['two@x'], queueId: undefined })
      expect(result.problem).toMatchObject({ code: 'NOT_ACCEPTED', exitCode: 75 })
      expect(result.problem?.publicMessage).toContain('the account default may send 1 messages an hour')
      expect(received()).toEqual(['one@x'])
      expect(queueContents(queueDir)).toEqual({})
    },
  )

  it.each(['fallback', 'first'] as const)('is held with on_limit = hold and spool = %s', async (spool) => {
    const { queueDir, queue, send, received } = await account({ limit_per_hour: 1, on_limit: 'hold' })
    await send('one@x', spool)
    expect(await send('two@x', spool)).toMatchObject({ queued: ['two@x'], problem: undefined })
    for await (const entry of queue.list(['hold'])) {
      expect((await queue.describe(entry))?.held).toContain('(limit_per_hour)')
    }
    expect(received()).toEqual(['one@x'])
    const state = spool === 'first' ? 'pending' : 'deferred'
    expect(queueContents(queueDir)).toEqual({ hold: [`two@x=${state}`] })
  })
})

describe('a run', () => {
  it('stops at the limit without touching the rest, and goes on when there is room again', async () => {
    const { queueDir, time, send, run, received } = await account({ limit_per_minute: 3, on_limit: 'hold' })
    for (let count = 0; count < 8; count += 1) {
      await send(`r${count}@x`, 'only')
      time.now += SECOND
    }
    const first = await run()
    expect(first).toMatchObject({ delivered: 3, deferred: 0, held: 0 })
    expect(first.stopped).toMatchObject({ scope: 'account' })
    expect(first.stopped?.reason).toContain('there is room again at')
    expect(await run()).toMatchObject({ delivered: 0 })
    time.now += MINUTE + SECOND
    expect(await run()).toMatchObject({ delivered: 3 })
    time.now += MINUTE + SECOND
    expect(await run()).toMatchObject({ delivered: 2, stopped: undefined })
    expect(received().toSorted()).toEqual(Array.from({ length: 8 }, (_, count) => `r${count}@x`))
    expect(queueContents(queueDir)).toEqual({})
  })

  it('leaves a message that went out in parts with those who are left, and counts no attempt', async () => {
    const { queueDir, queue, time, transport, run, received } = await account({ limit_recipients_per_day: 2 })
    const envelope = { sender: 'a@site.example', recipients: ['one@x', 'two@x', 'three@x'] }
    const context = deliveryContext({ clock: { now: () => time.now } })
    await submit({ envelope, content: CONTENT, transport, queue, spool: 'only' }, context)
    expect(await run()).toMatchObject({ delivered: 0, deferred: 1 })
    expect(queueContents(queueDir)).toEqual({ new: ['one@x=delivered two@x=delivered three@x=deferred'] })
    for await (const entry of queue.list(['new'])) {
      expect(await queue.describe(entry)).toMatchObject({ attempts: 0 })
    }
    time.now += DAY + MINUTE
    expect(await run()).toMatchObject({ delivered: 1, stopped: undefined })
    expect(received()).toEqual(['one@x', 'two@x', 'three@x'])
    expect(queueContents(queueDir)).toEqual({})
  })
})

it('connects before it reserves, so that a server that is down costs nothing', async () => {
  const { queue, limited } = site()
  const { smtp } = configFromSettings(settingsOf(DEAD_PORT))
  if (smtp === undefined) throw new Error('no settings')
  const transport = limited(new SmtpTransport(smtp), limitsOf({ perDay: 1 }))
  expect(inShort(await transport.send(deliveryTo('b@x')))).toEqual(['connection'])
  expect(await queue.readLedger('limit.default')).toEqual([])
})

it.skipIf(process.geteuid?.() === 0)('sends nothing when the queue cannot be written', async () => {
  const { queueDir, limited } = site()
  const transport = limited(new MemoryTransport(), limitsOf({ perMinute: 5 }))
  await transport.send(deliveryTo('b@x'))
  const notes = join(queueDir, 'notes')
  for (const name of readdirSync(notes)) chmodSync(join(notes, name), 0o400)
  const other = limited(new MemoryTransport(), limitsOf({ perMinute: 5 }))
  expect(inShort(await other.send(deliveryTo('b@x')))).toEqual(['uncounted'])
})
