/** What each failure means, from a server that really fails this way to the outcome of the recipient. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../src/config/config.ts'
import { bufferContent } from '../../../src/message/content.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { DROP, STALL, type Script } from '../../helpers/scripted-server.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { openBench, verdictOf } from './attempts.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'

const bench = openBench()
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-classes-'))
const key = join(directory, 'key.pem')
const cert = join(directory, 'cert.pem')

beforeAll(() => {
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=other.example', '-addext', 'subjectAltName=DNS:other.example']
  const files = ['-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...options, ...files, ...name], { stdio: 'ignore' })
})
afterEach(() => bench.clear())
afterAll(() => rmSync(directory, { recursive: true }))

const CONNECTION = 'temporary account connection'
const LOGIN = 'temporary account login'
const QUOTA = 'temporary account quota'
const LOGGING_IN: Partial<SmtpSettings> = { username: 'ann', password: 'hunter22', insecureAuth: true }
const AUTH = ['AUTH PLAIN']

async function attemptAt(settings: SmtpSettings): Promise<string> {
  const transport = new SmtpTransport(settings)
  const [outcome] = await transport.send(deliveryTo('a@x'))
  await transport.close()
  return verdictOf(outcome)
}

describe('no session', () => {
  it('a name that does not exist', async () => {
    expect(await attemptAt(settingsFor(25, { host: 'no-such-host.invalid' }))).toBe(CONNECTION)
  })

  it('nobody listens', async () => {
    expect(await attemptAt(settingsFor(DEAD_PORT))).toBe(CONNECTION)
  })

  it('a certificate for another name, from somebody unknown, or for nobody at all', async () => {
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) })
    server.on('tlsClientError', () => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const strict = { host: 'localhost', implicitTls: true, tls: 'verify' } as const
    expect(await attemptAt(settingsFor(port, { ...strict, tlsCa: cert }))).toBe(CONNECTION)
    expect(await attemptAt(settingsFor(port, strict))).toBe(CONNECTION)
    await new Promise((resolve) => server.close(resolve))
  })

  it('no TLS where it is spoken from the first byte', async () => {
    const { verdicts } = await bench.attempt({}, { implicitTls: true, tls: 'require' })
    expect(verdicts).toEqual([CONNECTION])
  })

  it.each<[string, Script, Partial<SmtpSettings>]>([
    [
      'a server that never greets',
      { banner: STALL },
      { timeouts: { ...LONG, connect: 50, banner: 50, command: 50 } },
    ],
    ['a banner 4xx', { banner: '450 4.3.2 later' }, {}],
    ['a banner 421', { banner: { drop: '421 4.3.2 too busy' } }, {}],
    ['a banner 5xx', { banner: { drop: '554 5.7.1 go away' } }, {}],
    ['EHLO and HELO 4xx', { ehlo: '451 4.3.0 no', helo: '451 4.3.0 no' }, {}],
    ['EHLO and HELO 5xx', { ehlo: '550 5.7.1 no', helo: '550 5.7.1 no' }, {}],
    ['STARTTLS not offered', { extensions: ['HELP'] }, { tls: 'verify' }],
    ['STARTTLS 4xx', { extensions: ['STARTTLS'], starttls: '454 4.7.0 not now' }, { tls: 'require' }],
    ['STARTTLS without TLS behind it', { extensions: ['STARTTLS'], starttls: '220 go' }, { tls: 'require' }],
  ])('%s', async (_, script, settings) => {
    const short = { timeouts: { ...LONG, banner: 300, command: 300 } }
    const { verdicts } = await bench.attempt(script, { ...short, ...settings })
    expect(verdicts).toEqual([CONNECTION])
  })

  it.each(['banner', 'ehlo', 'auth', 'mail', 'rcpt', 'data', 'dot'] as const)('421 at %s', async (step) => {
    for (const extensions of [
      ['PIPELINING', ...AUTH],
      ['HELP', ...AUTH],
    ]) {
      const script = { extensions, auth: '235 ok', [step]: { drop: '421 4.3.2 shutting down' } }
      expect((await bench.attempt(script, LOGGING_IN)).verdicts, step).toEqual([CONNECTION])
    }
  })

  it('a connection that is lost before the message, also during the login', async () => {
    for (const step of ['banner', 'ehlo', 'auth', 'mail', 'rcpt', 'data'] as const) {
      const script = { extensions: AUTH, auth: '235 ok', [step]: DROP }
      expect((await bench.attempt(script, LOGGING_IN)).verdicts, step).toEqual([CONNECTION])
    }
  })
})

describe('no login', () => {
  it.each(['454 4.7.0', '530 5.7.0', '534 5.7.9', '535 5.7.8', '538 5.7.11', '501 5.5.2'])(
    'AUTH %s',
    async (code) => {
      const { verdicts, server } = await bench.attempt(
        { extensions: AUTH, auth: `${code} no login` },
        LOGGING_IN,
      )
      expect(verdicts).toEqual([LOGIN])
      expect(server.transactions).toEqual([])
    },
  )

  it('no way to log in that both know, and none that is safe', async () => {
    const { verdicts } = await bench.attempt({ extensions: ['AUTH GSSAPI'] }, LOGGING_IN)
    expect(verdicts).toEqual([LOGIN])
    const unsafe = await bench.attempt({ extensions: AUTH }, { ...LOGGING_IN, insecureAuth: false })
    expect(unsafe.verdicts).toEqual([LOGIN])
  })
})

describe.each([['PIPELINING'], ['HELP']])('a transaction with %s', (extension) => {
  it.each<[string, Script, string]>([
    ['MAIL 4xx', { mail: '451 4.3.0 later' }, 'temporary message'],
    ['MAIL 5xx', { mail: '553 5.1.8 not you' }, 'permanent message'],
    ['MAIL 552 too big', { mail: '552 5.3.4 too big' }, 'permanent message'],
    ['MAIL 530', { mail: '530 5.7.0 log in first' }, LOGIN],
    ['RCPT 4xx', { rcpt: '450 4.2.0 greylisted' }, 'temporary recipient'],
    ['RCPT 5xx', { rcpt: '550 5.1.1 no such user' }, 'permanent recipient'],
    ['RCPT login required', { rcpt: '550 5.7.1 Authentication required' }, LOGIN],
    ['RCPT 452 for everybody', { rcpt: '452 4.5.3 too many recipients' }, 'temporary recipient'],
    ['DATA 4xx', { data: '451 4.3.0 later' }, 'temporary message'],
    ['DATA 5xx', { data: '554 5.7.1 no' }, 'permanent message'],
    ['dot 4xx', { dot: '451 4.7.1 later' }, 'temporary message'],
    ['dot 5xx', { dot: '554 5.7.1 spam' }, 'permanent message'],
    ['dot 552 too big', { dot: '552 5.3.4 too big' }, 'permanent message'],
    ['dot without a reply', { dot: DROP }, 'in-doubt'],
    ['quota at MAIL, by code', { mail: '550 5.4.5 enough' }, QUOTA],
    ['quota at RCPT, by text', { rcpt: '450 4.7.1 daily sending limit exceeded' }, QUOTA],
    ['quota at DATA, by text', { data: '550 5.7.1 too many messages' }, QUOTA],
    ['quota at the dot, by text', { dot: '554 5.7.0 rate limit exceeded' }, QUOTA],
    ["the recipient's quota", { rcpt: '552 5.2.2 mailbox over daily quota' }, 'permanent recipient'],
    ['503 at MAIL, again and again', { mail: '503 5.5.1 sequence' }, 'temporary message'],
    ['503 at RCPT, again and again', { rcpt: '503 5.5.1 sequence' }, 'temporary message'],
    ['503 at DATA, again and again', { data: '503 5.5.1 sequence' }, 'temporary message'],
    ['a reply nobody knows', { mail: '777 what' }, 'temporary message'],
    ['a reply that is none', { data: 'what?' }, 'temporary message'],
  ])('%s', async (_title, script, expected) => {
    const { verdicts } = await bench.attempt({ extensions: [extension], ...script })
    expect(verdicts).toEqual([expected])
  })

  it.each(['mail', 'rcpt', 'data'] as const)('503 at %s once goes unnoticed', async (step) => {
    const script: Script = {
      extensions: [extension],
      [step]: ({ connection }: { connection: number }) =>
        connection === 1 ? '503 5.5.1 bad sequence' : undefined,
    }
    const { verdicts, server } = await bench.attempt(script)
    expect(verdicts).toEqual(['delivered'])
    expect(server.connections).toBe(2)
    expect(server.transactions.filter(({ accepted }) => accepted)).toHaveLength(1)
  })

  it('503 is tried on one other connection, not on more', async () => {
    const { server } = await bench.attempt({ extensions: [extension], mail: '503 5.5.1 bad sequence' })
    expect(server.connections).toBe(2)
  })

  it('503 behind a demand for a login is no matter of sequence', async () => {
    const mail = '503 5.5.1 authentication required'
    const { server, verdicts } = await bench.attempt({ extensions: [extension], mail })
    expect(verdicts).toEqual([LOGIN])
    expect(server.connections).toBe(1)
  })

  it('one refused recipient of several', async () => {
    const rcpt: Script['rcpt'] = ({ address }) => (address === 'b@x' ? '550 5.1.1 no' : undefined)
    const delivery = deliveryTo(['a@x', 'b@x', 'c@x'])
    const { verdicts } = await bench.attempt({ extensions: [extension], rcpt }, {}, delivery)
    expect(verdicts).toEqual(['delivered', 'permanent recipient', 'delivered'])
  })
})

describe('what we find ourselves', () => {
  it('a message that is too big', async () => {
    const content = bufferContent(Buffer.alloc(1002, 'x\r\n'))
    const { verdicts } = await bench.attempt(
      { extensions: ['SIZE 1000'] },
      {},
      deliveryTo('a@x', { content }),
    )
    expect(verdicts).toEqual(['permanent message'])
  })

  it('an address the server does not understand', async () => {
    expect((await bench.attempt({}, {}, deliveryTo('jürgen@x'))).verdicts).toEqual(['permanent recipient'])
  })

  it('a fault of this machine', async () => {
    const content = {
      ...bufferContent(Buffer.from('a\r\n')),
      bytes: undefined,
      stream: () => {
        throw new Error('EMFILE: too many open files')
      },
    }
    const { verdicts } = await bench.attempt({}, {}, deliveryTo('a@x', { content }))
    expect(verdicts).toEqual(['temporary host'])
  })
})

describe('what the configuration changes', () => {
  it('reply_filter, for replies of a transaction only', async () => {
    const replyFilter = [{ pattern: /credits/i, action: 'pause' }] as const
    expect((await bench.attempt({ dot: '554 5.7.1 no credits' }, { replyFilter })).verdicts).toEqual([QUOTA])
    const everything = [{ pattern: /./, action: 'permanent' }] as const
    const refused = await bench.attempt({ mail: '451 4.3.0 x' }, { replyFilter: everything })
    expect(refused.verdicts).toEqual(['permanent message'])
    const session = await bench.attempt({ banner: '554 5.7.1 no' }, { replyFilter: everything })
    expect(session.verdicts).toEqual([CONNECTION])
  })

  it('soft_bounce, for replies and for what we find ourselves', async () => {
    const soft = { softBounce: true }
    expect((await bench.attempt({ rcpt: '550 5.1.1 no' }, soft)).verdicts).toEqual(['temporary recipient'])
    expect((await bench.attempt({ dot: '554 5.7.1 no' }, soft)).verdicts).toEqual(['temporary message'])
    expect((await bench.attempt({}, soft, deliveryTo('jürgen@x'))).verdicts).toEqual(['temporary recipient'])
  })
})
