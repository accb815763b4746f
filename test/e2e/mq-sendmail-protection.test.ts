/**
 * A server that is not who it should be, or that cannot be reached in the way that is configured: the mail stays in the
 * queue as it was handed in, no credential is on the wire, and the reason is in the log in one line.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates, type TestPair } from '../helpers/certificates.ts'
import { CALLER, M0, M0_WIRE, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import { leaksIn, startMiddleMan, without, type Tampering } from '../helpers/man-in-the-middle.ts'
import { startProxy } from '../helpers/proxies.ts'
import type { Script } from '../helpers/scripted-server.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const LOGIN = { smtp_hostname: 'localhost', smtp_username: 'ann', smtp_password: 'hunter22' }

const script = (pair: TestPair): Script => ({
  extensions: ['STARTTLS', 'AUTH PLAIN'],
  starttls: '220 go',
  auth: '235 ok',
  tls: { key: pair.key, cert: pair.cert },
})

/** Hands a message in and says why it was not sent. */
async function refusedAt(site: MailSite): Promise<string> {
  expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
  expect(site.server.commands.filter((line) => !/^(?:EHLO|STARTTLS|QUIT)\b/.test(line))).toEqual([])
  expect(site.received).toEqual([])
  expect(
    site.queued().map(({ folder, sender, recipients, message }) => ({
      folder,
      sender,
      recipients,
      message,
    })),
  ).toEqual([{ folder: 'new', sender: CALLER, recipients: ['one@d.ex'], message: M0_WIRE }])
  const log = readFileSync(join(site.directory, 'log'), 'utf8')
  expect(log).not.toContain('hunter22')
  const events = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; reason?: string })
  return events.find(({ event }) => event === 'message.queued' || event === 'account.failed')?.reason ?? log
}

const withLog = (settings: Settings): Settings => ({ log: 'log', ...LOGIN, ...settings })

describe('mail is kept and the password is not sent when the server', () => {
  it.each<[string, () => TestPair, () => Settings, string]>([
    [
      'has another certificate than the pinned one',
      () => made.server,
      () => ({ tls_fingerprint: made.client.fingerprint }),
      'has none of the fingerprints',
    ],
    [
      'has a certificate that has expired',
      () => made.expired,
      () => ({ tls_ca: made.ca.certFile }),
      'has expired',
    ],
    [
      'has one for another name',
      () => made.otherName,
      () => ({ tls_ca: made.ca.certFile }),
      'is for other.example and not for localhost',
    ],
    [
      'has one that is not valid yet',
      () => made.early,
      () => ({ tls_ca: made.ca.certFile }),
      'is not valid yet',
    ],
    ['has one of nobody known', () => made.server, () => ({}), 'is signed by nobody'],
    ['has one that is self-signed', () => made.selfSigned, () => ({}), 'is self-signed'],
  ])('%s', async (_, pair, settings, words) => {
    const site = await openSite(withLog(settings()), script(pair()))
    expect(await refusedAt(site)).toContain(words)
  })

  it('has lost its STARTTLS on the way', async () => {
    const site = await openSite(withLog({ tls: 'require' }), { extensions: ['AUTH PLAIN'], auth: '235 ok' })
    expect(await refusedAt(site)).toContain('localhost does not offer STARTTLS')
  })

  it('is behind a proxy that does not let it through', async () => {
    const proxy = await startProxy('socks5', { refuse: 2 })
    const site = await openSite(withLog({ proxy: `socks5://bob:hunter22@127.0.0.1:${proxy.port}` }))
    expect(await refusedAt(site)).toContain(`through the proxy socks5://127.0.0.1:${proxy.port}: its rules`)
    await proxy.close()
  })
})

