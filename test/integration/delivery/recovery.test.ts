/**
 * What a recovery finds is delivered or told to its sender in the end, also where one process after the other ends in the
 * middle of a delivery, where the disk fails, and where the process that cannot go on with a message lives on.
 */
import fs, { renameSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deliveryContext } from '../../../src/delivery/context.ts'
import { runDaemon } from '../../../src/delivery/daemon/daemon.ts'
import { DaemonWishes } from '../../../src/delivery/daemon/wishes.ts'
import { recoverQueue } from '../../../src/delivery/recovery.ts'
import { runQueueOnce } from '../../../src/delivery/run-queue.ts'
import { oneWay, type WaysOver } from '../../../src/delivery/ways.ts'
import type { Logger } from '../../../src/logging/logger.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { MemoryTransport } from '../../../src/transport/memory.ts'
import type { Delivery, Transport } from '../../../src/transport/transport.ts'
import { queueContents, temporaryQueue } from '../../helpers/queue-dir.ts'
import { until } from '../../helpers/until.ts'
import { claimOnly, entriesOf, messageTo } from '../queue/contract.ts'
import { claimed, deadPid, disown, testQueue, type TestQueue } from '../queue/maildir.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const POLICY = { retry: [MINUTE, 10 * MINUTE, 100 * MINUTE], expire: 5 * DAY }

type Call = (path: string, ...rest: unknown[]) => unknown

/** From now on a call fails with EIO for paths with these words, until the test is over or the result is called. */
function failing(name: 'open' | 'unlink', words: string): () => void {
  const { [name]: call, [`${name}Sync` as const]: callSync } = fs
  const set = (calls: object): void => {
    Object.assign(fs, calls)
    syncBuiltinESMExports()
  }
  const mend = (): void => set({ [name]: call, [`${name}Sync`]: callSync })
  const broken = (): Error => Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' })
  const fails: Call = (path, ...rest) => {
    if (!path.includes(words)) return (call as Call)(path, ...rest)
    const done = rest.at(-1) as (error: Error) => void
    done(broken())
    return undefined
  }
  const failsSync: Call = (path, ...rest) => {
    if (!path.includes(words)) return (callSync as Call)(path, ...rest)
    throw broken()
  }
  set({ [name]: fails, [`${name}Sync`]: failsSync })
  onTestFinished(mend)
  return mend
}

/** Hands the one message over and ends before the outcome is stored, as a process does that is killed. */
async function dieInFlight({ store }: TestQueue): Promise<void> {
  const runner = await store.openRunner('run')
  const claim = await claimOnly(store, runner)
  claim.markFlight()
  claim.abandon()
  await runner.close()
}

function withPolicy({ store, clock }: TestQueue) {
  const context = deliveryContext({ policy: POLICY, clock })
  const transport = new MemoryTransport()
  const recover = async (): Promise<void> => {
    const runner = await store.openRunner('run')
    await recoverQueue(runner, context)
    await runner.close()
  }
  const run = () => runQueueOnce(store, transport, context, { connections: 1, all: true })
  return { transport, recover, run }
}

/** A queue with a message that is in doubt for the second time, and by now too old. */
async function inDoubtTwice() {
  const queue = testQueue()
  const { recover, run, transport } = withPolicy(queue)
  await queue.store.enqueue(messageTo('a@x.example'))
  await dieInFlight(queue)
  await recover()
  await dieInFlight(queue)
  queue.clock.ahead = 30 * DAY
  await recover()
  return { queue, run, transport }
}

