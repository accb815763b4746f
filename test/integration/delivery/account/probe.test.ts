/**
 * An account that failed and whose time is over: one message finds out whether it works again, whoever else has mail for
 * it waits for that one, and nobody is kept off for longer than that takes. With daemons, a real server, and a clock
 * that the test moves.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { guardAccount } from '../../../../src/delivery/account/guard.ts'
import { afterFailure, readAccountState, writeAccountState } from '../../../../src/delivery/account/state.ts'
import { deliveryContext } from '../../../../src/delivery/context.ts'
import { runDaemon } from '../../../../src/delivery/daemon/daemon.ts'
import { DaemonWishes } from '../../../../src/delivery/daemon/wishes.ts'
import { runQueueOnce } from '../../../../src/delivery/run-queue.ts'
import { submit } from '../../../../src/delivery/submit.ts'
import { accountWays } from '../../../../src/delivery/ways.ts'
import { bufferContent, MaildirQueue, SmtpTransport } from '../../../../src/index.ts'
import { queueContents, temporaryQueue } from '../../../helpers/queue-dir.ts'
import { until } from '../../../helpers/until.ts'
import { untilHolds } from '../../../helpers/until-holds.ts'
import { startScriptedServer, type Script, type StepContext } from '../../../helpers/scripted-server.ts'
import { settingsOf } from '../workspace.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const CONTENT = bufferContent(Buffer.from('Subject: s\r\n\r\nb\r\n'))
const USED_UP = '450 4.7.1 daily sending limit exceeded'
const QUOTA: Script = { mail: USED_UP }

const envelopeTo = (recipient: string) => ({ sender: 'a@s.example', recipients: [recipient] })

/** One account, whose server behaves as the script of the moment says, and a clock that goes on by what is added. */
async function place(first: Script, more: Record<string, unknown> = {}) {
  let script = first
  let ahead = 0
  // What is open stays open, so a connection does what the script says now.
  const now = (step: 'mail' | 'rcpt' | 'data' | 'dot') => (at: StepContext) => {
    const reaction = script[step]
    return typeof reaction === 'function' ? reaction(at) : reaction
  }
  const steps = { mail: now('mail'), rcpt: now('rcpt'), data: now('data'), dot: now('dot') }
  const server = await startScriptedServer(steps)
  onTestFinished(() => server.close())
  const queueDir = temporaryQueue()
  const clock = { now: () => Date.now() + ahead }
  const config = configFromSettings(settingsOf(server.port, { queue_dir: queueDir, ...more }))
  const context = deliveryContext({ clock })
  const store = new MaildirQueue(queueDir, clock)
  const account = `smtp://127.0.0.1:${server.port}`
  const { smtp } = config
  if (smtp === undefined) throw new Error('no settings')

  function daemon() {
    let ended = false
    const said: string[] = []
    const stopper = new AbortController()
    const wishes = new DaemonWishes()
    const ways = accountWays(config, context)
    // It looks at everything so often that it soon sees what the clock says.
    const site = { store, ways, context, rescan: 50 }
    const complain = (line: string): void => void said.push(line)
    const end = runDaemon({ site, reopen: async () => site, wishes, signal: stopper.signal, complain })
    const stop = async (): Promise<void> => {
      stopper.abort()
      await end
      ended = true
    }
    onTestFinished(async () => (ended ? undefined : stop()))
    return { said, wishes, stop }
  }

  return {
    server,
    daemon,
    config,
    context,
    clock,
    store,
    account,
    behave: (next: Script) => (script = next),
    later: (more: number) => (ahead += more),
    state: () => readAccountState(store, account),
    enqueue: (recipient: string) => store.enqueue({ envelope: envelopeTo(recipient), content: CONTENT }),
    run: () => runQueueOnce(store, accountWays(config, context), context, { connections: 1 }),
    submission: async (recipient: string) => {
      const transport = new SmtpTransport(smtp)
      const message = { envelope: envelopeTo(recipient), content: CONTENT, transport, queue: store }
      const result = await submit({ ...message, spool: 'fallback' }, context)
      await transport.close()
      return result
    },
    /** As another process that asks whether the account can be used, and sends over it. */
    process: () => {
      const transport = guardAccount(new SmtpTransport(smtp), 'daemon', { ...context, queue: store })
      onTestFinished(() => transport.close())
      const send = (to: string) => transport.send({ envelope: envelopeTo(to), content: CONTENT })
      return { ready: () => transport.ready?.(), send }
    },
    received: () => server.transactions.filter(({ accepted }) => accepted).map(({ rcptTo }) => rcptTo[0]),
    attempts: () => server.commands.filter((line) => line.startsWith('MAIL')).length,
    holds: () => queueContents(queueDir),
  }
}

type Place = Awaited<ReturnType<typeof place>>

/** The quota is used up and the daemon knows. */
async function hitQuota({ state, enqueue }: Place, recipient = 'one@d.ex', failures = 1): Promise<void> {
  await enqueue(recipient)
  await until('the quota is hit', async () => (await state())?.failures === failures)
}

