/**
 * What an application is told of its mail: real servers for mail and for reports, and the queue as it is afterwards.
 */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { outboxCompanion } from '../../../../src/delivery/outbox/companion.ts'
import { outboxMeans } from '../../../../src/delivery/outbox/configured.ts'
import { readPause } from '../../../../src/delivery/outbox/pause.ts'
import { sendOutbox, type OutboxPass } from '../../../../src/delivery/outbox/send.ts'
import { enqueueMessage, runQueue } from '../../../../src/index.ts'
import { nullLogger } from '../../../../src/logging/logger.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import { makeCertificates, type TestCertificates } from '../../../helpers/certificates.ts'
import { journalOf, namesIn, queueContents, storedIn } from '../../../helpers/queue-dir.ts'
import { DROP, type Script } from '../../../helpers/scripted-server.ts'
import { startWebhookServer, type WebhookReaction } from '../../../helpers/webhook-server.ts'
import { settingsOf, sink, temporaryDirectory } from '../workspace.ts'

const SECRET = 'a secret of the application'
const SENDER = 'a@site.example'
const DAY = 24 * 3600_000
const MESSAGE = 'From: a@site.example\nSubject: s\nMessage-ID: <m1@site.example>\n\nbody\n'

let certificates: TestCertificates
beforeAll(() => {
  certificates = makeCertificates()
})
afterAll(() => certificates.remove())

interface SiteOptions {
  readonly script?: Script
  readonly answer?: (count: number) => WebhookReaction
  readonly more?: Record<string, unknown>
  readonly tls?: { readonly key: string; readonly cert: string }
}

async function site({ script = {}, answer, more = {}, tls }: SiteOptions = {}) {
  const server = await sink(script)
  const app = await startWebhookServer(SECRET, answer, tls)
  onTestFinished(() => app.close())
  const queueDir = join(temporaryDirectory(), 'queue')
  const webhook = { webhook: app.url, webhook_secret: SECRET, queue_dir: queueDir }
  const settings = settingsOf(server.port, { bounce: 'none', ...webhook, ...more })
  const store = new MaildirQueue(queueDir)
  const complaints: string[] = []
  const start = Date.now()
  const run = (later = 0) =>
    runQueue(queueDir, settings, {
      context: { clock: { now: () => start + later } },
      complain: (line) => complaints.push(line),
      all: true,
    })
  const queue = (recipients: string, more: { batch?: string } = {}) =>
    enqueueMessage(MESSAGE, queueDir, { sender: SENDER, recipients: recipients.split(' '), ...more })
  const means = outboxMeans(configFromSettings(settings), store, nullLogger)
  if (means === undefined) throw new Error('there is no webhook')
  const send = (pass: OutboxPass = {}, later = 0) =>
    sendOutbox({ ...means, clock: { now: () => Date.now() + later } }, pass)
  const told = () => app.accepted().map(({ event, recipient }) => `${event} ${recipient}`)
  const waiting = () => namesIn(queueDir, 'outbox').length
  return { server, app, queueDir, store, run, queue, send, told, waiting, complaints, means }
}

const add = (store: MaildirQueue, ...ids: readonly string[]): Promise<void> =>
  store
    .outbox()
    .then((outbox) => outbox.add(ids.map((id) => `{"id":"${id}","event":"delivered"}\n`).join('')))

