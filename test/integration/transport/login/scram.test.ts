/** SCRAM against a server that knows its side of it, over TLS 1.2 and 1.3, and against servers that lie. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../../src/config/config.ts'
import { nullLogger, type Logger } from '../../../../src/logging/logger.ts'
import type { RecipientOutcome } from '../../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../../src/transport/smtp.ts'
import { startSaslServer, type SaslServer, type SaslServerOptions } from '../../../helpers/sasl-server.ts'
import { authSettings } from '../auth-settings.ts'
import { deliveryTo, settingsFor } from '../settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-scram-'))
const cert = join(directory, 'cert.pem')
const cleanUp: (() => unknown)[] = []
const ALL = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1']

beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout']
  const args = ['req', '-x509', ...key, join(directory, 'key.pem'), '-out', cert, '-days', '2', ...subject]
  execFileSync('openssl', args, { stdio: 'ignore' })
})
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})
afterAll(() => rmSync(directory, { recursive: true }))

const lines: string[] = []
const log: Logger = {
  ...nullLogger,
  debugEnabled: true,
  debug: (_event, fields) => void lines.push(JSON.stringify(fields)),
}

async function attempt(
  options: Partial<SaslServerOptions>,
  settings: Partial<SmtpSettings> = {},
): Promise<{ outcome: RecipientOutcome | undefined; server: SaslServer; logged: string }> {
  lines.length = 0
  const keys = { key: readFileSync(join(directory, 'key.pem')), cert: readFileSync(cert, 'utf8') }
  const server = await startSaslServer({ ...keys, mechanisms: ALL, password: 'hünter22', ...options })
  const login = { username: 'ann', password: 'hünter22' }
  const secure = { host: 'localhost', implicitTls: true, tls: 'verify', tlsCa: cert } as const
  const transport = new SmtpTransport(settingsFor(server.port, { ...login, ...secure, ...settings }), log)
  cleanUp.push(
    () => server.close(),
    () => transport.close(),
  )
  const [outcome] = await transport.send(deliveryTo('a@x'))
  return { outcome, server, logged: lines.join('\n') }
}

const logins = ({ heard }: SaslServer): string[] =>
  heard.filter((line) => line.startsWith('AUTH')).map((line) => line.replace(/,,.*/, ''))
const reasonOf = (outcome: RecipientOutcome | undefined): string =>
  outcome?.status === 'deferred' ? outcome.reason : ''

describe('SCRAM', () => {
  it.each([
    ['TLSv1.3', 'tls-exporter'],
    ['TLSv1.2', 'tls-server-end-point'],
  ] as const)('is tied to the connection with %s by %s', async (version, binding) => {
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-1']) {
      const mechanisms = [mechanism, `${mechanism}-PLUS`]
      const { outcome, server } = await attempt({ maxVersion: version, minVersion: version, mechanisms })
      expect(outcome?.status).toBe('delivered')
      expect(logins(server)).toEqual([`AUTH ${mechanism}-PLUS p=${binding}`])
    }
  })

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-1'])('%s works without channel binding', async (mechanism) => {
    const { outcome, server } = await attempt({ mechanisms: ['PLAIN', mechanism] })
    expect(outcome?.status).toBe('delivered')
    expect(logins(server)).toEqual([`AUTH ${mechanism} y`])
  })

  it('goes on with the other binding when the server does not know the first', async () => {
    const { outcome, server } = await attempt({ onlyBinding: 'tls-server-end-point' })
    expect(outcome?.status).toBe('delivered')
    const [first, second] = ['tls-exporter', 'tls-server-end-point']
    expect(logins(server)).toEqual([
      `AUTH SCRAM-SHA-256-PLUS p=${first}`,
      `AUTH SCRAM-SHA-256-PLUS p=${second}`,
    ])
  })

  it('lets the server notice that somebody took its offer away', async () => {
    const { outcome, server } = await attempt({ stripped: true })
    expect(outcome).toMatchObject({ status: 'deferred', trouble: 'login', code: 535 })
    expect(server.delivered).toBe(0)
    expect(logins(server)).toEqual(['AUTH SCRAM-SHA-256 y'])
  })

  it('with a wrong password is refused once, and nothing else is tried', async () => {
    const { outcome, server } = await attempt({}, { password: 'wrong' })
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'login', code: 535 })
    expect(reasonOf(outcome)).toBe('535 5.7.8 authentication failed; check smtp_username and the password')
    expect(logins(server)).toHaveLength(1)
  })

  it.each([
    [{ lies: true }, 'does not know the password'],
    [{ credulous: true }, 'did not prove that it knows the password'],
    [{ rounds: 1000 }, 'fewer than 4096'],
    [{ rounds: 4_000_000_00 }, 'more than the 2000000'],
  ])('does not go on with a server such as %j', async (options, why) => {
    const { outcome, server } = await attempt(options)
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'login' })
    expect(reasonOf(outcome)).toContain(why)
    expect(server.delivered).toBe(0)
  })

  it('that is not offered under the name that is configured is not replaced by another', async () => {
    const { outcome, server } = await attempt(
      { mechanisms: ['SCRAM-SHA-1'] },
      { auth: authSettings({ method: 'scram-sha-256' }) },
    )
    expect(reasonOf(outcome)).toContain(
      'auth = scram-sha-256 is configured but localhost offers only SCRAM-SHA-1',
    )
    expect(logins(server)).toEqual([])
  })

  it('leaves nothing in the dialogue by which the password could be guessed', async () => {
    const { logged, server } = await attempt({})
    expect(logged).toContain('C: AUTH SCRAM-SHA-256-PLUS ***')
    expect(logged).toContain('S: 334 ***')
    const nonce = /r=([^,]*)/.exec(server.heard.find((line) => line.startsWith('AUTH')) ?? '')?.[1] ?? 'none'
    for (const secret of [nonce, Buffer.from(nonce).toString('base64').slice(0, 12), 'hünter22']) {
      expect(logged).not.toContain(secret)
    }
  })
})