describe('a daemon whose provider has a quota', () => {
  it.each([
    ['that is used up', QUOTA, {}],
    ['of which only this site knows', { rcpt: '450 4.2.1 slowly' }, { reply_filter: 'slowly => pause' }],
  ] as const)('%s sends again when the hour is over', async (_what, script, settings) => {
    const site = await place(script, settings)
    const { stop, said } = site.daemon()
    await hitQuota(site)
    await site.enqueue('two@d.ex')
    expect(await site.state()).toMatchObject({ trouble: 'quota', failures: 1 })
    site.behave({})
    site.later(50 * MINUTE)
    await until('it has looked', () => said.length > 0)
    expect(site.received()).toEqual([])
    site.later(11 * MINUTE)
    await until('both are sent', () => site.received().length === 2)
    await until('it is said', () => said.length === 2)
    await stop()
    expect(await site.state()).toBeUndefined()
    expect(said).toEqual([
      expect.stringMatching(/^the account default cannot be used: .*; its mail waits$/),
      'the account default can be used again',
    ])
    expect(site.holds()).toEqual({})
  })

  it('waits another hour when it is still used up, and asks once in each', async () => {
    const site = await place(QUOTA)
    const { stop } = site.daemon()
    await hitQuota(site)
    await site.enqueue('two@d.ex')
    for (const failures of [2, 3]) {
      site.later(61 * MINUTE)
      await until('it is tried again', async () => (await site.state())?.failures === failures)
      expect(site.attempts()).toBe(failures)
      for (let minutes = 0; minutes < 50; minutes += 10) {
        site.later(10 * MINUTE)
        expect(await site.process().ready()).toMatchObject({ trouble: 'quota' })
      }
      expect(site.attempts()).toBe(failures)
      site.later(-50 * MINUTE)
    }
    await stop()
    expect(site.holds()).toEqual({ new: ['one@d.ex=pending', 'two@d.ex=pending'] })
  })

  it('goes on with one message after the other until one is taken', async () => {
    const site = await place(QUOTA, { connections: 4, retry: '1d' })
    const { stop, said } = site.daemon()
    await hitQuota(site, 'no-1@d.ex')
    for (const to of ['no-2@d.ex', 'no-3@d.ex', 'yes-1@d.ex', 'yes-2@d.ex']) await site.enqueue(to)
    site.behave({ rcpt: ({ address }) => (address.startsWith('no') ? '451 4.2.0 not now' : undefined) })
    site.later(61 * MINUTE)
    await until('what can be sent is sent', () => site.received().length === 2)
    await until('it is said', () => said.length === 2)
    const tried = { new: ['no-1@d.ex=deferred', 'no-2@d.ex=deferred', 'no-3@d.ex=deferred'] }
    await untilHolds(site.store.name, tried)
    await stop()
    expect(await site.state()).toBeUndefined()
    expect(site.server.mostConnections).toBeLessThanOrEqual(2)
    expect(site.holds()).toEqual(tried)
  })

  it('that was killed while one message tried the account keeps its successor off for a minute', async () => {
    const site = await place({})
    const failed = afterFailure(
      undefined,
      { trouble: 'quota', reason: USED_UP },
      site.clock.now() - 61 * MINUTE,
    )
    await writeAccountState(site.store, site.account, failed)
    expect(await site.process().ready()).toBeUndefined()
    await site.enqueue('one@d.ex')
    const { stop, said } = site.daemon()
    await until('it is said', () => said.length > 0)
    expect(site.server.transactions).toHaveLength(0)
    site.later(61 * SECOND)
    await until('it is sent', () => site.received().length === 1)
    await stop()
    expect(await site.state()).toBeUndefined()
    expect(site.holds()).toEqual({})
  })

  it('tries a single message also after a restart, while the others wait for what it finds', async () => {
    const site = await place({}, { connections: 4 })
    const failed = afterFailure(
      undefined,
      { trouble: 'quota', reason: USED_UP },
      site.clock.now() - 61 * MINUTE,
    )
    await writeAccountState(site.store, site.account, failed)
    let go = (): void => undefined
    const after = new Promise<void>((resolve) => (go = resolve))
    site.behave({ data: { after, reply: '354 go on' } })
    for (const to of ['one@d.ex', 'two@d.ex', 'three@d.ex']) await site.enqueue(to)
    const { stop, said } = site.daemon()
    await until('the others wait', () => said.length > 0 && site.attempts() > 0)
    expect(site.attempts()).toBe(1)
    // Whoever else comes meanwhile waits, too.
    expect(await site.submission('four@d.ex')).toMatchObject({ queued: ['four@d.ex'], sent: [] })
    expect(await site.run()).toMatchObject({ delivered: 0 })
    expect(site.attempts()).toBe(1)
    go()
    site.behave({})
    await until('it is known', async () => (await site.state()) === undefined)
    site.later(2 * MINUTE)
    await until('the others are sent', () => site.received().length === 4)
    await stop()
    expect(site.holds()).toEqual({})
  })

  it('leaves the account to others a minute after a message that does not end', async () => {
    const site = await place(QUOTA)
    const { stop } = site.daemon()
    await hitQuota(site)
    let go = (): void => undefined
    const after = new Promise<void>((resolve) => (go = resolve))
    let isUnderWay = false
    site.behave({ dot: () => ((isUnderWay = true), { after, reply: '250 2.0.0 Ok' }) })
    site.later(61 * MINUTE)
    await until('it is under way', () => isUnderWay)
    expect(await site.submission('two@d.ex')).toMatchObject({ queued: ['two@d.ex'] })
    site.behave({})
    site.later(61 * SECOND)
    expect(await site.submission('three@d.ex')).toMatchObject({ sent: ['three@d.ex'] })
    expect(await site.state()).toBeUndefined()
    go()
    site.later(MINUTE)
    await until('all are sent', () => site.received().length === 3)
    await stop()
    expect(site.holds()).toEqual({})
  })
})

