/** Accounts that stand in for another: what each of them says about the message, and about itself, counts. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enqueueMessage, runQueue } from '../../../src/index.ts'
import { startScriptedServer, type Script } from '../../helpers/scripted-server.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { holds, settingsOf, temporaryDirectory } from './workspace.ts'

/** An account with another one that stands in for it, and a queue. */
async function pair(first: Script, second: Script | 'dead', more: Record<string, unknown> = {}) {
  const start = async (script: Script) => {
    const server = await startScriptedServer(script)
    onTestFinished(() => server.close())
    return server
  }
  const usual = await start(first)
  const other = await start(second === 'dead' ? {} : second)
  const queueDir = join(temporaryDirectory(), 'queue')
  const port = second === 'dead' ? DEAD_PORT : other.port
  const settings = settingsOf(usual.port, { fallback: 'other', ...more })
  const accounts = { other: { port } }
  const taken = (server: typeof usual) =>
    server.transactions.flatMap(({ accepted, rcptTo }) => (accepted ? rcptTo : []))
  return {
    usual,
    other,
    queueDir,
    enqueue: (sender: string, recipients: string) =>
      enqueueMessage('Subject: s\n\n', queueDir, { sender, recipients }),
    run: () => runQueue(queueDir, { ...settings, queue_dir: queueDir, accounts }),
    taken: () => [taken(usual), taken(other)],
  }
}

describe('an account whose stand-in is down', () => {
  it('is not stopped by one message at which its server ends the session', async () => {
    const { queueDir, enqueue, run, taken } = await pair(
      { mail: ({ address }) => (address === 'bad@x' ? '421 4.7.0 go away' : undefined) },
      'dead',
    )
    await enqueue('bad@x', 'one@d')
    await enqueue('a@x', 'two@d')
    expect(await run()).toMatchObject({ delivered: 1, deferred: 1, stopped: undefined })
    expect(taken()).toEqual([['two@d'], []])
    expect(await holds(queueDir)).toEqual(['new: one@d=deferred'])
  })
})

describe('an account whose login was refused', () => {
  it('is left alone by runs in which another one stands in for it', async () => {
    const { usual, queueDir, enqueue, run, taken } = await pair({ mail: '530 5.7.0 log in first' }, {})
    for (const recipient of ['one@d', 'two@d', 'three@d']) {
      await enqueue('a@x', recipient)
      expect(await run()).toMatchObject({ delivered: 1, stopped: undefined })
    }
    expect(usual.connections).toBe(1)
    expect(taken()).toEqual([[], ['one@d', 'two@d', 'three@d']])
    expect(await holds(queueDir)).toEqual([])
  })
})

describe('an account above its limit', () => {
  it('is no reason to ask another: its mail waits', async () => {
    const { other, queueDir, enqueue, run, taken } = await pair({}, {}, { limit_per_hour: 1 })
    for (const recipient of ['one@d', 'two@d', 'three@d']) await enqueue('a@x', recipient)
    expect(await run()).toMatchObject({ delivered: 1, deferred: 0, stopped: { scope: 'account' } })
    expect(await run()).toMatchObject({ delivered: 0, deferred: 0, stopped: { scope: 'account' } })
    expect(other.connections).toBe(0)
    expect(taken()).toEqual([['one@d'], []])
    expect(await holds(queueDir)).toEqual(['new: three@d=pending', 'new: two@d=pending'])
  })
})