describe('a message at whose delivery the process ends', () => {
  it('waits longer each time', async () => {
    const queue = testQueue()
    const { recover } = withPolicy(queue)
    await queue.store.enqueue(messageTo('a@x.example'))
    const waits: number[] = []
    for (let round = 1; round <= 4; round += 1) {
      await dieInFlight(queue)
      await recover()
      for (const { nextAttempt } of await entriesOf(queue.store))
        waits.push((nextAttempt - queue.clock.now()) / MINUTE)
    }
    for (const [index, wanted] of [1, 10, 100, 100].entries()) {
      expect(waits[index]).toBeGreaterThan(wanted * 0.75)
      expect(waits[index]).toBeLessThan(wanted * 1.25)
    }
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x.example=in-doubt'] })
  })

  it('is sent again however old it is, for that may happen once', async () => {
    const queue = testQueue()
    const { recover, run, transport } = withPolicy(queue)
    await queue.store.enqueue(messageTo('a@x.example'))
    await dieInFlight(queue)
    queue.clock.ahead = 30 * DAY
    await recover()
    await run()
    expect(transport.messages).toHaveLength(1)
    expect(queueContents(queue.queueDir)).toEqual({})
  })

  it('is given up like any other when it happens again and it is too old', async () => {
    const { queue, run, transport } = await inDoubtTwice()
    expect(await run()).toMatchObject({ failed: 1 })
    expect(transport.messages).toEqual([])
    expect(queueContents(queue.queueDir)).toEqual({ failed: ['a@x.example=expired'] })
  })

  it('starts again when an administrator wants that', async () => {
    const { queue, run, transport } = await inDoubtTwice()
    const runner = await queue.store.openRunner('admin')
    const claim = await claimOnly(queue.store, runner)
    await claim.note({ event: 'requeue', by: 'root', why: '' })
    await claim.finish({ action: 'retry', at: 0 })
    await runner.close()
    await run()
    expect(transport.messages).toHaveLength(1)
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})

describe('a delivered message', () => {
  it('that cannot be removed is not sent again', async () => {
    const queue = testQueue()
    const { run, transport } = withPolicy(queue)
    await queue.store.enqueue(messageTo('a@x.example'))
    const mend = failing('unlink', '/cur/')
    expect((await run()).stopped).toMatchObject({ scope: 'host' })
    expect(queueContents(queue.queueDir)).toMatchObject({ cur: ['a@x.example=delivered'] })
    await run()
    expect(queueContents(queue.queueDir)).toMatchObject({ cur: ['a@x.example=delivered'] })
    mend()
    await run()
    expect(transport.messages).toHaveLength(1)
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})

/** A daemon that looks at its queue all the time, and what it says and logs. */
function daemonOver(queueDir: string, transport: Transport) {
  const events: string[] = []
  const note = (event: string): void => void events.push(event)
  const log = { debug: () => undefined, info: note, warn: note, error: note, debugEnabled: false }
  const context = deliveryContext({ log: log satisfies Logger })
  const store = new MaildirQueue(queueDir)
  const terms = { over: 0 }
  const oneTransport = oneWay(transport, context, 2)
  const ways: WaysOver = (...given) => ({
    ...oneTransport(...given),
    close: async () => void (terms.over += 1),
  })
  const site = { store, ways, context, rescan: 50 }
  const stopper = new AbortController()
  const said: string[] = []
  const complain = (line: string): void => void said.push(line)
  const ended = runDaemon({
    site,
    reopen: async () => site,
    wishes: new DaemonWishes(),
    signal: stopper.signal,
    complain,
  })
  const stop = async (): Promise<void> => {
    stopper.abort()
    await ended
  }
  onTestFinished(stop)
  return { store, events, said, stop, terms }
}

describe('a daemon', () => {
  it('takes its own message back whose outcome it could not store because the queue was away', async () => {
    const queueDir = temporaryQueue()
    let answer: () => void = () => undefined
    const answered = new Promise<void>((resolve) => (answer = resolve))
    let sends = 0
    const send = async ({ envelope, beforeLastByte }: Delivery): Promise<RecipientOutcome[]> => {
      sends += 1
      if (sends > 1)
        return envelope.recipients.map((recipient) => ({ status: 'delivered', recipient, reply: '' }))
      beforeLastByte?.()
      await answered
      const later = { status: 'deferred', scope: 'recipient', reason: 'greylisted' } as const
      return envelope.recipients.map((recipient) => ({ ...later, recipient }))
    }
    const daemon = daemonOver(queueDir, { name: 'smtp://s:25', send, close: async () => undefined })
    await daemon.store.enqueue(messageTo('one@d.example'))
    await until('it is under way', () => sends === 1)
    renameSync(queueDir, `${queueDir}-away`)
    answer()
    // The runner has given its lease up, as far as that is possible.
    await until('its work is over', () => daemon.terms.over === 1)
    renameSync(`${queueDir}-away`, queueDir)
    await until('it is in doubt', () => daemon.events.includes('queue.recovered'))
    await daemon.stop()
    expect(queueContents(queueDir)).toEqual({ new: ['one@d.example=in-doubt'] })
  })

  it('delivers a message of a dead process that it could not read at first, and says so', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'one@d.example')
    disown(queue.queueDir, runner, { pid: deadPid() })
    const mend = failing('open', '/cur/')
    const transport = new MemoryTransport()
    const daemon = daemonOver(queue.queueDir, transport)
    await until('that is said', () => daemon.said.length > 0)
    mend()
    await until('it is sent', () => transport.messages.length === 1)
    await daemon.stop()
    expect(daemon.said).toEqual([expect.stringContaining('a message was passed over: cannot ')])
    expect(daemon.events).toContain('queue.unreadable')
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})
