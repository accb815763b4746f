/**
 * A real server behind somebody who listens to everything and changes what he can, and servers that are not who they
 * should be: at each level of TLS, what is sent, what is not, and what is said about it.
 */
import type { SMTPServerOptions } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings, TlsLevel } from '../../../src/config/config.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { makeCertificates, type TestCertificates, type TestPair } from '../../helpers/certificates.ts'
import { leaksIn, startMiddleMan, without, type Tampering } from '../../helpers/man-in-the-middle.ts'
import { verdictOf } from './attempts.ts'
import { authSettings } from './auth-settings.ts'
import { ANN, startRealServer, type RealServer } from './real-server.ts'
import { deliveryTo, settingsFor } from './settings.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

interface Attempt {
  /** `delivered`, or why not. */
  readonly result: string
  readonly server: RealServer
  readonly wire: string
}

/** One message to a server with this certificate, with a login unless the settings have none. */
async function attempt(
  pair: TestPair,
  settings: Partial<SmtpSettings>,
  tampering: Tampering = {},
  options: SMTPServerOptions = {},
): Promise<Attempt> {
  const secure = settings.implicitTls === true
  const server = await startRealServer(pair, { secure, authMethods: ['PLAIN'], ...options })
  const middle = await startMiddleMan(server.port, tampering)
  const account = { host: 'localhost', tlsCa: made.ca.certFile, ...ANN, ...settings }
  const transport = new SmtpTransport(settingsFor(middle.port, account))
  const [outcome] = await transport.send(deliveryTo('a@x.example'))
  for (const each of [transport, middle, server]) await each.close()
  const { wire } = middle
  if (outcome?.status === 'delivered') return { result: 'delivered', server, wire }
  expect(verdictOf(outcome)).toMatch(/^temporary account (?:connection|login)$/)
  expect(server.mail).toEqual([])
  return { result: outcome?.status === 'deferred' ? outcome.reason : '', server, wire }
}

/** Nothing of the account was to be read on the wire, and only what is delivered came with a login. */
function expectSecrecy({ wire, server, result }: Attempt): void {
  expect(leaksIn(wire, [ANN.password, `${ANN.username}\0${ANN.password}`])).toEqual([])
  expect(wire).not.toMatch(/^AUTH/m)
  expect(server.logins).toHaveLength(result === 'delivered' ? 1 : 0)
}

/** The results hold these words, in their order, and no attempt gave anything away. */
function expectResults(seen: readonly Attempt[], words: readonly string[]): void {
  expect(seen).toHaveLength(words.length)
  seen.forEach(({ result }, at) => expect(result).toContain(words[at]))
  seen.forEach(expectSecrecy)
}

const IN_CLEAR = 'the connection to localhost is not protected by TLS, so the password was not sent; set tls'
const UNPROVEN =
  'the certificate of localhost could not be verified, so the password was not sent; set tls_ca or tls'

type Row = readonly [level: TlsLevel, starttls: string, implicit: string]

/** The levels that do not look at who has signed the certificate, for what, and for how long. */
const ROWS: readonly Row[] = [
  ['off', IN_CLEAR, UNPROVEN],
  ['may', UNPROVEN, UNPROVEN],
  ['require', 'delivered', 'delivered'],
  ['pin', 'delivered', 'delivered'],
]

describe.each<[string, (all: TestCertificates) => TestPair, Partial<SmtpSettings>, string]>([
  ['that has expired', (all) => all.expired, {}, 'has expired; its operator has to renew it'],
  ['that is not valid yet', (all) => all.early, {}, 'is not valid yet; check the clock of this machine'],
  [
    'for another name',
    (all) => all.otherName,
    {},
    'is for other.example and not for localhost; correct smtp_host',
  ],
  [
    'that is self-signed',
    (all) => all.selfSigned,
    {},
    'is self-signed; name its file in tls_ca, or write tls = pin',
  ],
  [
    'of nobody known',
    (all) => all.server,
    { tlsCa: undefined },
    'is signed by nobody who is trusted here; name the',
  ],
])('a certificate %s', (_, choose, settings, words) => {
  const refused = `the certificate of localhost ${words}`

  it.each<Row>([...ROWS, ['verify', refused, refused]])('at tls = %s', async (tls, starttls, implicit) => {
    const pair = choose(made)
    const account = { ...settings, tls, tlsFingerprints: [pair.fingerprint] }
    const seen = await Promise.all([attempt(pair, account), attempt(pair, { ...account, implicitTls: true })])
    expectResults(seen, [starttls, implicit])
  })

  it('with another fingerprint', async () => {
    const account = { ...settings, tls: 'pin', tlsFingerprints: [made.client.fingerprint] } as const
    for (const implicitTls of [false, true]) {
      const seen = await attempt(choose(made), { ...account, implicitTls })
      expect(seen.result).toContain(
        'has none of the fingerprints in tls_fingerprint; if it was renewed, and only then,',
      )
      expectSecrecy(seen)
    }
  })

  it('is taken without a login at tls = may, which is about listeners only', async () => {
    const { result, server } = await attempt(choose(made), { ...settings, tls: 'may', username: undefined })
    expect(result).toBe('delivered')
    expect(server.mail).toEqual([{ secure: true, user: undefined }])
  })
})

