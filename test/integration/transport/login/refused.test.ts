/** A login that is refused, by each mechanism: one attempt, whose fault it is and what to do about it, and no secret. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AuthMethod, SmtpSettings } from '../../../../src/config/config.ts'
import { nullLogger, type Logger } from '../../../../src/logging/logger.ts'
import type { RecipientOutcome } from '../../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../../src/transport/smtp.ts'
import { makeCertificates, type TestCertificates } from '../../../helpers/certificates.ts'
import { leaksIn } from '../../../helpers/man-in-the-middle.ts'
import { startSaslServer } from '../../../helpers/sasl-server.ts'
import { startScriptedServer } from '../../../helpers/scripted-server.ts'
import { authSettings } from '../auth-settings.ts'
import { startRealServer } from '../real-server.ts'
import { deliveryTo, settingsFor } from '../settings.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())
const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const WRONG = 'wrong-horse'
const PASSWORD = 'check smtp_username and the password'
const TOKEN =
  'check smtp_username; ask for permission anew with mq-auth, or correct what the token comes from'
const CERTIFICATE =
  'check smtp_username and tls_cert, or ask the operator of the server which certificate it knows'

/** What came of one message with a wrong secret. */
async function refusedBy(
  port: number,
  method: AuthMethod,
  settings: Partial<SmtpSettings> = {},
): Promise<RecipientOutcome> {
  const lines: string[] = []
  const log: Logger = {
    ...nullLogger,
    debugEnabled: true,
    debug: (_event, fields) => void lines.push(JSON.stringify(fields)),
  }
  const secure = { host: 'localhost', tls: 'verify', tlsCa: made.ca.certFile } as const
  const login = { auth: authSettings({ method }), username: 'ann', password: WRONG }
  const transport = new SmtpTransport(settingsFor(port, { ...secure, ...login, ...settings }), log)
  cleanUp.push(() => transport.close())
  const [outcome] = await transport.send(deliveryTo('a@x.example'))
  expect(outcome).toMatchObject({ status: 'deferred', scope: 'account', trouble: 'login' })
  expect(lines.join('\n')).toContain('C: AUTH')
  expect(
    leaksIn(lines.join('\n') + JSON.stringify(outcome), [WRONG, `ann\0${WRONG}`, `Bearer ${WRONG}`]),
  ).toEqual([])
  if (outcome === undefined) throw new Error('there is no outcome')
  return outcome
}

describe('a login that is refused', () => {
  it.each<[string, AuthMethod, string]>([
    ['PLAIN', 'plain', PASSWORD],
    ['LOGIN', 'login', PASSWORD],
    ['CRAM-MD5', 'cram-md5', PASSWORD],
    ['XOAUTH2', 'xoauth2', TOKEN],
  ])('by %s is tried once', async (mechanism, method, remedy) => {
    const server = await startRealServer(made.server, { authMethods: [mechanism] })
    cleanUp.push(() => server.close())
    const outcome = await refusedBy(server.port, method)
    expect(outcome).toMatchObject({ code: 535, reason: expect.stringMatching(/^535 .*; check/) as string })
    expect(outcome).toHaveProperty('reason', expect.stringContaining(`; ${remedy}`))
    expect(server.logins).toEqual([mechanism])
    expect(server.mail).toEqual([])
  })

  it.each<[string, AuthMethod]>([
    ['SCRAM-SHA-256-PLUS', 'scram-sha-256'],
    ['SCRAM-SHA-256', 'scram-sha-256'],
    ['SCRAM-SHA-1-PLUS', 'scram-sha-1'],
    ['SCRAM-SHA-1', 'scram-sha-1'],
  ])('by %s is tried once', async (mechanism, method) => {
    const { key, cert } = made.server
    const server = await startSaslServer({ key, cert, mechanisms: [mechanism], password: 'hunter22' })
    cleanUp.push(() => server.close())
    const outcome = await refusedBy(server.port, method, { implicitTls: true })
    expect(outcome).toHaveProperty('reason', `535 5.7.8 authentication failed; ${PASSWORD}`)
    expect(server.heard.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
    expect(server.delivered).toBe(0)
  })

  it.each<[string, AuthMethod, string]>([
    ['OAUTHBEARER', 'oauthbearer', TOKEN],
    ['EXTERNAL', 'external', CERTIFICATE],
  ])('by %s is tried once', async (mechanism, method, remedy) => {
    const server = await startScriptedServer({
      extensions: ['STARTTLS', `AUTH PLAIN ${mechanism}`],
      starttls: '220 go',
      auth:
        mechanism === 'EXTERNAL'
          ? '535 5.7.8 no'
          : `334 ${Buffer.from('{"status":"invalid_token"}').toString('base64')}`,
      other: '535 5.7.8 no',
      tls: { key: made.server.key, cert: made.server.cert, requestCert: true, rejectUnauthorized: false },
    })
    cleanUp.push(() => server.close())
    const outcome = await refusedBy(server.port, method, {
      tlsCert: made.client.certFile,
      tlsKey: made.client.keyFile,
    })
    expect(outcome).toHaveProperty('reason', expect.stringMatching(/^535 5\.7\.8 no/))
    expect(outcome).toHaveProperty('reason', expect.stringContaining(`; ${remedy}`))
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
    expect(server.transactions).toEqual([])
  })
})
