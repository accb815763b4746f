/** Connections through proxies, over Unix sockets and from a chosen address. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ProxySettings, SmtpSettings } from '../../../../src/config/config.ts'
import type { RecipientOutcome } from '../../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../../src/transport/smtp.ts'
import { makeCertificates, type TestCertificates } from '../../../helpers/certificates.ts'
import { startProxy, type ProxyPlan, type TestProxy } from '../../../helpers/proxies.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../../../helpers/scripted-server.ts'
import { deliveryTo, LONG, settingsFor } from '../settings.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function serve(script: Script = {}, path?: string): Promise<ScriptedServer> {
  const server = await startScriptedServer(script, path)
  cleanUp.push(() => server.close())
  return server
}

async function sendWith(settings: SmtpSettings, signal?: AbortSignal): Promise<RecipientOutcome | undefined> {
  const transport = new SmtpTransport(settings)
  cleanUp.push(() => transport.close())
  return (await transport.send(deliveryTo('a@x'), signal))[0]
}

const SECRET = 'open sesame'

interface Scene {
  readonly server: ScriptedServer
  readonly proxy: TestProxy
  readonly outcome: RecipientOutcome | undefined
}

async function through(
  scheme: ProxySettings['scheme'],
  plan: ProxyPlan = {},
  more: { settings?: Partial<SmtpSettings>; script?: Script; login?: Partial<ProxySettings> } = {},
): Promise<Scene> {
  const server = await serve(more.script)
  const proxy = await startProxy(scheme, plan)
  cleanUp.push(() => proxy.close())
  const where = { scheme, host: '127.0.0.1', port: proxy.port, username: undefined, password: undefined }
  const settings = settingsFor(server.port, {
    host: 'mail.nowhere.example',
    proxy: { ...where, ...more.login },
    ...more.settings,
  })
  return { server, proxy, outcome: await sendWith(settings) }
}

const reasonOf = (outcome: RecipientOutcome | undefined): string => {
  expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'connection' })
  return outcome?.status === 'deferred' ? outcome.reason : ''
}

describe.each(['socks5', 'http'] as const)('a %s proxy', (scheme) => {
  it('is given the name of the server, which nobody here looks up', async () => {
    const { server, proxy, outcome } = await through(scheme)
    expect(outcome?.status).toBe('delivered')
    expect(proxy.asked).toEqual([`mail.nowhere.example:${server.port}`])
    expect(proxy.logins).toEqual([])
    expect(server.transactions).toHaveLength(1)
  })

  it('is given an IP address as it is', async () => {
    const { server, proxy, outcome } = await through(scheme, {}, { settings: { host: '127.0.0.1' } })
    expect(outcome?.status).toBe('delivered')
    expect(proxy.asked).toEqual([`127.0.0.1:${server.port}`])
    const six = await through(scheme, {}, { settings: { host: 'fe80::12:1.2.3.4' } })
    expect(six.outcome?.status).toBe('delivered')
    const expected = scheme === 'http' ? '[fe80::12:1.2.3.4]' : 'fe800000000000000000001201020304'
    expect(six.proxy.asked).toEqual([`${expected}:${six.server.port}`])
  })

  it.each([false, true])('is passed by TLS, from the first byte: %s', async (implicitTls) => {
    const tls = { key: made.otherName.key, cert: made.otherName.cert }
    const script = { extensions: ['STARTTLS'], starttls: '220 go', tls, implicitTls }
    const settings = { implicitTls, tls: 'verify', tlsCa: made.ca.certFile, host: 'other.example' } as const
    const { outcome, server } = await through(scheme, {}, { script, settings })
    expect(outcome?.status).toBe('delivered')
    expect(server.transactions).toHaveLength(1)
  })

  it('gets user name and password when it wants them', async () => {
    const plan = { login: { user: 'bob', password: SECRET } }
    const right = await through(scheme, plan, { login: { username: 'bob', password: SECRET } })
    expect(right.outcome?.status).toBe('delivered')
    expect(right.proxy.logins).toEqual([`bob:${SECRET}`])
    const wrong = await through(scheme, plan, { login: { username: 'bob', password: 'friend' } })
    expect(reasonOf(wrong.outcome)).toMatch(
      /^cannot connect to mail\.nowhere\.example port \d+ through the proxy (socks5|http):\/\/127\.0\.0\.1:\d+: .*check proxy$/,
    )
    expect(reasonOf(wrong.outcome)).not.toContain('friend')
    const none = await through(scheme, plan)
    expect(reasonOf(none.outcome)).toMatch(/it wants/)
    for (const { server } of [wrong, none]) expect(server.connections).toBe(0)
  })

  it.each([
    [
      'that refuses',
      scheme === 'http' ? { refuse: '403 Forbidden' } : { refuse: 2 },
      'its rules do not allow this',
    ],
    [
      'that cannot',
      scheme === 'http' ? { refuse: '502 Bad Gateway' } : { refuse: 4 },
      'Bad Gateway|find the host',
    ],
    [
      'that is none',
      { babble: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' },
      'does not speak SOCKS5|does not answer as an HTTP',
    ],
    ['that says nothing and closes', { babble: '' }, 'it closed the connection'],
    ['that never ends', { babble: 'HTTP/1.1 200 '.padEnd(20_000, 'x') }, 'endless|does not speak SOCKS5'],
  ])('%s is named with the reason', async (_, plan, words) => {
    const login = { username: 'ann', password: 'hunter22', insecureAuth: true }
    const { outcome, server } = await through(scheme, plan, { settings: login })
    expect(reasonOf(outcome)).toContain(`through the proxy ${scheme}://127.0.0.1:`)
    expect(reasonOf(outcome)).toMatch(new RegExp(words))
    expect(server.connections).toBe(0)
  })

  it('that is silent is waited for no longer than the connect timeout, and can be interrupted', async () => {
    const timeouts = { ...LONG, connect: 50 }
    const { outcome } = await through(scheme, { silent: true }, { settings: { timeouts } })
    expect(reasonOf(outcome)).toContain('no answer within 50 ms')
    const proxy = await startProxy(scheme, { silent: true })
    cleanUp.push(() => proxy.close())
    const where = { scheme, host: '127.0.0.1', port: proxy.port, username: undefined, password: undefined }
    const signal = AbortSignal.timeout(20)
    const stopped = await sendWith(settingsFor(1, { proxy: where }), signal)
    expect(stopped).toMatchObject({ status: 'deferred', scope: 'host' })
  })

  it('that is not there is named', async () => {
    const where = { scheme, host: '127.0.0.1', port: 1, username: 'bob', password: SECRET }
    const reason = reasonOf(await sendWith(settingsFor(25, { proxy: where })))
    expect(reason).toContain(
      `cannot connect to 127.0.0.1 port 25 through the proxy ${scheme}://127.0.0.1:1: connect EC`,
    )
    expect(reason).not.toContain(SECRET)
  })
})

describe('a Unix socket', () => {
  const folder = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'mailqueue-socket-'))
    cleanUp.push(() => rmSync(directory, { recursive: true }))
    return directory
  }

  it.each(['smtp', 'lmtp'] as const)('takes mail over %s', async (protocol) => {
    const socket = join(folder(), 'server')
    const server = await serve({}, socket)
    const settings = settingsFor(1, { socket, protocol })
    expect((await sendWith(settings))?.status).toBe('delivered')
    expect(server.commands[0]).toMatch(protocol === 'lmtp' ? /^LHLO/ : /^EHLO/)
    expect(new SmtpTransport(settings).name).toBe(`${protocol}://${socket}`)
  })

  it('that is not there, or has nobody behind it, is named', async () => {
    const socket = join(folder(), 'server')
    const reason = reasonOf(await sendWith(settingsFor(1, { socket })))
    expect(reason).toBe(
      `cannot connect to ${socket}: connect ENOENT ${socket}; check socket, and whether the server is running`,
    )
    const long = join(folder(), 'x'.repeat(200))
    expect(reasonOf(await sendWith(settingsFor(1, { socket: long })))).toContain(`cannot connect to ${long}`)
  })
})

describe('source_ip', () => {
  it('is where connections come from', async () => {
    const callers: (string | undefined)[] = []
    const server = createServer((socket) => {
      callers.push(socket.remoteAddress)
      socket.end('421 4.3.2 closed\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
    const address = server.address()
    const port = address instanceof Object ? address.port : 0
    await sendWith(settingsFor(port, { sourceIp: '127.0.0.7' }))
    await sendWith(settingsFor(port, { sourceIp: '127.0.0.8', host: 'localhost' }))
    expect(callers).toEqual(['127.0.0.7', '127.0.0.8'])
  })

  it('that this machine does not have is named', async () => {
    const server = await serve()
    const reason = reasonOf(await sendWith(settingsFor(server.port, { sourceIp: '203.0.113.9' })))
    expect(reason).toContain('203.0.113.9')
    expect(reason).toContain('source_ip has to be an address of this machine')
    expect(server.connections).toBe(0)
  })
})
