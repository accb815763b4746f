/**
 * The breaker of an account, shared by all processes through the queue: who is down is left alone, who works again
 * is used again, and no message is to blame.
 */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { readAccountState } from '../../../../src/delivery/account/state.ts'
import { deliveryContext } from '../../../../src/delivery/context.ts'
import { submit } from '../../../../src/delivery/submit.ts'
import {
  bufferContent,
  enqueueMessage,
  MaildirQueue,
  runQueue,
  SmtpTransport,
} from '../../../../src/index.ts'
import { startScriptedServer, type Script } from '../../../helpers/scripted-server.ts'
import { snapshot } from '../../../helpers/queue-dir.ts'
import { holds, settingsOf, temporaryDirectory } from '../workspace.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const CONTENT = bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n'))

/** An account whose server behaves as the script of the moment says, and a queue. */
async function account(first: Script, more: Record<string, unknown> = {}) {
  let script = first
  const server = await startScriptedServer(() => script)
  onTestFinished(() => server.close())
  const queueDir = join(temporaryDirectory(), 'queue')
  const queue = new MaildirQueue(queueDir)
  const settings = settingsOf(server.port, more)
  const start = Date.now()
  const clockAt = (later: number) => ({ now: () => start + later })
  const send = async (recipient: string, later = 0, spool: 'fallback' | 'first' = 'fallback') => {
    const { smtp } = configFromSettings(settings)
    if (smtp === undefined) throw new Error('no settings')
    const transport = new SmtpTransport(smtp)
    const envelope = { sender: 'a@site.example', recipients: [recipient] }
    const context = deliveryContext({ clock: clockAt(later) })
    const result = await submit({ envelope, content: CONTENT, transport, queue, spool }, context)
    await transport.close()
    return result
  }
  const run = (later = 0, more = {}, context = {}) =>
    runQueue(queueDir, settings, { context: { clock: clockAt(later), ...context }, ...more })
  return {
    server,
    queueDir,
    send,
    run,
    behave: (next: Script) => (script = next),
    state: () => readAccountState(queue, `smtp://127.0.0.1:${server.port}`),
    received: () => server.transactions.filter(({ accepted }) => accepted).map(({ rcptTo }) => rcptTo[0]),
  }
}

const DOWN: Script = { banner: '421 4.3.2 not now' }
const WRONG_PASSWORD: Script = { mail: '530 5.7.0 log in first' }
const QUOTA: Script = { mail: '550 5.4.5 daily sending limit exceeded' }

describe('a submission', () => {
  it('queues without connecting while the account is known to be down', async () => {
    const { server, queueDir, send, received } = await account(DOWN)
    for (const recipient of ['one@x', 'two@x', 'three@x']) {
      expect(await send(recipient)).toMatchObject({ queued: [recipient], problem: undefined })
    }
    expect(await send('four@x', 0, 'first')).toMatchObject({ queued: ['four@x'] })
    expect(server.connections).toBe(1)
    expect(received()).toEqual([])
    expect(await holds(queueDir)).toEqual([
      'new: four@x=pending',
      'new: one@x=deferred',
      'new: three@x=deferred',
      'new: two@x=deferred',
    ])
  })

  it('tries again after the pause, and so does everybody once that went well', async () => {
    const { server, queueDir, send, behave, state, received } = await account(DOWN)
    await send('one@x')
    await send('two@x', 16 * SECOND)
    expect(server.connections).toBe(2)
    expect(await state()).toMatchObject({ trouble: 'connection', failures: 2 })
    behave({})
    await send('three@x', 45 * SECOND)
    expect(received()).toEqual([])
    await send('four@x', 47 * SECOND)
    await send('five@x', 47 * SECOND)
    expect(received()).toEqual(['four@x', 'five@x'])
    expect(await state()).toBeUndefined()
    expect(await holds(queueDir)).toEqual([
      'new: one@x=deferred',
      'new: three@x=deferred',
      'new: two@x=deferred',
    ])
  })
})

