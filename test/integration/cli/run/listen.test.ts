/** Promises of src/cli/run/listen.ts and open-listener.ts: what is served, to whom, and what is refused. */
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isLocalHost, isLoopback, listenAddress } from '../../../../src/cli/run/listen-address.ts'
import type { ListenState } from '../../../../src/cli/run/listen.ts'
import { metricsCompanion } from '../../../../src/cli/run/metrics-companion.ts'
import { openListener } from '../../../../src/cli/run/open-listener.ts'
import { STATS_MEMBERS } from '../../../../src/cli/queue/stats.ts'
import type { Setup } from '../../../../src/cli/setup.ts'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { openMetrics } from '../../../../src/delivery/metrics/metrics.ts'
import { bufferContent } from '../../../../src/message/content.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import { systemClock } from '../../../../src/util/clock.ts'
import { readExposition } from '../../../helpers/exposition.ts'
import { scratchDirectory } from '../../logging/listener.ts'

const WELL: ListenState = { startedAt: 1000, lastPass: 2000, nextDue: undefined, busy: 0, trouble: undefined }

interface Reply {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Asked {
  readonly method?: string
  readonly host?: string
}

async function serve(where?: string, state = WELL, settings: Readonly<Record<string, unknown>> = {}) {
  const directory = scratchDirectory()
  const queueDir = join(directory, 'queue')
  const config = configFromSettings({ host: 'relay.example', queue_dir: queueDir, ...settings })
  const complaints: string[] = []
  const complain = (line: string): void => void complaints.push(line)
  const setup = { config, terminal: { complain } } as unknown as Setup
  const store = new MaildirQueue(queueDir)
  const envelope = { sender: 'annabella@site.example', recipients: ['benjamin@d.example'] }
  await store.enqueue({ envelope, content: bufferContent(Buffer.from('Subject: s\r\n\r\nx\r\n')) })
  const metrics = openMetrics({ queue: store, config, clock: systemClock, complain })
  const address = where ?? `unix:${join(directory, 'socket')}`
  const server = await (await openListener(setup, address, store, metrics)).start(state)
  onTestFinished(() => server.stop())
  const to = address.startsWith('unix:')
    ? { socketPath: address.slice(5) }
    : { host: '127.0.0.1', port: server.port }
  const ask = (path: string, { method = 'GET', host = 'localhost' }: Asked = {}) =>
    new Promise<Reply>((resolve, reject) => {
      const asking = request({ ...to, path, method, headers: { host }, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      asking.on('error', reject)
      asking.end()
    })
  return { ask, server, directory, queueDir, metrics, to }
}

describe('the server', () => {
  it('serves metrics that Prometheus can read', async () => {
    const { ask } = await serve()
    const reply = await ask('/metrics')
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } })
    expect(readExposition(reply.body)).toMatchObject({ 'mailqueue_messages{state="waiting"}': 1 })
  })

  it('serves the counts of the queue as mq-queue stats --json has them, without an address', async () => {
    const { ask, queueDir } = await serve()
    const { status, body } = await ask('/queue')
    expect(status).toBe(200)
    const record = JSON.parse(body) as Record<string, unknown>
    expect(Object.keys(STATS_MEMBERS)).toEqual(expect.arrayContaining(Object.keys(record)))
    expect(record).toMatchObject({
      queue: queueDir,
      domains: [{ domain: 'd.example', recipients: 1 }],
      places: { waiting: { messages: 1 } },
    })
    expect(body).not.toMatch(/annabella|benjamin/)
  })

  it('shows no domains either where the logs show none', async () => {
    const { ask } = await serve(undefined, WELL, { log_privacy: 'hash' })
    expect((await ask('/queue')).body).not.toMatch(/site\.example|d\.example/)
  })

  it('says whether all is well, and why not', async () => {
    const well = await (await serve()).ask('/healthz')
    expect(well.status).toBe(200)
    expect(JSON.parse(well.body)).toEqual({ status: 'ok', started: 1, last_pass: 2, busy: 0 })
    const state = { ...WELL, trouble: 'the disk of annabella@site.example is full' }
    const { ask } = await serve(undefined, state, { log_privacy: 'domain' })
    const ill = await ask('/healthz')
    expect(ill.status).toBe(503)
    expect(JSON.parse(ill.body)).toMatchObject({
      status: 'failing',
      reason: 'the disk of *@site.example is full',
    })
  })

  it('answers HEAD without a body and refuses every other method and path', async () => {
    const { ask } = await serve()
    expect(await ask('/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect(await ask('/metrics', { method })).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD' },
      })
    expect(await ask('/')).toMatchObject({ status: 404 })
    expect(await ask('/../etc/passwd')).toMatchObject({ status: 404 })
    expect(await ask('/metrics?x=1')).toMatchObject({ status: 200 })
  })

