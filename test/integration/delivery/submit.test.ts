/**
 * Submission in its three spool modes: what the caller is told, what the server gets, what the queue holds.
 */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SpoolMode } from '../../../src/config/config.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { deliveryContext, type DeliveryContext } from '../../../src/delivery/context.ts'
import type { ReportPractice } from '../../../src/delivery/report/practice.ts'
import type { PluginHooks } from '../../../src/plugins/contract.ts'
import { submit, type Submission } from '../../../src/delivery/submit.ts'
import {
  bufferContent,
  MaildirQueue,
  runQueue,
  SmtpTransport,
  type RecipientRequest,
} from '../../../src/index.ts'
import { ownTime } from '../../helpers/own-time.ts'
import type { Script } from '../../helpers/scripted-server.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { holds, settingsOf, sink, temporaryDirectory } from './workspace.ts'

const CONTENT = bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n'))

interface Case {
  readonly port: number
  readonly queueDir?: string
  readonly spool?: SpoolMode
  readonly recipients?: readonly string[]
  readonly more?: Partial<Submission>
  /** Senders are told of what they asked for. */
  readonly tells?: boolean
  readonly sender?: string
  readonly context?: Partial<DeliveryContext>
}

const REPORTS: ReportPractice = { bounce: 'dsn', limit: 10, host: 'h.example', domain: 'h.example' }

function submitTo({
  port,
  queueDir,
  spool = 'fallback',
  recipients = ['one@x.example'],
  more = {},
  tells = false,
  sender = 'a@site.example',
  context: parts = {},
}: Case) {
  const { smtp } = configFromSettings(settingsOf(port))
  if (smtp === undefined) throw new Error('no settings')
  const transport = new SmtpTransport(smtp)
  onTestFinished(() => transport.close())
  const queue = queueDir === undefined ? undefined : new MaildirQueue(queueDir)
  const envelope = { sender, recipients }
  const context = deliveryContext({ ...(tells ? { reports: REPORTS } : {}), ...parts })
  return submit({ envelope, content: CONTENT, transport, queue, spool, ...more }, context)
}

const newQueue = (): string => join(temporaryDirectory(), 'queue')