const STRIPPED: Tampering = {
  reply: without(/^STARTTLS/),
  answer: (command) => (command === 'STARTTLS' ? '502 5.5.1 what?' : undefined),
}
const answering = (reply: string): Tampering => ({
  answer: (command) => (command === 'STARTTLS' ? reply : undefined),
})
const DELIVERED = 'delivered'
const LEVELS = ['may', 'require', 'verify', 'pin'] as const

/** The same message at each level, with a good certificate and a login. */
function atEachLevel(
  tampering: Tampering,
  settings: Partial<SmtpSettings> = {},
  options?: SMTPServerOptions,
): Promise<Attempt[]> {
  const account = { tlsFingerprints: [made.server.fingerprint], ...settings }
  return Promise.all(LEVELS.map((tls) => attempt(made.server, { ...account, tls }, tampering, options)))
}

describe('somebody on the way', () => {
  const missing = (reply: string) => `localhost does not offer STARTTLS (${reply}), and tls = `
  const refuses = (reply: string) => `localhost refuses STARTTLS: ${reply}; tls = `
  const notTls = 'localhost does not speak TLS although it offers STARTTLS'

  it.each<[string, Tampering, may: string, others: string]>([
    ['takes STARTTLS out', STRIPPED, IN_CLEAR, missing('502 5.5.1 what?')],
    ['takes STARTTLS out of the offer only', { reply: without(/^STARTTLS/) }, IN_CLEAR, DELIVERED],
    ['answers STARTTLS with 454', answering('454 4.7.0 not now'), IN_CLEAR, refuses('454 4.7.0 not now')],
    ['answers STARTTLS with 502', answering('502 5.5.1 never'), IN_CLEAR, refuses('502 5.5.1 never')],
    [
      'answers EHLO with 502',
      { answer: (line) => (line.startsWith('EHLO') ? '502 5.5.1 HELO' : undefined) },
      IN_CLEAR,
      missing('502 5.5.1 HELO'),
    ],
    ['says 220 and speaks no TLS', answering('220 go\r\n220 on'), notTls, notTls],
  ])('who %s learns no password', async (_, tampering, may, others) => {
    const seen = await atEachLevel(tampering)
    expectResults(seen, [may, others, others, others])
  })

  it.each([
    ['other mechanisms', '250-evil\r\n250 AUTH LOGIN\r\n'],
    ['half a line', '250-evil'],
    ['replies to everything', '250 hi\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n'],
  ])('who adds %s to the reply to STARTTLS is not listened to', async (_, inject) => {
    const seen = await atEachLevel({ inject })
    seen.forEach(expectSecrecy)
    for (const { server } of seen) {
      expect(server.logins).toEqual(['PLAIN'])
      expect(server.mail).toEqual([{ secure: true, user: 'ann' }])
    }
  })

  it('who leaves PLAIN alone in the offer gets the password only where insecure_auth and no mechanism are set', async () => {
    const weakened: Tampering = {
      reply: (lines) => without(/^STARTTLS/)(lines).map((line) => line.replace(/^AUTH .*/, 'AUTH PLAIN')),
    }
    const server = { authMethods: ['CRAM-MD5', 'PLAIN'] }
    for (const tls of ['off', 'may'] as const) {
      const seen = await attempt(made.server, { tls }, weakened, server)
      expect(seen.result).toBe(IN_CLEAR)
      expectSecrecy(seen)
    }
    const insecure = { tls: 'off', insecureAuth: true } as const
    const named = { ...insecure, auth: authSettings({ method: 'cram-md5' }) }
    const seen = await attempt(made.server, named, weakened, server)
    expect(seen.result).toContain('auth = cram-md5 is configured but localhost offers only PLAIN')
    expectSecrecy(seen)
    const hidden = await attempt(made.server, insecure, { reply: without(/^STARTTLS/) }, server)
    expect(hidden.result).toBe('delivered')
    expect(hidden.server.logins).toEqual(['CRAM-MD5'])
    expect(leaksIn(hidden.wire, [ANN.password])).toEqual([])
    const shown = await attempt(made.server, insecure, weakened, server)
    expect(shown.result).toBe('delivered')
    expect(leaksIn(shown.wire, [ANN.password])).toEqual([ANN.password])
  })
})

describe('a server that speaks nothing newer than TLS 1.1', () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

  it.each([false, true])(
    'gets nothing where there is a login, TLS from the first byte: %s',
    async (implicitTls) => {
      const seen = await atEachLevel({}, { implicitTls }, old)
      const words = 'localhost speaks no version of TLS from 1.2 on; its operator has to update it, or lower'
      expectResults(
        seen,
        LEVELS.map(() => words),
      )
    },
  )

  it('gets mail in clear at tls = may when there is no login', async () => {
    const { result, server } = await attempt(made.server, { tls: 'may', username: undefined }, {}, old)
    expect(result).toBe('delivered')
    expect(server.mail).toEqual([{ secure: false, user: undefined }])
  })
})
