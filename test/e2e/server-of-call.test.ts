/**
 * What a call says about a server: it holds for one account and for no other, it stays with a message that has to wait
 * as far as that is safe, and what cannot be kept is refused and never forgotten.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates } from '../helpers/certificates.ts'
import { M0, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const NOBODY = 65534
const IN_CLEAR = 'tls = off\ninsecure_auth = yes\n'
const TAKES_LOGIN: Script = { extensions: ['AUTH PLAIN'], auth: '235 ok' }
const DOWN: Script = { banner: '421 4.3.2 down' }

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

/** A server with a certificate that nobody has signed. */
const unknown = (): Script => ({
  extensions: ['STARTTLS', 'AUTH PLAIN'],
  starttls: '220 go',
  auth: '235 ok',
  tls: { key: made.selfSigned.key, cert: made.selfSigned.cert },
})

async function serve(script: Script = {}): Promise<ScriptedServer> {
  const server = await startScriptedServer(script)
  onTestFinished(() => server.close())
  return server
}

/** Adds sections to the configuration of a site. */
function append(site: MailSite, text: string): void {
  site.write('mailqueue.conf', `${readFileSync(site.config, 'utf8')}${text}`)
}

const send = (site: MailSite, ...args: string[]) =>
  site.run('mq-sendmail', ['-f', 'a@s.ex', ...args], { stdin: M0 })
const taken = ({ transactions }: Pick<ScriptedServer, 'transactions'>): string[] =>
  transactions.flatMap(({ rcptTo }) => rcptTo)
const logins = ({ commands }: ScriptedServer): string[] =>
  commands.filter((line) => line.startsWith('AUTH PLAIN'))
const stored = (site: MailSite): (string | undefined)[] =>
  site.queued().map(({ block }) => /^X-Queue-Smtp: (.*?)\r?$/m.exec(block)?.[1])