  it('answers a page of the web nothing that comes to loopback under another name', async () => {
    const { ask } = await serve('0')
    expect(await ask('/queue', { host: 'evil.example' })).toMatchObject({ status: 421 })
    expect(await ask('/queue', { host: '127.0.0.1:80' })).toMatchObject({ status: 200 })
  })

  it('ends what is no request, and one with too large a header', async () => {
    const { to } = await serve('0')
    for (const text of ['\0\r\n\r\n', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]) {
      const said = await new Promise<string>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: Number('port' in to ? to.port : 0) })
        let reply = ''
        socket.on('data', (chunk) => (reply += String(chunk)))
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(reply))
        socket.write(text)
      })
      expect(said).toMatch(/^HTTP\/1\.1 4\d\d /)
    }
  })

  it('answers many at the same time', async () => {
    const { ask } = await serve()
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask('/queue')))
    expect(replies.every(({ status }) => status === 200)).toBe(true)
  })

  it('says that the queue cannot be read, and goes on', async () => {
    const { ask, queueDir } = await serve()
    renameSync(queueDir, `${queueDir}.away`)
    writeFileSync(queueDir, 'no queue')
    expect(await ask('/metrics')).toMatchObject({
      status: 503,
      body: expect.stringContaining('error') as string,
    })
    rmSync(queueDir)
    renameSync(`${queueDir}.away`, queueDir)
    expect(await ask('/metrics')).toMatchObject({ status: 200 })
  })

  it('takes the place of a socket that nobody serves, and of nothing else', async () => {
    const { server, directory } = await serve()
    const path = join(directory, 'socket')
    expect(statSync(path).mode & 0o777).toBe(0o660)
    await expect(serve(`unix:${path}`)).rejects.toThrow(/cannot listen on unix:.*EADDRINUSE/)
    await server.stop()
    const dies = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', dies])
    expect(existsSync(path)).toBe(true)
    const next = await serve(`unix:${path}`)
    expect(await next.ask('/healthz')).toMatchObject({ status: 200 })
    await next.server.stop()
    writeFileSync(path, 'a file')
    await expect(serve(`unix:${path}`)).rejects.toThrow(/EADDRINUSE/)
    expect(existsSync(path)).toBe(true)
  })

  it('says why it cannot listen', async () => {
    const { server } = await serve('0')
    await expect(serve(`127.0.0.1:${server.port ?? 0}`)).rejects.toThrow(
      /^cannot listen on 127\.0\.0\.1:\d+: /,
    )
  })
})

describe('an address', () => {
  it.each([
    ['9780', '127.0.0.1', 9780, true],
    [':9780', '127.0.0.1', 9780, true],
    ['localhost:9780', '127.0.0.1', 9780, true],
    ['[::1]:9780', '::1', 9780, true],
    ['0.0.0.0:80', '0.0.0.0', 80, false],
    ['[::]:80', '::', 80, false],
  ])('%s is read', (text, host, port, loopback) => {
    const address = listenAddress(text)
    expect(address).toEqual({ kind: 'port', host, port })
    expect(isLoopback(address)).toBe(loopback)
  })

  it('of a socket is a path', () => {
    expect(listenAddress('unix:/run/x')).toEqual({ kind: 'unix', path: '/run/x' })
    expect(isLoopback(listenAddress('unix:/run/x'))).toBe(true)
  })

  it.each([
    '',
    'x',
    '127.0.0.1',
    '127.0.0.1:',
    '1.2.3.4:70000',
    'host.example:80',
    'unix:',
    'unix:x',
    '::1:80',
  ])('%j is refused', (text) => {
    expect(() => listenAddress(text)).toThrow(/--listen/)
  })

  it('is asked for by its own name', () => {
    for (const host of [undefined, 'localhost', 'localhost:1', '127.0.0.1:9780', '[::1]:9780'])
      expect(isLocalHost(host)).toBe(true)
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1'])
      expect(isLocalHost(host)).toBe(false)
  })
})

it('a process that runs for long writes the file at its start, now and then, and at its end', async () => {
  const calls: string[] = []
  const waits: (() => void)[] = []
  const note = (what: string) => async (): Promise<void> => {
    calls.push(what)
    waits.shift()?.()
  }
  const companion = metricsCompanion({ keep: note('keep'), writeFile: note('write') }, '/m', 1)
  const running = await companion.start({ isThere: true })
  expect(calls).toEqual(['keep', 'write'])
  while (calls.length < 6) await new Promise<void>((resolve) => waits.push(resolve))
  await running.stop()
  expect(calls.length).toBeGreaterThanOrEqual(8)
  expect(calls.slice(-2)).toEqual(['keep', 'write'])
})
