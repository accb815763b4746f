/** Connections that cannot be protected as the settings demand: the right words, no credential, no mail lost. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../../src/config/config.ts'
import type { Logger } from '../../../../src/logging/logger.ts'
import { nullLogger } from '../../../../src/logging/logger.ts'
import { SmtpTransport } from '../../../../src/transport/smtp.ts'
import { makeCertificates, type TestCertificates, type TestPair } from '../../../helpers/certificates.ts'
import { startScriptedServer, type Script } from '../../../helpers/scripted-server.ts'
import { openBench } from '../attempts.ts'
import { deliveryTo, settingsFor } from '../settings.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())
const bench = openBench()
afterEach(() => bench.clear())

const LOGIN = { username: 'ann', password: 'hunter22' }
const CA = (): Partial<SmtpSettings> => ({
  host: 'localhost',
  tls: 'verify',
  tlsCa: made.ca.certFile,
  ...LOGIN,
})

/** STARTTLS with a certificate, and a login that would work. */
function server(pair: TestPair, others: Partial<NonNullable<Script['tls']>> = {}): Script {
  return {
    extensions: ['STARTTLS', 'AUTH PLAIN'],
    starttls: '220 go',
    auth: '235 ok',
    tls: { key: pair.key, cert: pair.cert, ...others },
  }
}

const implicit = (script: Script): Script => ({ ...script, implicitTls: true })

/** What a recipient is told, and that the server got neither credentials nor mail. */
async function reasonOf(script: Script, settings: Partial<SmtpSettings>): Promise<string> {
  const { server: seen, outcomes } = await bench.attempt(script, settings)
  const [outcome] = outcomes
  expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'connection' })
  expect(seen.commands.filter((line) => !/^(?:EHLO|LHLO|STARTTLS|QUIT)\b/.test(line))).toEqual([])
  expect(seen.transactions).toEqual([])
  const reason = outcome?.status === 'deferred' ? outcome.reason : ''
  expect(reason).not.toContain('hunter22')
  expect(reason).not.toMatch(/[\r\n]/)
  return reason
}

