/** Servers that are found by the SRV records of a domain, from a real DNS server. */
import type { SrvRecord } from 'node:dns'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings, SrvService } from '../../../src/config/config.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { makeCertificates, type TestCertificates } from '../../helpers/certificates.ts'
import { startDnsServer, type DnsServer, type Zone } from '../../helpers/dns-server.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../../helpers/scripted-server.ts'
import { authSettings } from './auth-settings.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const BOTH: readonly SrvService[] = ['submissions', 'submission']
const LOGIN = { username: 'ann', password: 'hunter22' }

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script)
  cleanUp.push(() => server.close())
  return server
}

const secure = (implicitTls: boolean): Script => ({
  extensions: ['STARTTLS', 'AUTH PLAIN'],
  starttls: '220 go',
  auth: '235 ok',
  implicitTls,
  tls: { key: made.server.key, cert: made.server.cert },
})

const at = (port: number, name = 'localhost', priority = 0): SrvRecord => ({
  name,
  port,
  priority,
  weight: 0,
})

async function send(
  zone: Zone,
  settings: Partial<SmtpSettings>,
  signal?: AbortSignal,
): Promise<{ readonly outcome: RecipientOutcome | undefined; readonly dns: DnsServer }> {
  const dns = await startDnsServer(zone)
  const account = { host: 'localhost', srv: BOTH, tls: 'verify', tlsCa: made.ca.certFile, ...LOGIN } as const
  const transport = new SmtpTransport(settingsFor(1, { ...account, ...settings }), undefined, dns.resolver)
  cleanUp.push(
    () => dns.close(),
    () => transport.close(),
  )
  return { dns, outcome: (await transport.send(deliveryTo('a@x'), signal))[0] }
}

const reasonOf = (outcome: RecipientOutcome | undefined): string => {
  expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'connection' })
  return outcome?.status === 'deferred' ? outcome.reason : ''
}

describe('the servers of a domain', () => {
  it('are asked for under both services, and TLS from the first byte is preferred', async () => {
    const [first, second] = [await serve(secure(true)), await serve(secure(false))]
    const { dns, outcome } = await send(
      { '_submissions._tcp.localhost': [at(first.port)], '_submission._tcp.localhost': [at(second.port)] },
      {},
    )
    expect(outcome?.status).toBe('delivered')
    expect(dns.asked.toSorted()).toEqual(['_submission._tcp.localhost', '_submissions._tcp.localhost'])
    expect([first.connections, second.connections]).toEqual([1, 0])
  })

  it('are tried by priority, then under the other service, each protected in its way', async () => {
    const broken = await serve({ banner: { drop: '554 5.3.2 closed' } })
    const unsafe = await serve({ extensions: ['AUTH PLAIN'], auth: '235 ok' })
    const good = await serve(secure(false))
    const { outcome } = await send(
      {
        '_submissions._tcp.localhost': [at(1)],
        '_submission._tcp.localhost': [
          at(good.port, 'localhost', 30),
          at(broken.port, 'localhost', 10),
          at(unsafe.port, 'localhost', 20),
        ],
      },
      {},
    )
    expect(outcome?.status).toBe('delivered')
    expect([broken.connections, unsafe.connections, good.connections]).toEqual([1, 1, 1])
    expect(unsafe.commands.filter((line) => line.startsWith('AUTH'))).toEqual([])
  })

  it('that all fail are all named', async () => {
    const broken = await serve({ banner: { drop: '554 5.3.2 closed' } })
    const { outcome } = await send(
      { '_submissions._tcp.localhost': [at(1)], '_submission._tcp.localhost': [at(broken.port)] },
      {},
    )
    expect(reasonOf(outcome)).toMatch(/^cannot connect to localhost port 1: .*; 554 5\.3\.2 closed$/)
  })

  it('that refuse the login are not left for another', async () => {
    const refusing = await serve({ ...secure(true), auth: '535 5.7.8 no' })
    const other = await serve(secure(false))
    const { outcome } = await send(
      { '_submissions._tcp.localhost': [at(refusing.port)], '_submission._tcp.localhost': [at(other.port)] },
      {},
    )
    expect(outcome).toMatchObject({ status: 'deferred', trouble: 'login', code: 535 })
    expect(other.connections).toBe(0)
  })

  it('of one service only are asked for when that is wanted', async () => {
    const server = await serve(secure(false))
    const zone = { '_submission._tcp.localhost': [at(server.port)] }
    const { dns, outcome } = await send(zone, { srv: ['submission'] })
    expect(outcome?.status).toBe('delivered')
    expect(dns.asked).toEqual(['_submission._tcp.localhost'])
  })
})