const plain = (user: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`

describe('a login that the call gives', () => {
  const CALL = ['--user=mine', '--passwordeval=echo hunter22', '--tls=off']
  const LOGIN = `${IN_CLEAR}smtp_username = own\nsmtp_password = other\n`

  /** With a login for `work`, whose server takes nothing and whose fallback is `default`. */
  async function sendOverBrokenWork(site: MailSite): Promise<ScriptedServer> {
    const work = await serve(DOWN)
    append(
      site,
      `${IN_CLEAR}[account work]\nsmtp_hostname = localhost\nsmtp_port = ${work.port}\n${LOGIN}fallback = default\n`,
    )
    const args = ['-a', 'work', '--user=mine', '--passwordeval=echo hunter22']
    expect(await send(site, ...args, 'one@d.ex')).toEqual(QUIET)
    return work
  }

  it('is for the account that is named, and never goes to its fallback at another host', async () => {
    const site = await openSite({}, TAKES_LOGIN)
    const work = await sendOverBrokenWork(site)
    expect(work.connections).toBe(1)
    expect(taken(site.server)).toEqual(['one@d.ex'])
    expect(logins(site.server)).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('leaves the fallback its own', async () => {
    const site = await openSite({ smtp_username: 'home', smtp_password: 'its own' }, TAKES_LOGIN)
    await sendOverBrokenWork(site)
    expect(logins(site.server)).toEqual([plain('home', 'its own')])
    expect(site.queue()).toEqual([])
  })

  it('is for default when no account is named, whatever account the sender fits', async () => {
    const site = await openSite({}, TAKES_LOGIN)
    const work = await serve(TAKES_LOGIN)
    append(
      site,
      `[account work]\nsmtp_hostname = localhost\nsmtp_port = ${work.port}\n${LOGIN}match_from = *@s.ex\n`,
    )
    const secured = ['--user=mine', '--passwordeval=echo hunter22']
    expect((await send(site, 'zero@d.ex')).code).toBe(0)
    expect([taken(work), logins(work)]).toEqual([['zero@d.ex'], [plain('own', 'other')]])
    // Nothing of the call may go out in the clear unless the account says so.
    expect(await send(site, ...secured, '-odq', 'one@d.ex')).toEqual(QUIET)
    expect((await send(site, ...CALL, 'two@d.ex')).code).toBe(78)
    site.write('mailqueue.conf', readFileSync(site.config, 'utf8').replace('[account', `${IN_CLEAR}[account`))
    expect(await send(site, ...CALL, 'three@d.ex')).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['three@d.ex'])
    expect(logins(site.server)).toEqual([plain('mine', 'hunter22')])
    expect(taken(work)).toEqual(['zero@d.ex'])
    expect(site.queue()).toEqual(['new one@d.ex'])
  })
})

describe('a fingerprint that the call gives', () => {
  it('stays with a message that has to wait', async () => {
    const site = await openSite({ tls_ca: made.ca.certFile })
    const other = await serve(unknown())
    const { fingerprint } = made.selfSigned
    const server = ['-C', site.config, '--host=localhost', `--port=${other.port}`]
    expect(await send(site, ...server, `--tls-fingerprint=${fingerprint}`, '-odq', 'one@d.ex')).toEqual(QUIET)
    expect(stored(site)).toEqual([`localhost:${other.port} tls=pin fingerprint=${fingerprint}`])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(other)).toEqual(['one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('and that another certificate has leaves the message where it is', async () => {
    const site = await openSite()
    const other = await serve(unknown())
    const server = ['-C', site.config, '--host=localhost', `--port=${other.port}`]
    const pin = `--tls-fingerprint=${made.client.fingerprint}`
    expect(await send(site, ...server, pin, '-odq', 'one@d.ex')).toEqual(QUIET)
    expect((await site.run('mq-run', [])).code).toBe(75)
    expect(taken(other)).toEqual([])
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it('does not send the password of the account later, unless the account knows it', async () => {
    const settings: Settings = { smtp_hostname: 'localhost', smtp_username: 'ann', smtp_password: 'hunter22' }
    const site = await openSite(settings, unknown())
    const { fingerprint } = made.selfSigned
    expect(await send(site, `--tls-fingerprint=${fingerprint}`, 'zero@d.ex')).toEqual(QUIET)
    expect(await send(site, `--tls-fingerprint=${fingerprint}`, '-odq', 'one@d.ex')).toEqual(QUIET)
    expect(logins(site.server)).toHaveLength(1)
    const run = await site.run('mq-run', [])
    expect(run.code).toBe(75)
    expect(run.stderr).toMatch(
      /^mq-run: mail waits: .*the account default logs in there and does not know the fingerprint.*\n$/,
    )
    expect(logins(site.server)).toHaveLength(1)
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
    site.configure({ ...settings, tls_fingerprint: fingerprint })
    expect(await site.run('mq-run', ['--all'])).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['zero@d.ex', 'one@d.ex'])
    expect(logins(site.server)).toHaveLength(2)
    expect(site.queue()).toEqual([])
  })
})

describe('a server that the call names beside a configuration', () => {
  it('takes what is said about the queue', async () => {
    const site = await openSite({}, DOWN)
    const other = await serve()
    const server = ['--host=localhost', `--port=${other.port}`]
    const later = ['-C', site.config, ...server, '--send-at=+2h', 'one@d.ex']
    expect(await send(site, ...later)).toEqual(QUIET)
    expect(stored(site)).toEqual([`localhost:${other.port}`])
    expect(site.queue()).toEqual(['new one@d.ex'])
    const { code, stderr } = await send(site, ...server, '--priority=1', 'two@d.ex')
    expect([code, stderr]).toEqual([64, expect.stringContaining('--host without --config has none')])
  })
})

describe('what a call asks for beside the settings of its account', () => {
  it('fails for its own message only: the account is not left alone, neither by new mail nor by mail that waits', async () => {
    const site = await openSite({ smtp_hostname: 'localhost' }, unknown())
    expect(await send(site, `--tls-fingerprint=${made.client.fingerprint}`, 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, 'two@d.ex')).toEqual(QUIET)
    expect((await site.run('mq-run', [])).code).toBe(75)
    expect(await send(site, 'three@d.ex')).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['two@d.ex', 'three@d.ex'])
    expect((await site.run('mq-queue', ['check'])).stdout).not.toContain('cannot be used')
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it.each([
    ['the only account', ''],
    ['one of several', '[account other]\nmatch_from = o@o.ex\n'],
  ])('and a login of its own that is refused says nothing about that of %s', async (_, more) => {
    const right = plain('ann', 'hunter22')
    const site = await openSite(
      { smtp_username: 'ann', smtp_password: 'hunter22', tls: 'off', insecure_auth: 'yes' },
      {
        extensions: ['AUTH PLAIN'],
        auth: ({ line }) => (line === right ? '235 ok' : '535 5.7.8 wrong'),
      },
    )
    append(site, more)
    const wrong = ['--user=ann', '--passwordeval=echo wrong']
    expect(await send(site, ...wrong, 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, 'two@d.ex')).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['two@d.ex'])
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['two@d.ex', 'one@d.ex'])
    expect(site.queue()).toEqual([])
  })
})

describe('a server behind a Unix socket', () => {
  async function behindSocket(): Promise<MailSite> {
    const site = await openSite({ smtp_hostname: undefined, smtp_port: undefined, socket: 'smtp.sock' })
    const door = createServer((client) => void client.pipe(connect(site.server.port)).pipe(client))
    await new Promise<void>((resolve) => door.listen(join(site.directory, 'smtp.sock'), resolve))
    onTestFinished(() => new Promise((resolve) => door.close(() => resolve())))
    return site
  }

  it('has no port: a call that wants one is refused, and without it the message goes through the socket', async () => {
    const site = await behindSocket()
    const refused = await send(site, '--port=2525', 'one@d.ex')
    expect(refused).toMatchObject({ code: 78, stdout: '' })
    expect(refused.stderr).toContain(
      'the option --port: the server is behind a Unix socket, which has no port',
    )
    expect(await send(site, '--protocol=smtp', '-odq', 'one@d.ex')).toEqual(QUIET)
    expect(stored(site)).toEqual([undefined])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('is left by a message for which another server is named, port included', async () => {
    const site = await behindSocket()
    const other = await serve()
    const args = ['-C', site.config, '--host=127.0.0.1', `--port=${other.port}`, '-odq']
    expect(await send(site, ...args, 'one@d.ex')).toEqual(QUIET)
    expect(stored(site)).toEqual([`127.0.0.1:${other.port}`])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect([taken(other), taken(site.server)]).toEqual([['one@d.ex'], []])
    expect(site.queue()).toEqual([])
  })
})

describe.runIf(canRunWithoutRoot())('where a part of the configuration is closed to the caller,', () => {
  async function sealed(closed: string, settings: Settings, script: Script = unknown()): Promise<MailSite> {
    const site = await openSite({ include: 'secret.conf', ...settings }, script)
    site.write('secret.conf', closed.replace('PORT', String(site.server.port)))
    chmodSync(site.directory, 0o755)
    chmodSync(site.config, 0o644)
    mkdirSync(site.queueDir, { mode: 0o700 })
    chownSync(site.queueDir, NOBODY, NOBODY)
    return site
  }
  const hand = (site: MailSite, ...args: string[]) =>
    site.run('mq-sendmail', [...args, '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: WITHOUT_ROOT })
  const TRUSTING: Settings = { tls: 'require' }
  const AT_HOST: Settings = { smtp_hostname: 'localhost', smtp_port: undefined, ...TRUSTING }
  const CLOSED = '[mailqueue]\nsmtp_username = u\nsmtp_password = hunter22\nsmtp_port = PORT\n'

  it('--tls stays with the message, and the port is what the whole configuration says', async () => {
    const site = await sealed(CLOSED, { ...AT_HOST, tls_ca: made.ca.certFile })
    const good = await serve({ ...unknown(), tls: { key: made.server.key, cert: made.server.cert } })
    expect(await hand(site, '--tls')).toEqual(QUIET)
    expect(stored(site)).toEqual(['localhost:* tls=verify'])
    expect((await site.run('mq-run', [])).code).toBe(75)
    expect([taken(site.server), logins(site.server)]).toEqual([[], []])
    site.write('secret.conf', CLOSED.replace('PORT', String(good.port)))
    expect(await site.run('mq-run', ['--all'])).toEqual(QUIET)
    expect([taken(good), logins(good)]).toEqual([['one@d.ex'], [plain('u', 'hunter22')]])
    expect(site.queue()).toEqual([])
  })

  it('--port stays with it as it was asked for', async () => {
    const site = await sealed(CLOSED.replace('smtp_port = PORT\n', ''), AT_HOST)
    const { port } = site.server
    expect(await hand(site, `--port=${port}`)).toEqual(QUIET)
    expect(stored(site)).toEqual([`localhost:${port}`])
    site.configure({ ...AT_HOST, smtp_port: String(port), include: 'secret.conf' })
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(logins(site.server)).toEqual([plain('u', 'hunter22')])
    expect(site.queue()).toEqual([])
  })

  it.each([
    ['--tls', 'the server', [], `${CLOSED}smtp_hostname = localhost\n`],
    ['--port', 'the server', ['--port=25'], `${CLOSED}smtp_hostname = localhost\n`],
    ['--tls', 'the account', ['-a', 'work'], '[account work]\nsmtp_hostname = localhost\nsmtp_port = PORT\n'],
  ])('%s is refused when %s is closed', async (option, _, args, closed) => {
    const site = await sealed(closed, { smtp_hostname: undefined, smtp_port: undefined })
    const words = option === '--tls' ? [...args, '--tls'] : args
    expect(await hand(site, ...words)).toEqual({
      ...QUIET,
      code: 77,
      stderr: `mq-sendmail: ${option} cannot be kept with the message: a part of the configuration is closed to you, and no server is seen in the rest; leave it out\n`,
    })
    expect(site.queue()).toEqual([])
  })

  it('a mail is taken also when the name of the server is all that is missing', async () => {
    const site = await sealed('[mailqueue]\nsmtp_hostname = localhost\nsmtp_password = hunter22\n', {
      ...{ smtp_hostname: undefined, smtp_username: 'u', ...TRUSTING },
    })
    expect(await hand(site)).toEqual(QUIET)
    expect(stored(site)).toEqual([undefined])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(logins(site.server)).toEqual([plain('u', 'hunter22')])
    expect(site.queue()).toEqual([])
  })
})

describe('an account that this site lacks something for', () => {
  it('has its mail sent by its fallback, and says so each time', async () => {
    const site = await openSite()
    const work = await serve()
    append(
      site,
      `[account work]\nsmtp_port = ${work.port}\ntls_ca = /nonexistent/ca.pem\nfallback = default\n`,
    )
    for (const recipient of ['one@d.ex', 'two@d.ex']) {
      const { code, stderr } = await send(site, '-a', 'work', recipient)
      expect(code).toBe(0)
      expect(stderr).toMatch(
        /^mq-sendmail: the account work cannot be used, so its fallback is tried: [^\n]*cannot read tls_ca: ENOENT[^\n]*\n$/,
      )
    }
    expect(taken(site.server)).toEqual(['one@d.ex', 'two@d.ex'])
    expect(work.connections).toBe(0)
    const check = await site.run('mq-queue', ['check'])
    expect(check.code).toBe(2)
    expect(check.stdout).toContain('account work cannot be used')
    expect(site.queue()).toEqual([])
  })

  it('and for its fallback too has its mail queued, with both named', async () => {
    const site = await openSite({ tls_ca: '/nonexistent/home.pem' })
    append(site, `[account work]\ntls_ca = /nonexistent/ca.pem\nfallback = default\n`)
    const { code, stderr } = await send(site, '-a', 'work', 'one@d.ex')
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^mq-sendmail: the account work cannot be used, [^\n]*ca\.pem[^\n]*\nmq-sendmail: queued as \S+, but it cannot be sent: [^\n]*home\.pem[^\n]*\n$/,
    )
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })
})