describe('a run', () => {
  it('makes one connection while the account is down, and touches no message', async () => {
    const { server, queueDir, run, behave, state, received } = await account(DOWN)
    for (let each = 0; each < 20; each += 1) {
      await enqueueMessage('Subject: s\n\n', queueDir, { sender: 'a@x', recipients: [`r${each}@x`] })
    }
    const before = snapshot(join(queueDir, 'new'))
    // Queued by the real clock, which has gone on since the other one was set.
    const later = 10 * SECOND
    expect(await run(later)).toMatchObject({ delivered: 0, stopped: { scope: 'account' } })
    expect(server.connections).toBe(1)
    expect(await run(later)).toMatchObject({ delivered: 0, stopped: { scope: 'account' } })
    expect(server.connections).toBe(2)
    expect(snapshot(join(queueDir, 'new'))).toEqual(before)
    behave({})
    expect(await run(later)).toMatchObject({ delivered: 20, stopped: undefined })
    expect(received()).toHaveLength(20)
    expect(await state()).toBeUndefined()
    expect(await holds(queueDir)).toEqual([])
  })

  it.each([
    ['a login that is refused', WRONG_PASSWORD, 'login', 10 * SECOND, 16 * SECOND],
    ['a quota that is used up', QUOTA, 'quota', 50 * MINUTE, 61 * MINUTE],
  ] as const)('leaves %s alone until its time', async (_what, script, trouble, early, late) => {
    const { server, queueDir, run, behave, state, received } = await account(script)
    await enqueueMessage('Subject: s\n\n', queueDir, { sender: 'a@x', recipients: ['one@x'] })
    expect(await run()).toMatchObject({ stopped: { scope: 'account' }, deferred: 0, failed: 0 })
    expect(await state()).toMatchObject({ trouble, failures: 1 })
    const { connections } = server
    behave({})
    expect(await run(early)).toMatchObject({ delivered: 0, stopped: { scope: 'account' } })
    expect(server.connections).toBe(connections)
    expect(await holds(queueDir)).toEqual(['new: one@x=pending'])
    expect(await run(late)).toMatchObject({ delivered: 1, stopped: undefined })
    expect(received()).toEqual(['one@x'])
    expect(await state()).toBeUndefined()
    expect(await holds(queueDir)).toEqual([])
  })

  it('tries an account again whose configuration was corrected', async () => {
    const { server, queueDir, run, behave, state, received } = await account(WRONG_PASSWORD)
    await enqueueMessage('Subject: s\n\n', queueDir, { sender: 'a@x', recipients: ['one@x'] })
    await run()
    const { connections } = server
    behave({})
    const changed = (at: number) => run(SECOND, {}, { changedAt: () => Date.now() + at })
    expect(await changed(-HOUR)).toMatchObject({ delivered: 0 })
    expect(server.connections).toBe(connections)
    expect(await changed(HOUR)).toMatchObject({ delivered: 1 })
    expect(received()).toEqual(['one@x'])
    expect(await state()).toBeUndefined()
    expect(await holds(queueDir)).toEqual([])
  })

  it('that is told to try everything tries an account in any case', async () => {
    const { queueDir, run, behave, received } = await account(QUOTA)
    await enqueueMessage('Subject: s\n\n', queueDir, { sender: 'a@x', recipients: ['one@x'] })
    await run()
    behave({})
    expect(await run(SECOND, { all: true })).toMatchObject({ delivered: 1 })
    expect(received()).toEqual(['one@x'])
    expect(await holds(queueDir)).toEqual([])
  })

  it('works while a key cannot be used, and only what is to be signed waits', async () => {
    const key = { dkim_key: join(temporaryDirectory(), 'key.pem'), dkim_selector: 's', dkim_domain: 'x' }
    const { queueDir, run, state, received } = await account({}, key)
    await enqueueMessage('From: a@x\nSubject: s\n\n', queueDir, { sender: 'a@x', recipients: ['one@x'] })
    const events: string[] = []
    const note = (event: string): void => void events.push(event)
    const log = { debug: note, info: note, warn: note, error: note, debugEnabled: false }
    await enqueueMessage('From: a@y\nSubject: s\n\n', queueDir, { sender: 'a@y', recipients: ['two@x'] })
    for (const delivered of [1, 0, 0]) {
      expect(await run(HOUR, {}, { log })).toMatchObject({ delivered, stopped: undefined, deferred: 0 })
      expect(await state()).toBeUndefined()
    }
    expect(events.filter((event) => event.startsWith('account.'))).toEqual([])
    expect(events.filter((event) => event === 'dkim.failed')).toHaveLength(3)
    expect(received()).toEqual(['two@x'])
    expect(await holds(queueDir)).toEqual(['new: one@x=pending'])
  })

  it('with nothing to do leaves the server alone', async () => {
    const { server, queueDir, run } = await account({})
    expect(await run()).toMatchObject({ delivered: 0, stopped: undefined })
    const queue = new MaildirQueue(queueDir)
    const envelope = { sender: 'a@x', recipients: ['one@x'] }
    await queue.enqueue({ envelope, content: CONTENT }, { nextAttempt: Date.now() + HOUR })
    expect(await run()).toMatchObject({ delivered: 0, stopped: undefined })
    expect(server.connections).toBe(0)
    expect(await holds(queueDir)).toEqual(['new: one@x=pending'])
  })
})