describe('a server outside of the domain', () => {
  const zone = (port: number): Zone => ({ '_submission._tcp.site.example': [at(port)] })
  const settings = { host: 'site.example', srv: BOTH }

  it('gets nothing, since the record may be forged', async () => {
    const server = await serve(secure(false))
    const { certFile: tlsCert, keyFile: tlsKey } = made.client
    const certificate = { username: undefined, password: undefined, tls: 'may', tlsCert, tlsKey } as const
    const external = { ...certificate, auth: authSettings({ method: 'external' }) }
    const forged = [{}, { tls: 'may' }, certificate, external] as const
    for (const more of forged) {
      const { outcome } = await send(zone(server.port), { ...settings, ...more })
      expect(reasonOf(outcome)).toBe(
        'the SRV records of site.example name localhost, which is outside of it, and DNS records can be forged; ' +
          'if it is the right server, write tls_name = localhost, or smtp_hostname = localhost without srv',
      )
    }
    expect(server.connections).toBe(0)
  })

  it('is taken when tls_name or a fingerprint confirms it', async () => {
    const server = await serve(secure(false))
    const pin = { tls: 'pin', tlsCa: undefined, tlsFingerprints: [made.server.fingerprint] } as const
    for (const more of [{ tlsName: 'localhost' }, pin]) {
      const { outcome } = await send(zone(server.port), { ...settings, ...more })
      expect(outcome?.status).toBe('delivered')
    }
    const wrong = await send(zone(server.port), { ...settings, tlsName: 'mx.example' })
    expect(reasonOf(wrong.outcome)).toContain('is for localhost and not for mx.example')
  })
})

describe('a domain', () => {
  it.each<[string, Zone, string]>([
    [
      'without records',
      {},
      'localhost announces no server for submission (no SRV records _submissions._tcp.localhost and ' +
        '_submission._tcp.localhost); write the name of a server in smtp_hostname and remove srv',
    ],
    [
      'that says it has no such service',
      { '_submissions._tcp.localhost': [at(0, '.')], '_submission._tcp.localhost': [at(0, '.')] },
      'localhost announces no server for submission',
    ],
    [
      'whose servers do not answer well',
      { '_submissions._tcp.localhost': 2, '_submission._tcp.localhost': 2 },
      'cannot look up the SRV records _submissions._tcp.localhost and _submission._tcp.localhost: ESERVFAIL; check',
    ],
  ])('%s is a failure of the account', async (_, zone, words) => {
    const { outcome } = await send(zone, {})
    expect(reasonOf(outcome)).toContain(words)
  })

  it('is waited for no longer than the connect timeout, and the wait can be interrupted', async () => {
    const zone: Zone = { '_submissions._tcp.localhost': 'silent', '_submission._tcp.localhost': 'silent' }
    const { outcome } = await send(zone, { timeouts: { ...LONG, connect: 50 } })
    expect(reasonOf(outcome)).toContain('no answer within 50 ms; check the resolver')
    const stopped = await send(zone, {}, AbortSignal.timeout(20))
    expect(stopped.outcome).toMatchObject({ status: 'deferred', scope: 'host' })
  })
})
