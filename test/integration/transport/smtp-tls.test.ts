/** TLS and login against a real SMTP server with a certificate made for the test. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../src/config/config.ts'
import { nullLogger, type Logger } from '../../../src/logging/logger.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { startScriptedServer } from '../../helpers/scripted-server.ts'
import { deliveryTo, settingsFor } from './settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-tls-'))
const key = join(directory, 'key.pem')
const cert = join(directory, 'cert.pem')
const cleanUp: (() => unknown)[] = []

beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  )
})
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Seen {
  port: number
  /** What each message came with. */
  readonly sessions: { secure: boolean; user: string | undefined }[]
}

async function startServer(options: SMTPServerOptions = {}): Promise<Seen> {
  const sessions: Seen['sessions'] = []
  const server = new SMTPServer({
    key: readFileSync(key),
    cert: readFileSync(cert),
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username, password }, _session, callback) => {
      if (password === 'hunter22') callback(null, { user: username })
      else callback(new Error(`wrong: ${password ?? ''}`))
    },
    onData: (stream, session, callback) => {
      const user = typeof session.user === 'string' ? session.user : undefined
      sessions.push({ secure: session.secure, user })
      stream.resume()
      stream.once('end', () => callback())
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, sessions }
}

async function attempt(
  port: number,
  others: Partial<SmtpSettings>,
  log?: Logger,
): Promise<RecipientOutcome | undefined> {
  const transport = new SmtpTransport(settingsFor(port, { host: 'localhost', ...others }), log)
  cleanUp.push(() => transport.close())
  return (await transport.send(deliveryTo('a@x.example')))[0]
}

const ANN = { username: 'ann', password: 'hunter22' }

describe('the TLS levels', () => {
  it.each<[string, Partial<SmtpSettings>, boolean]>([
    ['off: never', { tls: 'off' }, false],
    ['may: when offered', { tls: 'may' }, true],
    ['require: any certificate', { tls: 'require' }, true],
    ['verify: with the right certificate', { tls: 'verify', tlsCa: cert }, true],
  ])('%s', async (_, settings, secure) => {
    const server = await startServer()
    expect((await attempt(server.port, settings))?.status).toBe('delivered')
    expect(server.sessions).toEqual([{ secure, user: undefined }])
  })

  it('verify: not with an unknown certificate, nor for another name', async () => {
    const server = await startServer()
    const unknown = await attempt(server.port, { tls: 'verify' })
    expect(unknown).toMatchObject({ status: 'deferred', scope: 'account' })
    const other = await attempt(server.port, { tls: 'verify', tlsCa: cert, host: '127.0.0.1' })
    expect(other).toMatchObject({ status: 'deferred', scope: 'account' })
    expect(server.sessions).toEqual([])
  })

  it('require and verify: not when the server offers no TLS', async () => {
    for (const tls of ['require', 'verify'] as const) {
      const server = await startServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
      expect(await attempt(server.port, { tls })).toMatchObject({ status: 'deferred', scope: 'account' })
      expect(server.sessions).toEqual([])
    }
  })

  it('may: in clear when the server offers none, or refuses after all', async () => {
    const without = await startServer({ disabledCommands: ['STARTTLS'] })
    expect((await attempt(without.port, { tls: 'may' }))?.status).toBe('delivered')
    const refusing = await startScriptedServer({ extensions: ['STARTTLS'], starttls: '454 4.7.0 not now' })
    cleanUp.push(() => refusing.close())
    expect((await attempt(refusing.port, { tls: 'may' }))?.status).toBe('delivered')
  })

  it('TLS from the first byte: verified by level', async () => {
    const server = await startServer({ secure: true })
    const settings = { implicitTls: true, tls: 'verify' } as const
    expect(await attempt(server.port, settings)).toMatchObject({ status: 'deferred', scope: 'account' })
    expect((await attempt(server.port, { ...settings, tlsCa: cert }))?.status).toBe('delivered')
    expect((await attempt(server.port, { ...settings, tls: 'require' }))?.status).toBe('delivered')
    expect(server.sessions).toEqual([
      { secure: true, user: undefined },
      { secure: true, user: undefined },
    ])
  })

  it('names the file of certificates that cannot be read', async () => {
    const missing = join(directory, 'missing.pem')
    const outcome = await attempt(1, { tls: 'verify', tlsCa: missing })
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account' })
    expect(outcome?.status === 'deferred' && outcome.reason).toContain(missing)
  })
})