describe('a run of the queue', () => {
  it('tells of a delivery with everything that is known, and leaves nothing behind', async () => {
    const { app, queueDir, run, queue, waiting, server } = await site({
      script: { dot: '250 2.0.0 Ok: queued as 4XyZ' },
    })
    const { queueId } = await queue('b@x.example', { batch: 'news' })
    await run()
    const [request] = app.requests
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(request?.headers['user-agent']).toMatch(/^mailqueue\//)
    const { id, time, ...rest } = request?.events[0] ?? { id: '', time: '' }
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(Math.abs(Date.parse(String(time)) - Date.now())).toBeLessThan(DAY)
    expect(rest).toEqual({
      event: 'delivered',
      queue_id: queueId,
      message_id: '<m1@site.example>',
      sender: SENDER,
      recipient: 'b@x.example',
      account: 'default',
      batch: 'news',
      attempt: 1,
      reply: '250 2.0.0 Ok: queued as 4XyZ',
      remote_queue_id: '4XyZ',
    })
    expect(app.requests).toHaveLength(1)
    expect(server.messages).toHaveLength(1)
    expect([queueContents(queueDir), waiting()]).toEqual([{}, 0])
  })

  it('tells each recipient once, however often the rest is tried', async () => {
    let open = false
    const rcpt: Script['rcpt'] = ({ address }) => {
      if (address === 'no@x.example') return '550 5.1.1 no such user'
      return address === 'later@x.example' && !open ? '451 4.7.1 greylisted' : undefined
    }
    const { app, queueDir, run, queue, told, waiting } = await site({
      script: { rcpt },
      more: { webhook_events: 'delivered failed deferred' },
    })
    await queue('yes@x.example no@x.example later@x.example')
    await run()
    expect(told().sort()).toEqual([
      'deferred later@x.example',
      'delivered yes@x.example',
      'failed no@x.example',
    ])
    expect(app.accepted().find(({ event }) => event === 'failed')).toMatchObject({
      code: 550,
      enhanced: '5.1.1',
    })
    await run()
    open = true
    await run()
    const attempts = app.accepted().map(({ event, recipient, attempt }) => [event, recipient, attempt])
    expect(attempts.slice(3)).toEqual([
      ['deferred', 'later@x.example', 2],
      ['delivered', 'later@x.example', 3],
    ])
    expect(app.requests.flatMap(({ events }) => events)).toHaveLength(5)
    const [stored] = storedIn(queueDir, 'failed')
    const told3 = journalOf(queueDir, stored?.unique ?? '').filter(({ event }) => event === 'told')
    expect(told3).toHaveLength(3)
    expect(queueContents(queueDir)).toEqual({
      failed: ['yes@x.example=delivered no@x.example=failed later@x.example=delivered'],
    })
    expect(waiting()).toBe(0)
  })

  it('tells of doubts, of bounces and of what has expired, as far as it is asked for', async () => {
    let count = 0
    const { queueDir, run, queue, told } = await site({
      script: { dot: () => (++count === 1 ? DROP : '451 4.3.0 later') },
      more: { webhook_events: 'in-doubt, expired, bounced', bounce: 'dsn', expire: '1d' },
    })
    await queue('b@x.example')
    await run()
    expect(told()).toEqual(['in-doubt b@x.example'])
    await run(2 * DAY)
    expect(told().sort()).toEqual(['bounced b@x.example', 'expired b@x.example', 'in-doubt b@x.example'])
    expect(queueContents(queueDir)['failed']).toEqual(['b@x.example=expired'])
  })

  it('keeps the mail until its report can be stored', async () => {
    const { queueDir, run, queue, told, waiting, server } = await site()
    await queue('b@x.example')
    rmSync(join(queueDir, 'outbox'), { recursive: true })
    writeFileSync(join(queueDir, 'outbox'), '')
    await run()
    expect(server.messages).toHaveLength(1)
    expect(queueContents(queueDir)).toEqual({ new: ['b@x.example=delivered'] })
    rmSync(join(queueDir, 'outbox'))
    await run(DAY)
    expect(server.messages).toHaveLength(1)
    expect(told()).toEqual(['delivered b@x.example'])
    expect([queueContents(queueDir), waiting()]).toEqual([{}, 0])
  })
})

describe('an application that does not take its reports', () => {
  it.each([
    ['is down', () => 'nothing' as const, /webhook at localhost/],
    ['answers 500', () => 500, /status 500/],
    [
      'redirects',
      () => ({ status: 302, headers: { location: 'http://localhost:1/' } }),
      /302, which is not followed/,
    ],
  ])('that %s gets them later, after a pause that grows', async (_, trouble, why) => {
    let well = false
    const { app, queueDir, run, queue, send, told, waiting, store, complaints } = await site({
      answer: () => (well ? 200 : trouble()),
    })
    await queue('b@x.example')
    await run()
    expect(queueContents(queueDir)).toEqual({})
    expect(waiting()).toBe(1)
    expect(complaints.join()).toMatch(why)
    expect(complaints.join()).not.toContain(SECRET)
    expect(await send()).toMatchObject({ state: 'paused' })
    expect(await send({}, 61_000)).toMatchObject({ state: 'failed', isNew: false })
    const pause = await readPause(store)
    expect(pause?.failures).toBe(2)
    expect((pause?.until ?? 0) - Date.now()).toBeGreaterThan(150_000)
    well = true
    const count = app.requests.length
    expect(await send()).toMatchObject({ state: 'paused', sent: 0 })
    expect(app.requests).toHaveLength(count)
    expect(await send({ now: true })).toMatchObject({ state: 'done', sent: 1 })
    expect(told()).toEqual(['delivered b@x.example'])
    expect([waiting(), await readPause(store), queueContents(queueDir)]).toEqual([0, undefined, {}])
  })

  it('is left alone for as long as it asks, up to a day', async () => {
    const { store, send, waiting } = await site({
      answer: (count) => ({ status: 429, headers: { 'retry-after': count === 1 ? '7200' : '9999999' } }),
    })
    await add(store, 'one')
    const { until = 0 } = await send()
    expect(Math.round((until - Date.now()) / 600_000)).toBe(12)
    const { until: next = 0 } = await send({ now: true })
    expect(Math.round((next - Date.now()) / 3600_000)).toBe(24)
    expect(waiting()).toBe(1)
  })

  it('fills no memory with an answer that does not end', async () => {
    const { store, send, waiting } = await site({
      answer: () => (response) => {
        response.writeHead(200)
        const pump = (): void => {
          while (response.writable && response.write(Buffer.alloc(65_536)));
        }
        response.on('drain', pump)
        response.on('error', () => undefined)
        pump()
      },
    })
    await add(store, 'one')
    const report = await send()
    expect(report).toMatchObject({ state: 'failed' })
    expect(report.reason).toMatch(/too long/)
    expect(waiting()).toBe(1)
  })

  it('that says nothing keeps nobody who is asked to stop', async () => {
    const asked = new AbortController()
    const { store, send, waiting } = await site({
      answer: () => () => {
        asked.abort()
      },
    })
    await add(store, 'one')
    expect(await send({ signal: asked.signal })).toMatchObject({ state: 'stopped', sent: 0 })
    expect([waiting(), await readPause(store)]).toEqual([1, undefined])
  })

  it('loses what has become too old, and that is counted', async () => {
    const { store, send, waiting } = await site({ answer: () => 500, more: { webhook_expire: '2d' } })
    await add(store, 'one', 'two')
    await send()
    expect(await send({}, DAY)).toMatchObject({ dropped: 0, state: 'failed' })
    expect(await send({}, 2 * DAY)).toMatchObject({ dropped: 2, state: 'done' })
    expect(waiting()).toBe(0)
  })
})

describe('the way to the application', () => {
  it('is TLS with a certificate that is verified', async () => {
    const { server: pair, ca } = certificates
    const { store, send, told, waiting } = await site({ tls: pair, more: { webhook_tls_ca: ca.certFile } })
    await add(store, 'one')
    expect(await send()).toMatchObject({ state: 'done', sent: 1 })
    expect([told().length, waiting()]).toEqual([1, 0])
  })

  it.each(['otherName', 'expired', 'selfSigned'] as const)('refuses the certificate %s', async (name) => {
    const { ca, [name]: pair } = certificates
    const { app, store, send, waiting } = await site({ tls: pair, more: { webhook_tls_ca: ca.certFile } })
    await add(store, 'one')
    expect((await send()).reason).toMatch(/no TLS that can be trusted/)
    expect([app.requests.length, waiting()]).toEqual([0, 1])
  })
})

describe('a pass over the outbox', () => {
  it('sends no more in one request than it may, in order, and several reports together', async () => {
    const { app, store, send, waiting } = await site({ more: { webhook_batch: 2 } })
    await add(store, 'a', 'b', 'c')
    await add(store, 'd')
    await add(store, 'e')
    expect(await send()).toMatchObject({ state: 'done', sent: 5 })
    const sizes = app.requests.map(({ events }) => events.length)
    expect(sizes).toEqual([2, 2, 1])
    expect(app.requests.flatMap(({ events }) => events.map(({ id }) => id)).slice(0, 3)).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(waiting()).toBe(0)
  })

  it('keeps a report of which a part was not taken, whole', async () => {
    const { app, store, send, waiting } = await site({
      answer: (count) => (count === 2 ? 503 : 200),
      more: { webhook_batch: 2 },
    })
    await add(store, 'a', 'b', 'c')
    expect(await send()).toMatchObject({ state: 'failed', sent: 2 })
    expect(waiting()).toBe(1)
    expect(await send({ now: true })).toMatchObject({ state: 'done', sent: 3 })
    expect(app.accepted().map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(waiting()).toBe(0)
  })

  it('puts away what is damaged and goes on', async () => {
    const { queueDir, store, send, waiting, told } = await site()
    await add(store, 'good')
    const [name = ''] = namesIn(queueDir, 'outbox')
    expect(statSync(join(queueDir, 'outbox', name)).mode & 0o777).toBe(0o600)
    writeFileSync(join(queueDir, 'outbox', name.replace(/^../, '00')), '{"id":"x"}\n{"id":')
    writeFileSync(join(queueDir, 'outbox', 'strange'), 'x')
    mkdirSync(join(queueDir, 'outbox', '00000000000001.0000000000000000.json'))
    symlinkSync('/etc/passwd', join(queueDir, 'outbox', '00000000000002.0000000000000000.json'))
    expect(await send()).toMatchObject({ state: 'done', sent: 1, damaged: 4 })
    expect(told()).toHaveLength(1)
    expect(waiting()).toBe(0)
    expect(namesIn(queueDir, 'corrupt').filter((each) => !each.endsWith('.reason'))).toHaveLength(4)
    const reason = readFileSync(join(queueDir, 'corrupt', 'strange.reason'), 'utf8')
    expect(reason).toMatch(/no report for the application/)
  })

  it('is made by one of several at a time', async () => {
    let second: Promise<unknown> = Promise.resolve()
    const { app, store, send, waiting, queueDir } = await site({
      answer: () => (response) => {
        second = send().finally(() => response.writeHead(200).end())
      },
    })
    await add(store, 'one')
    expect(await send()).toMatchObject({ state: 'done', sent: 1 })
    expect(await second).toMatchObject({ state: 'busy', sent: 0 })
    expect([app.requests.length, waiting(), queueContents(queueDir)]).toEqual([1, 0, {}])
  })

  it('needs a secret, and says so', async () => {
    const { app, means, store, waiting } = await site()
    await add(store, 'one')
    const webhook = { ...means.webhook, secret: undefined }
    const report = await sendOutbox({ ...means, webhook })
    expect(report.state).toBe('failed')
    expect(report.reason).toMatch(/set webhook_secret_file/)
    const file = join(temporaryDirectory(), 'secret')
    writeFileSync(file, `${SECRET}\n`, { mode: 0o600 })
    const later = await sendOutbox({ ...means, webhook: { ...webhook, secretFile: file } }, { now: true })
    expect(later).toMatchObject({ state: 'done', sent: 1 })
    expect([app.requests.length, waiting()]).toEqual([1, 0])
  })
})

describe('the companion of a daemon', () => {
  it('tells at once, and stops when it is asked to', async () => {
    const arrived: (() => void)[] = []
    const { store, means, waiting, app, queueDir } = await site({
      answer: () => {
        arrived.shift()?.()
        return 200
      },
    })
    const next = (): Promise<void> => new Promise((resolve) => arrived.push(resolve))
    await add(store, 'one')
    const first = next()
    const running = await outboxCompanion(means).start()
    await first
    // More than one: the second may come while the first is under way.
    for (const id of ['two', 'three']) {
      const came = next()
      await add(store, id)
      await came
    }
    await running.stop()
    const repeated = app.requests.flatMap(({ events }) => events.map(({ id }) => id))
    expect(new Set(repeated)).toEqual(new Set(['one', 'two', 'three']))
    await sendOutbox(means, { now: true })
    expect([waiting(), queueContents(queueDir)]).toEqual([0, {}])
  })
})