describe.each([
  ['STARTTLS', (script: Script) => script, {}],
  ['TLS from the first byte', implicit, { implicitTls: true }],
] as const)('with %s, a certificate', (_, as, more) => {
  it('that is good is taken', async () => {
    const { server: seen, verdicts } = await bench.attempt(as(server(made.server)), { ...CA(), ...more })
    expect(verdicts).toEqual(['delivered'])
    expect(seen.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
  })

  it.each<[string, () => TestPair, Partial<SmtpSettings>, string]>([
    [
      'that has expired',
      () => made.expired,
      {},
      'the certificate of localhost has expired; its operator has to',
    ],
    [
      'for another name',
      () => made.otherName,
      {},
      'the certificate of localhost is for other.example and not for localhost; correct smtp_hostname, or write',
    ],
    [
      'for another name than tls_name',
      () => made.server,
      { tlsName: 'mx.example' },
      'the certificate of localhost is for localhost and not for mx.example; correct',
    ],
    [
      'that is self-signed',
      () => made.selfSigned,
      {},
      'the certificate of localhost is self-signed; name its file',
    ],
    [
      'of nobody known',
      () => made.server,
      { tlsCa: undefined },
      'the certificate of localhost is signed by nobody who is trusted here; name the certificate of who signed',
    ],
  ])('%s is refused', async (__, pair, settings, words) => {
    expect(await reasonOf(as(server(pair())), { ...CA(), ...more, ...settings })).toContain(words)
  })

  it('for the name in tls_name is taken, whatever the server is called', async () => {
    const settings = { ...CA(), ...more, host: '127.0.0.1', tlsName: 'other.example' }
    expect((await bench.attempt(as(server(made.otherName)), settings)).verdicts).toEqual(['delivered'])
  })

  it('that is pinned is taken, whoever signed it and whatever it is for, and no other', async () => {
    const pin = { host: 'localhost', tls: 'pin', ...LOGIN, ...more } as const
    const { server: own, expired, otherName, selfSigned } = made
    for (const pair of [own, expired, otherName, selfSigned]) {
      const settings = { ...pin, tlsFingerprints: [made.client.fingerprint, pair.fingerprint] }
      const { server: seen, verdicts } = await bench.attempt(as(server(pair)), settings)
      expect(verdicts).toEqual(['delivered'])
      expect(seen.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
    }
    const reason = await reasonOf(as(server(own)), { ...pin, tlsFingerprints: [expired.fingerprint] })
    expect(reason).toBe(
      'the certificate of localhost has none of the fingerprints in tls_fingerprint; ' +
        `if it was renewed, and only then, write tls_fingerprint = ${own.fingerprint}`,
    )
  })

  it('of the client is shown to a server that wants one', async () => {
    const wants = server(made.server, { requestCert: true, rejectUnauthorized: true, ca: made.ca.cert })
    const client = { tlsCert: made.client.certFile, tlsKey: made.client.keyFile }
    expect((await bench.attempt(as(wants), { ...CA(), ...more, ...client })).verdicts).toEqual(['delivered'])
    expect(await reasonOf(as(wants), { ...CA(), ...more })).toContain(
      'localhost wants a certificate of the client; set tls_cert and tls_key',
    )
  })

  it('comes with a version of TLS that is new enough', async () => {
    const old = server(made.server, {
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    expect(await reasonOf(as(old), { ...CA(), ...more })).toContain(
      'localhost speaks no version of TLS from 1.2 on; its operator has to update it, or lower tls_min_version',
    )
    const lowered = { ...CA(), ...more, tlsMinVersion: '1.0' } as const
    expect((await bench.attempt(as(old), lowered)).verdicts).toEqual(['delivered'])
    const newer = { ...CA(), ...more, tlsMinVersion: '1.3' } as const
    const last = server(made.server, { maxVersion: 'TLSv1.2' })
    expect(await reasonOf(as(last), newer)).toContain('no version of TLS from 1.3 on')
  })
})

describe('a server that does not speak TLS', () => {
  it.each(['require', 'verify', 'pin'] as const)(
    'without STARTTLS gets nothing with tls = %s',
    async (tls) => {
      const settings = { ...CA(), tls, tlsFingerprints: [made.server.fingerprint] }
      expect(await reasonOf({ extensions: ['AUTH PLAIN'], auth: '235 ok' }, settings)).toBe(
        `localhost does not offer STARTTLS (502 5.5.1 not here), and tls = ${tls} sends nothing without TLS; ` +
          'check smtp_hostname and smtp_port, and whether something on the way removes it',
      )
    },
  )

  it('that refuses STARTTLS is tried again', async () => {
    const script = { extensions: ['STARTTLS', 'AUTH PLAIN'], starttls: '454 4.7.0 not now' }
    expect(await reasonOf(script, CA())).toBe(
      'localhost refuses STARTTLS: 454 4.7.0 not now; tls = verify sends nothing without TLS, so it will be tried again',
    )
  })

  it('is told from one that speaks it from the first byte', async () => {
    expect(await reasonOf({}, { ...CA(), implicitTls: true })).toContain(
      'localhost does not speak TLS from the first byte; write tls_implicit = no if it has STARTTLS',
    )
    const broken = { ...server(made.server), handshake: '500 what?' }
    expect(await reasonOf(broken, CA())).toContain('localhost does not speak TLS although it offers STARTTLS')
  })

  it('and cuts the connection in the handshake is named', async () => {
    const script = { ...server(made.server), handshake: { just: 'drop' } as const }
    expect(await reasonOf(script, CA())).toMatch(/^the TLS handshake with localhost failed: .*closed/)
  })
})

describe('tls = may', () => {
  const broken = (): Script => ({ ...server(made.server), handshake: { just: 'drop' } })
  const may = { host: 'localhost', tls: 'may' } as const

  it('does without TLS on a new connection when the handshake fails, and says so in the log', async () => {
    const lines: unknown[] = []
    const warn: Logger['warn'] = (event, fields) => void lines.push([event, fields])
    const seen = await startScriptedServer(broken())
    const transport = new SmtpTransport(settingsFor(seen.port, may), { ...nullLogger, warn })
    expect((await transport.send(deliveryTo('a@x')))[0]?.status).toBe('delivered')
    await transport.close()
    await seen.close()
    expect(seen.connections).toBe(2)
    expect(lines).toHaveLength(1)
    expect(JSON.stringify(lines)).toMatch(
      /^\[\["tls\.failed",\{"server":"localhost","reason":"the TLS handshake with/,
    )
  })

  it('never does so with a password or a certificate of its own, nor with TLS from the first byte', async () => {
    const client = { tlsCert: made.client.certFile, tlsKey: made.client.keyFile }
    for (const settings of [LOGIN, client]) {
      const { server: seen, verdicts } = await bench.attempt(broken(), { ...may, ...settings })
      expect(verdicts).toEqual(['temporary account connection'])
      expect(seen.connections).toBe(1)
    }
    const { server: seen, verdicts } = await bench.attempt({}, { ...may, implicitTls: true })
    expect(verdicts).toEqual(['temporary account connection'])
    expect(seen.connections).toBe(1)
  })
})

describe('a file of the settings that is of no use', () => {
  const unreachable = async (settings: Partial<SmtpSettings>): Promise<string> => {
    const { server: seen, outcomes } = await bench.attempt({}, { ...CA(), ...settings })
    expect(seen.connections).toBe(0)
    const [outcome] = outcomes
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'setup' })
    return outcome?.status === 'deferred' ? outcome.reason : ''
  }

  it('is named before anything is sent', async () => {
    const { client, server: own, encryptedKeyFile, directory } = made
    const pair = (tlsCert: string, tlsKey: string) => unreachable({ tlsCert, tlsKey })
    const missing = join(directory, 'missing')
    const empty = join(directory, 'empty')
    writeFileSync(empty, 'nothing\n')
    expect(await unreachable({ tlsCa: missing })).toMatch(/^cannot read tls_ca: .*missing.*; check the path/)
    expect(await unreachable({ tlsCa: empty })).toMatch(
      /empty holds no certificate in PEM format; name another/,
    )
    expect(await pair(client.certFile, missing)).toMatch(/^cannot read tls_key: /)
    expect(await pair(empty, client.keyFile)).toMatch(/holds no certificate in PEM format.*tls_cert$/)
    expect(await pair(client.certFile, empty)).toMatch(/holds no private key in PEM format.*tls_key$/)
    expect(await pair(client.certFile, own.keyFile)).toMatch(
      /: the key does not belong to the certificate; name/,
    )
    expect(await pair(client.certFile, encryptedKeyFile)).toMatch(
      /encrypted\.key has a passphrase.*openssl pkey/,
    )
  })

  it('is named when it is damaged, before the server is blamed for what it cannot prove', async () => {
    const { ca, client, server: own, directory } = made
    const damaged = join(directory, 'damaged')
    const spoiled = (pem: string): string => pem.replace(/^(\w{20}).*$/m, '$1')
    for (const text of [spoiled(ca.cert), ca.cert + spoiled(own.cert), ca.cert + own.cert.slice(0, 200)]) {
      writeFileSync(damaged, text)
      expect(await unreachable({ tlsCa: damaged })).toMatch(
        /damaged holds a certificate that is damaged; restore it, or name another file in tls_ca$/,
      )
    }
    writeFileSync(damaged, spoiled(client.cert))
    expect(await unreachable({ tlsCert: damaged, tlsKey: client.keyFile })).toMatch(
      /damaged holds a certificate that is damaged; .* in tls_cert$/,
    )
    writeFileSync(damaged, spoiled(client.key))
    expect(await unreachable({ tlsCert: client.certFile, tlsKey: damaged })).toMatch(
      /damaged holds a private key that is damaged; .* in tls_key$/,
    )
  })
})