describe('submit with spool = fallback', () => {
  it('queues a message whose final reply never came as in doubt, to be sent again after the normal delay', async () => {
    const server = await sink({ dot: { just: 'drop' } })
    const queueDir = newQueue()
    const before = Date.now()
    const result = await submitTo({ port: server.port, queueDir })
    expect(result).toMatchObject({ sent: [], queued: ['one@x.example'], unaccepted: [], problem: undefined })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=in-doubt'])
    for await (const entry of new MaildirQueue(queueDir).list(['new'])) {
      expect(entry.nextAttempt - before).toBeGreaterThanOrEqual(47_000)
    }
  })

  it('keeps a refused message in failed/ and says so', async () => {
    const server = await sink()
    const queueDir = newQueue()
    const result = await submitTo({ port: server.port, queueDir, recipients: ['reject@x.example'] })
    expect(result).toMatchObject({
      sent: [],
      queued: [],
      unaccepted: [],
      refused: [{ recipient: 'reject@x.example' }],
    })
    expect(await holds(queueDir)).toEqual(['failed: reject@x.example=failed'])
  })

  it('keeps, for the report of a success, only who it is asked for', async () => {
    const server = await sink()
    const queueDir = newQueue()
    const recipients = ['one@x.example', 'two@x.example', 'reject@x.example']
    const requests = new Map<string, RecipientRequest>([
      ['two@x.example', { notify: ['success'] }],
      ['reject@x.example', { notify: ['never'] }],
    ])
    const envelope = { sender: 'a@site.example', recipients, reports: { recipients: requests } }
    const result = await submitTo({ port: server.port, queueDir, tells: true, more: { envelope } })
    expect(result).toMatchObject({ sent: ['one@x.example', 'two@x.example'], queued: [] })
    expect(await holds(queueDir)).toEqual([
      'failed: two@x.example=delivered reject@x.example=failed',
      'new: a@site.example=pending',
    ])
  })

  it('queues the message when the caller is asked to end while the server stalls', async () => {
    const caller = new AbortController()
    const server = await sink({
      mail: () => {
        caller.abort()
        return { just: 'stall' }
      },
    })
    const queueDir = newQueue()
    const result = await submitTo({ port: server.port, queueDir, more: { signal: caller.signal } })
    expect(result).toMatchObject({ sent: [], queued: ['one@x.example'] })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=deferred'])
  })

  it('queues the message when the server is not ready for the body in time', async () => {
    const server = await sink({ banner: { just: 'stall' } })
    const queueDir = newQueue()
    const result = await submitTo({ port: server.port, queueDir, more: { submitTimeout: 50 } })
    expect(result).toMatchObject({ queued: ['one@x.example'], problem: undefined })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=deferred'])
  })

  it.each<[string, Script]>([
    ['greets', { banner: { just: 'stall' } }],
    ['answers EHLO', { ehlo: { just: 'stall' } }],
  ])('waits once for a server that never %s: nobody waits for it a second time', async (_what, script) => {
    const server = await sink(script)
    const queueDir = newQueue()
    await submitTo({ port: server.port, queueDir, more: { submitTimeout: 300 } })
    // All the time in the world.
    const second = await submitTo({ port: server.port, queueDir, recipients: ['two@x.example'] })
    expect(second).toMatchObject({ queued: ['two@x.example'], problem: undefined })
    expect(server.connections).toBe(1)
    expect(await holds(queueDir)).toEqual(['new: one@x.example=deferred', 'new: two@x.example=deferred'])
  })

  it('asks a server again that only took its time for one message', async () => {
    const pass = ownTime()
    const server = await sink({
      rcpt: ({ address }) => {
        if (!address.startsWith('slow')) return undefined
        pass(300)
        return { just: 'stall' }
      },
    })
    const queueDir = newQueue()
    const more = { submitTimeout: 300 }
    await submitTo({ port: server.port, queueDir, recipients: ['slow@x.example'], more })
    expect(await submitTo({ port: server.port, queueDir })).toMatchObject({ sent: ['one@x.example'] })
    expect(await holds(queueDir)).toEqual(['new: slow@x.example=deferred'])
  })

  it('tells the caller when the message could be neither sent nor queued', async () => {
    const result = await submitTo({
      port: DEAD_PORT,
      queueDir: join(temporaryDirectory(), 'missing', 'queue'),
    })
    expect(result).toMatchObject({ sent: [], queued: [], unaccepted: ['one@x.example'] })
    expect(result.problem).toMatchObject({ code: 'CONFIG_MISSING' })
  })
})