describe('somebody between us and the server', () => {
  it.each<[string, Tampering, Settings, string]>([
    [
      'who takes STARTTLS out of the offer',
      { reply: without(/^STARTTLS/) },
      { tls: 'may' },
      'is not protected by TLS, so the password was not sent',
    ],
    [
      'who answers STARTTLS',
      { answer: (line) => (line === 'STARTTLS' ? '454 4.7.0 not now' : undefined) },
      {},
      'localhost refuses STARTTLS: 454 4.7.0 not now; tls = verify sends nothing without TLS',
    ],
    [
      'who knows no EHLO',
      { answer: (line) => (line.startsWith('EHLO') ? '500 5.5.1 what?' : undefined) },
      {},
      'localhost does not offer STARTTLS (500 5.5.1 what?), and tls = verify sends nothing',
    ],
  ])('%s learns no password, and the mail is kept', async (_, tampering, settings, words) => {
    const site = await openSite({}, script(made.server))
    const middle = await startMiddleMan(site.server.port, tampering)
    onTestFinished(() => middle.close())
    const account = { tls_ca: made.ca.certFile, smtp_port: String(middle.port), ...settings }
    site.configure(withLog(account))
    expect(await refusedAt(site)).toContain(words)
    site.configure({ ...withLog(account), queue_dir: undefined })
    const unspooled = await site.run('mq-sendmail', ['two@d.ex'], { stdin: M0 })
    expect(unspooled).toMatchObject({ code: 75, stdout: '' })
    expect(unspooled.stderr).toContain(words)
    expect(site.queue()).toHaveLength(1)
    expect(leaksIn(middle.wire, ['hunter22', 'ann\0hunter22'])).toEqual([])
  })

  it('who adds replies to that to STARTTLS cannot have mail taken for delivered', async () => {
    const site = await openSite({}, { ...script(made.server), dot: '451 4.3.0 not now' })
    const inject = '250 hi\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n'
    const middle = await startMiddleMan(site.server.port, { inject })
    onTestFinished(() => middle.close())
    site.configure(withLog({ tls_ca: made.ca.certFile, smtp_port: String(middle.port) }))
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.queued().map(({ recipients, message }) => ({ recipients, message }))).toEqual([
      { recipients: ['one@d.ex'], message: M0_WIRE },
    ])
    expect(site.received).toEqual([])
  })
})