describe('of two processes', () => {
  const USED: Parameters<typeof afterFailure>[1] = { trouble: 'quota', reason: USED_UP }

  it('one tries the account, and the other waits for what it finds', async () => {
    const site = await place({})
    await writeAccountState(
      site.store,
      site.account,
      afterFailure(undefined, USED, site.clock.now() - 61 * MINUTE),
    )
    const [one, other] = [site.process(), site.process()]
    expect(await one.ready()).toBeUndefined()
    expect(await other.ready()).toMatchObject({ trouble: 'quota', scope: 'account' })
    expect(await other.send('two@d.ex')).toMatchObject([{ status: 'deferred', scope: 'account' }])
    expect(await one.send('one@d.ex')).toMatchObject([{ status: 'delivered' }])
    expect(await other.send('two@d.ex')).toMatchObject([{ status: 'delivered' }])
    expect(site.received()).toEqual(['one@d.ex', 'two@d.ex'])
  })

  it('that ask at the same moment, only one message of each goes', async () => {
    const site = await place({ mail: USED_UP })
    await writeAccountState(
      site.store,
      site.account,
      afterFailure(undefined, USED, site.clock.now() - 61 * MINUTE),
    )
    const one = site.process()
    const outcomes = await Promise.all(['one@d.ex', 'two@d.ex', 'three@d.ex'].map((to) => one.send(to)))
    expect(outcomes.flat()).toMatchObject(Array.from({ length: 3 }, () => ({ trouble: 'quota' })))
    expect(site.attempts()).toBe(1)
    expect(await site.state()).toMatchObject({ failures: 2 })
  })
})

describe('a daemon that is asked to try everything', () => {
  it('tries an account that failed, and one failure ends the pass', async () => {
    const site = await place(QUOTA)
    for (const to of ['one@d.ex', 'two@d.ex', 'three@d.ex']) await site.enqueue(to)
    // As a daemon has them: the same ways for all passes.
    const ways = accountWays(site.config, site.context)(site.store, () => 'now')
    onTestFinished(() => ways.close())
    const over = () => ({ ...ways, close: async () => undefined })
    const pass = () =>
      runQueueOnce(site.store, over, site.context, { connections: 1, all: true, force: true })
    for (const failures of [1, 2, 3]) {
      expect(await pass()).toMatchObject({ delivered: 0, stopped: { scope: 'account' } })
      expect(site.attempts()).toBe(failures)
      expect(await site.state()).toMatchObject({ trouble: 'quota', failures })
    }
    site.behave({})
    expect(await pass()).toMatchObject({ delivered: 3, stopped: undefined })
    expect(await site.state()).toBeUndefined()
    expect(site.holds()).toEqual({})
  })

  it('tries each account once, while others stand in for it', async () => {
    const own = await startScriptedServer(() => QUOTA)
    onTestFinished(() => own.close())
    const account = { ...settingsOf(own.port), bounce: undefined, fallback: ['default'] }
    const site = await place({}, { accounts: { news: account } })
    const tried = () => own.commands.filter((line) => line.startsWith('MAIL')).length
    const { stop, wishes } = site.daemon()
    const enqueue = (to: string) =>
      site.store.enqueue({ envelope: envelopeTo(to), content: CONTENT, account: 'news' })
    await enqueue('one@d.ex')
    await until('the other is used', () => site.received().length === 1)
    expect(tried()).toBe(1)
    const nextAttempt = site.clock.now() + 10 * MINUTE
    for (const to of ['two@d.ex', 'three@d.ex']) {
      await site.store.enqueue(
        { envelope: envelopeTo(to), content: CONTENT, account: 'news' },
        { nextAttempt },
      )
    }
    wishes.ask('run-now')
    await until('the other is used', () => site.received().length === 3)
    await stop()
    expect(tried()).toBe(2)
    expect(site.holds()).toEqual({})
  })
})