describe('submit with spool = first', () => {
  it('leaves nothing in the queue when the server takes the message', async () => {
    const server = await sink()
    const queueDir = newQueue()
    const result = await submitTo({ port: server.port, queueDir, spool: 'first' })
    expect(result).toMatchObject({ sent: ['one@x.example'], queued: [], queueId: undefined })
    expect(server.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })

  it('keeps those recipients in the queue that the server did not take', async () => {
    const server = await sink()
    const queueDir = newQueue()
    const recipients = ['one@x.example', 'defer@x.example']
    const result = await submitTo({ port: server.port, queueDir, spool: 'first', recipients })
    expect(result).toMatchObject({ sent: ['one@x.example'], queued: ['defer@x.example'] })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=delivered defer@x.example=deferred'])
  })

  it('leaves the message to the queue when the server is not ready for the body in time', async () => {
    const server = await sink({ banner: { just: 'stall' } })
    const queueDir = newQueue()
    const result = await submitTo({
      port: server.port,
      queueDir,
      spool: 'first',
      more: { submitTimeout: 50 },
    })
    expect(result).toMatchObject({ sent: [], queued: ['one@x.example'] })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=pending'])
  })

  it('records the message as in doubt when the caller has to end before the final reply', async () => {
    const caller = new AbortController()
    const server = await sink({
      dot: () => {
        caller.abort()
        return { just: 'stall' }
      },
    })
    const queueDir = newQueue()
    const more = { signal: caller.signal }
    const result = await submitTo({ port: server.port, queueDir, spool: 'first', more })
    expect(result).toMatchObject({ sent: [], queued: ['one@x.example'] })
    expect(await holds(queueDir)).toEqual(['new: one@x.example=in-doubt'])
  })

  it('does not send a message that could not be stored', async () => {
    const server = await sink()
    const call = submitTo({
      port: server.port,
      queueDir: join(temporaryDirectory(), 'missing', 'queue'),
      spool: 'first',
    })
    await expect(call).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(server.connections).toBe(0)
  })
})

describe.each(['fallback', 'first'] as const)('a refusal with spool = %s', (spool) => {
  const recipients = ['one@x.example', 'reject@x.example']
  const toReject = 'reject@x.example'
  const toOther = { ...REPORTS, postmaster: 'p@site.example' }
  const toHim = { ...REPORTS, postmaster: 'reject@x.example' }

  it.each<[string, readonly string[], string, ReportPractice]>([
    ['to the sender', [toReject], 'a@site.example', REPORTS],
    ['to nobody, when no reports are made', [], 'a@site.example', { ...REPORTS, bounce: 'none' }],
    ['to nobody, when there is no sender', [], '', REPORTS],
    ['to the postmaster, when there is no sender', [toReject], '', toOther],
    ['to nobody, when it is the postmaster', [], '', toHim],
    ['to the sender, when the report has to wait', [toReject], 'a@site.example', { ...REPORTS, limit: 0 }],
  ])('is reported %s', async (_, reported, sender, reports) => {
    const { port } = await sink()
    const queueDir = newQueue()
    const result = await submitTo({ port, queueDir, spool, recipients, sender, context: { reports } })
    expect(result).toMatchObject({ sent: ['one@x.example'], refused: [{ recipient: toReject }], reported })
    const reporting = reported.length > 0 && reports.limit > 0
    const kept = (await holds(queueDir)).map((line) => line.split(':')[0]).toSorted()
    expect(kept).toEqual(reporting ? ['failed', 'new'] : [reports.limit === 0 ? 'new' : expect.any(String)])
  })
})

it('a refusal that a plug-in discards is reported to nobody', async () => {
  const { port } = await sink()
  const queueDir = newQueue()
  const plugins: PluginHooks = { emit: async () => 'discard' }
  const result = await submitTo({
    port,
    queueDir,
    spool: 'first',
    recipients: ['one@x.example', 'reject@x.example'],
    tells: true,
    context: { plugins },
  })
  expect(result).toMatchObject({ refused: [{ recipient: 'reject@x.example' }], reported: [] })
  expect(await holds(queueDir)).toEqual([])
})

describe('submit with spool = only', () => {
  it('queues without connecting, and a run delivers', async () => {
    const server = await sink()
    const queueDir = newQueue()
    expect(await submitTo({ port: server.port, queueDir, spool: 'only' })).toMatchObject({
      queued: ['one@x.example'],
    })
    expect(server.connections).toBe(0)
    expect(await holds(queueDir)).toEqual(['new: one@x.example=pending'])
    await runQueue(queueDir, settingsOf(server.port))
    expect(server.messages.map(({ data }) => data.toString())).toEqual(['Subject: s\r\n\r\nbody\r\n'])
    expect(await holds(queueDir)).toEqual([])
  })

  it('needs a queue', async () => {
    await expect(submitTo({ port: 1, spool: 'only' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 78,
    })
  })
})