describe('a file of TLS that is of no use is a fault of this site, and', () => {
  const USELESS: readonly [string, (site: MailSite) => Settings, RegExp][] = [
    [
      'a key that has a passphrase',
      () => ({ tls_cert: made.client.certFile, tls_key: made.encryptedKeyFile }),
      /encrypted\.key has a passphrase, .*name that in tls_key$/,
    ],
    [
      'a tls_ca that is not there',
      (site) => ({ tls_ca: join(site.directory, 'ca.pem') }),
      /cannot read tls_ca: ENOENT.*ca\.pem.*; check the path and who may read the file$/,
    ],
    [
      'a tls_ca that is damaged',
      (site) => ({ tls_ca: site.write('ca.pem', made.ca.cert.slice(0, 200)) }),
      /ca\.pem holds a certificate that is damaged; restore it, or name another file in tls_ca$/,
    ],
    [
      'a key of another certificate',
      () => ({ tls_cert: made.client.certFile, tls_key: made.server.keyFile }),
      /the key does not belong to the certificate; name the files of one pair$/,
    ],
  ]

  it.each(USELESS)('with %s mail is queued, loudly', async (_, settings, why) => {
    const site = await openSite({}, script(made.server))
    site.configure(withLog(settings(site)))
    const { code, stdout, stderr } = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^mq-sendmail: queued as \S+, but it cannot be sent: [^\n]*\n$/)
    expect(stderr.trimEnd()).toMatch(why)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
    const run = await site.run('mq-run', ['--verbose'])
    expect(run).toMatchObject({ code: 75, stdout: '' })
    expect(run.stderr).toContain('stopped early')
    const check = await site.run('mq-queue', ['check'])
    expect(`${check.code} ${check.stdout}`).toMatch(/^2 .*/)
  })

  it.each(USELESS)('with %s and no queue mail is not taken', async (_, settings, why) => {
    const site = await openSite({}, script(made.server))
    site.configure({ ...LOGIN, queue_dir: undefined, ...settings(site) })
    const { code, stdout, stderr } = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect([code, stdout]).toEqual([78, ''])
    expect(stderr).toMatch(new RegExp(why.source.replace(/\$$/, '')))
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('the mail goes at the next run once the file is right', async () => {
    const site = await openSite({}, script(made.server))
    const ca = site.write('ca.pem', 'nothing\n')
    site.configure(withLog({ tls_ca: ca }))
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toMatchObject({ code: 0 })
    expect(site.queue()).toHaveLength(1)
    writeFileSync(ca, made.ca.cert)
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    expect(site.queue()).toEqual([])
  })
})

describe('the same mail', () => {
  it('goes once the fingerprint is right', async () => {
    const site = await openSite(
      withLog({ tls_fingerprint: made.client.fingerprint }),
      script(made.selfSigned),
    )
    await refusedAt(site)
    site.configure(withLog({ tls_fingerprint: made.selfSigned.fingerprint }))
    expect(await site.run('mq-run', ['--force'])).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    expect(site.queue()).toEqual([])
  })
})

describe('an option of msmtp', () => {
  const args = (site: MailSite, ...more: string[]): string[] => [
    ...['--host=localhost', `--port=${site.server.port}`, '-f', 'a@s.ex', ...more, 'one@d.ex'],
  ]

  it.each<[string, (site: MailSite) => string[], () => Script]>([
    [
      '--tls-fingerprint',
      () => [`--tls-fingerprint=${made.selfSigned.fingerprint}`],
      () => script(made.selfSigned),
    ],
    [
      '--tls-starttls=off on any port',
      () => ['--tls', '--tls-starttls=off', `--tls-trust-file=${made.ca.certFile}`],
      () => ({ ...script(made.server), implicitTls: true }),
    ],
    [
      '--tls-host-override',
      () => ['--tls', '--tls-host-override=other.example', `--tls-trust-file=${made.ca.certFile}`],
      () => script(made.otherName),
    ],
    [
      '--tls-cert-file',
      () => [
        ...['--tls', `--tls-trust-file=${made.ca.certFile}`],
        ...[`--tls-cert-file=${made.client.certFile}`, `--tls-key-file=${made.client.keyFile}`],
      ],
      () => {
        const { key, cert } = made.server
        const tls = { key, cert, requestCert: true, rejectUnauthorized: true, ca: made.ca.cert }
        return { ...script(made.server), tls }
      },
    ],
    ['--source-ip', () => ['--source-ip=127.0.0.9'], () => ({})],
  ])('%s works without any configuration', async (_, options, how) => {
    const site = await openSite({}, how())
    const call = { stdin: M0, config: '/nonexistent/mailqueue.conf' }
    expect(await site.run('mq-sendmail', args(site, ...options(site)), call)).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('--proxy-host and --proxy-port go through a SOCKS5 proxy', async () => {
    const proxy = await startProxy('socks5')
    const site = await openSite()
    const options = args(site, '--proxy-host=127.0.0.1', `--proxy-port=${proxy.port}`)
    expect(await site.run('mq-sendmail', options, { stdin: M0 })).toEqual(QUIET)
    expect(proxy.asked).toEqual([`localhost:${site.server.port}`])
    expect(site.received).toHaveLength(1)
    await proxy.close()
  })

  it('--serverinfo tells of a fingerprint that is not the configured one', async () => {
    const site = await openSite(
      { smtp_hostname: 'localhost', tls_fingerprint: made.client.fingerprint },
      script(made.server),
    )
    const result = await site.run('mq-sendmail', ['--serverinfo'])
    expect(result).toMatchObject({ code: 69 })
    expect(result.stdout).toContain(`SHA-256: ${made.server.fingerprint}`)
    expect(result.stderr).toBe(
      'mq-sendmail: the certificate of localhost has none of the fingerprints in tls_fingerprint; no mail would be sent\n',
    )
  })
})