describe('login', () => {
  it.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    'works with %s over verified TLS, once a connection',
    async (method) => {
      const options: SMTPServerOptions = { authMethods: [method] }
      if (method === 'CRAM-MD5') {
        options.onAuth = (auth, _session, callback) =>
          auth.validatePassword('hunter22') ? callback(null, { user: 'ann' }) : callback(new Error('no'))
      }
      const server = await startServer(options)
      const transport = new SmtpTransport(
        settingsFor(server.port, { host: 'localhost', tls: 'verify', tlsCa: cert, ...ANN }),
      )
      cleanUp.push(() => transport.close())
      for (const recipient of ['a@x', 'b@x']) {
        expect((await transport.send(deliveryTo(recipient)))[0]?.status).toBe('delivered')
      }
      expect(server.sessions).toEqual([
        { secure: true, user: 'ann' },
        { secure: true, user: 'ann' },
      ])
    },
  )

  it('never sends the password in clear when STARTTLS was removed on the way', async () => {
    for (const tls of ['off', 'may', 'require', 'verify'] as const) {
      const server = await startScriptedServer({ extensions: ['AUTH PLAIN LOGIN'] })
      cleanUp.push(() => server.close())
      expect(await attempt(server.port, { tls, ...ANN })).toMatchObject({
        status: 'deferred',
        scope: 'account',
      })
      expect(
        server.commands.filter((line) => line.startsWith('AUTH')),
        tls,
      ).toEqual([])
    }
  })

  it('sends it to an unverified server only at the level that says so', async () => {
    const server = await startServer()
    expect(await attempt(server.port, { tls: 'may', ...ANN })).toMatchObject({
      status: 'deferred',
      scope: 'account',
    })
    expect((await attempt(server.port, { tls: 'may', tlsCa: cert, ...ANN }))?.status).toBe('delivered')
    expect((await attempt(server.port, { tls: 'require', ...ANN }))?.status).toBe('delivered')
    expect(server.sessions.map(({ user }) => user)).toEqual(['ann', 'ann'])
  })

  it('is made in clear with insecure_auth', async () => {
    const server = await startServer({ allowInsecureAuth: true, disabledCommands: ['STARTTLS'] })
    expect((await attempt(server.port, { insecureAuth: true, ...ANN }))?.status).toBe('delivered')
    expect(server.sessions).toEqual([{ secure: false, user: 'ann' }])
  })

  it('that fails is a failure of the account, and the password is nowhere', async () => {
    const server = await startServer()
    const lines: string[] = []
    const debug: Logger['debug'] = (_event, fields) => void lines.push(JSON.stringify(fields))
    const log = { ...nullLogger, debug, debugEnabled: true }
    const settings = { tls: 'require', username: 'ann', password: 'wrong-horse' } as const
    const outcome = await attempt(server.port, settings, log)
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', code: 535 })
    const everything = JSON.stringify(outcome) + lines.join('')
    expect(everything).toContain('C: AUTH PLAIN ***')
    expect(everything).toContain('S: 535')
    expect(everything).not.toContain('wrong-horse')
    expect(everything).not.toContain(Buffer.from('\0ann\0wrong-horse').toString('base64'))
  })

  it('that is not offered is a failure of the account', async () => {
    const server = await startServer({ disabledCommands: ['AUTH'] })
    const outcome = await attempt(server.port, { tls: 'require', ...ANN })
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'account' })
    expect(outcome?.status === 'deferred' && outcome.reason).toContain('localhost offers no login')
  })
})
