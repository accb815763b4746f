/**
 * The long options of msmtp: they replace the configuration, or parts of it, for one call.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const NO_CONFIG = '/nonexistent/mailqueue.conf'

describe('--host', () => {
  it('sends to the named server without any configuration', async () => {
    const site = await openSite()
    const args = ['--host=127.0.0.1', `--port=${site.server.port}`, '-f', 'a@s.ex', 'one@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: M0, config: NO_CONFIG })).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['a@s.ex', ['one@d.ex']],
    ])
    expect(site.received[0]?.data.toString()).toBe(M0_WIRE)
    expect(site.queue()).toEqual([])
  })

  it('ends with 75 and keeps nothing when that server is down, although a queue is configured', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['--host=127.0.0.1', '--port=1', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: the message was not accepted: [^\n]*127\.0\.0\.1[^\n]*\n$/)
    expect(site.queue()).toEqual([])
  })

  it('never uses the password of the configuration', async () => {
    const account = { smtp_username: 'u', smtp_password: 'hunter2secret', tls: 'off', insecure_auth: 'yes' }
    const site = await openSite(account, { extensions: ['AUTH PLAIN'], auth: '235 2.7.0 welcome' })
    const args = ['--host=127.0.0.1', `--port=${site.server.port}`, 'one@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: M0 })).toEqual(QUIET)
    expect(site.server.commands.filter((line) => line.startsWith('AUTH'))).toEqual([])
    expect(site.received).toHaveLength(1)
  })

  it.each([
    ['--host=h', '--account=default', 'one@d.ex'],
    ['--host=h', '-odq', 'one@d.ex'],
  ])('contradicts %s %s %s', async (...args) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', args, { stdin: M0 })).toMatchObject({ code: 64, stdout: '' })
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('a value for one call', () => {
  it.each([
    ['--port', (port: number) => [`--port=${port}`], { smtp_port: '1' }],
    ['--timeout', () => ['--timeout', '5'], {}],
    ['--timeout=off', () => ['--timeout=off'], { smtp_timeout: '9' }],
    ['--connect-timeout', () => ['--connect-timeout=5'], {}],
    ['--tls=off', () => ['--tls=off'], { tls: 'verify' }],
    ['--tls-trust-file=system', () => ['--tls-trust-file=system', '--tls=off'], { tls_ca: '/nonexistent' }],
  ])('%s replaces the configured one', async (_, args, settings) => {
    const site = await openSite(settings)
    const given = [...args(site.server.port), 'one@d.ex']
    expect(await site.run('mq-sendmail', given, { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('--domain is the name in EHLO', async () => {
    const site = await openSite()
    const args = ['--domain=client.example', 'one@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: M0 })).toEqual(QUIET)
    expect(site.server.commands[0]).toBe('EHLO client.example')
    expect(site.received).toHaveLength(1)
  })

  it('--tls demands TLS: a server without it does not get the mail', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['--tls', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it('-X and -L say where the log of events goes and who writes it', async () => {
    const site = await openSite()
    const log = join(site.directory, 'events.log')
    expect(await site.run('mq-sendmail', ['-X', log, '-L', 'backup', 'one@d.ex'], { stdin: M0 })).toEqual(
      QUIET,
    )
    const events = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.map(({ event }) => event)).toContain('message.delivered')
    expect(events.every(({ program }) => program === 'backup')).toBe(true)
    expect(site.received).toHaveLength(1)
  })

  it('-X also works while the server is down', async () => {
    const site = await openSite(DOWN)
    const log = join(site.directory, 'events.log')
    expect(await site.run('mq-sendmail', [`--logfile=${log}`, 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(readFileSync(log, 'utf8')).toContain('message.queued')
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it.each([
    ['--port=abc'],
    ['--port=0'],
    ['--timeout=soon'],
    ['--protocol=uucp'],
    ['--tls=maybe'],
    ['--tls-certcheck=2'],
    ['--set-from-header=perhaps'],
    ['--tls-certcheck=off', `--tls-fingerprint=${'ab'.repeat(32)}`],
    ['--tls-fingerprint=0123456789abcdef0123456789abcdef01234567'],
    ['--proxy-port=9050'],
    ['--from=a@s.ex', '--read-envelope-from'],
    ['--json'],
  ])('%s %s ends with 64 and sends nothing', async (...args) => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', [...args.filter((arg) => arg !== ''), 'one@d.ex'], {
      stdin: M0,
    })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('--account', () => {
  it('takes the name of the one account', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-a', 'default', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
  })

  it('ends with 78 for a name that is in no configuration', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['-a', 'work', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: there is no account "work"[^\n]*\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('--pretend', () => {
  it.each([['-P'], ['--pretend'], ['--print-config']])(
    '%s shows what the options make of the configuration',
    async (option) => {
      const site = await openSite({ smtp_username: 'u', smtp_password: 'hunter2secret', tls: 'verify' })
      const result = await site.run('mq-sendmail', [option, '--port=2525', 'one@d.ex'], { stdin: M0 })
      expect(result).toMatchObject({ code: 0, stderr: '' })
      expect(result.stdout).toMatch(/^smtp_port = 2525$/m)
      expect(result.stdout).not.toContain('hunter2secret')
      expect(site.server.connections).toBe(0)
    },
  )
})

describe('--serverinfo', () => {
  it('prints greeting and extensions, logs in nowhere and sends nothing', async () => {
    const account = { smtp_username: 'u', smtp_password: 'hunter2secret', tls: 'off', insecure_auth: 'yes' }
    const extensions = ['SIZE 1000', 'AUTH PLAIN LOGIN', '8BITMIME']
    const site = await openSite(account, { extensions, banner: '220 mail.d.ex ESMTP ready' })
    const result = await site.run('mq-sendmail', ['-S'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toBe(
      [
        `Server: smtp://127.0.0.1:${site.server.port}`,
        'Greeting: mail.d.ex ESMTP ready',
        'TLS: none',
        'Extensions:',
        ...extensions.map((line) => `  ${line}`),
        '',
      ].join('\n'),
    )
    expect(site.server.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'QUIT'])
    expect(existsSync(site.queueDir)).toBe(false)
  })

  it('ends with 75 when the server cannot be reached', async () => {
    const site = await openSite(DOWN)
    const result = await site.run('mq-sendmail', ['--serverinfo'])
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: cannot connect to 127\.0\.0\.1 port 1: [^\n]*\n$/)
  })

  it('takes no recipients', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-S', 'one@d.ex'], { stdin: M0 })).toMatchObject({ code: 64 })
    expect(site.server.connections).toBe(0)
  })
})
