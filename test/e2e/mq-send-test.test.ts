/**
 * mq-send-test: says OK or what is wrong, and never uses the queue.
 */
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { DOWN, openSite } from '../helpers/mail-site.ts'

describe('mq-send-test', () => {
  it('sends a message and prints the words of the server', async () => {
    const site = await openSite({ from: 'site@s.ex' })
    const result = await site.run('mq-send-test', ['--to', 'one@d.ex'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toBe(
      `OK: one@d.ex accepted by smtp://127.0.0.1:${site.server.port}: 250 2.0.0 Ok: queued as TEST1\n`,
    )
    const [sent] = site.received
    expect(sent).toMatchObject({ mailFrom: 'site@s.ex', rcptTo: ['one@d.ex'] })
    expect(sent?.data.toString()).toContain(`\r\nSubject: Test message from ${hostname()}\r\n`)
    expect(sent?.data.toString()).toMatch(/\r\nAuto-Submitted: auto-generated\r\n/)
    expect(site.queue()).toEqual([])
  })

  it('takes another sender and several recipients, and prints nothing with --quiet', async () => {
    const site = await openSite()
    const result = await site.run('mq-send-test', ['--quiet', '--from', 'a@s.ex', '--to=one@d.ex, two@d.ex'])
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['a@s.ex', ['one@d.ex', 'two@d.ex']],
    ])
  })

  it.each([
    ['refuses the recipient', {}, {}, 'reject@d.ex', 69, /550 5\.1\.1 no such user/],
    ['refuses the sender', {}, { mail: '554 5.7.1 go away' }, 'one@d.ex', 69, /554 5\.7\.1 go away/],
    ['defers the recipient', {}, {}, 'defer@d.ex', 75, /451 4\.2\.0 try again later/],
    ['cannot be reached', DOWN, {}, 'one@d.ex', 75, /refused|ECONNREFUSED/],
    ['refuses the greeting', {}, { banner: '554 5.3.2 no service' }, 'one@d.ex', 75, /554/],
  ])('says what is wrong when the server %s', async (_, settings, script, to, code, words) => {
    const site = await openSite(settings, script)
    const result = await site.run('mq-send-test', ['--to', to])
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(
      /^mq-send-test: [^\n]+ was not accepted by smtp:\/\/127\.0\.0\.1:\d+: [^\n]+\n$/,
    )
    expect(result.stderr).toMatch(words)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('tells each recipient apart, and the refusal decides the code', async () => {
    const site = await openSite()
    const result = await site.run('mq-send-test', ['--to=one@d.ex,reject@d.ex,defer@d.ex'])
    expect(result.code).toBe(69)
    expect(result.stdout).toMatch(/^OK: one@d\.ex accepted [^\n]+\n$/)
    expect(result.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^mq-send-test: reject@d\.ex was not accepted/),
      expect.stringMatching(/^mq-send-test: defer@d\.ex was not accepted/),
    ])
  })

  it.each([
    [['--to=nodomain'], 65],
    [['--to=foo@@bar'], 65],
    [['--to=one@d.ex\r\nRCPT TO:<two@d.ex>'], 65],
    [['--to='], 64],
    [['--from=@@', '--to=one@d.ex'], 65],
    [[], 64],
    [['one@d.ex'], 64],
    [['--to=one@d.ex', 'extra'], 64],
    [['--nonsense'], 64],
  ])('refuses %j with %i', async (args, code) => {
    const site = await openSite()
    const result = await site.run('mq-send-test', args)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(/^mq-send-test: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
  })

  it('ends with 78 when no smarthost is configured', async () => {
    const site = await openSite({ smtp_hostname: undefined })
    const result = await site.run('mq-send-test', ['--to=one@d.ex'])
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(/^mq-send-test: [^\n]*smtp_hostname[^\n]*\n$/)
  })

  it('shows the dialogue with --verbose and keeps the password out of it', async () => {
    const credentials = {
      smtp_username: 'someone',
      smtp_password: 'hunter2secret',
      tls: 'off',
      insecure_auth: 'yes',
    }
    const site = await openSite(credentials, { extensions: ['AUTH LOGIN'], auth: '535 5.7.8 bad' })
    const result = await site.run('mq-send-test', ['--verbose', '--to=one@d.ex'])
    expect(result.code).toBe(75)
    expect(result.stderr).toContain('535 5.7.8 bad')
    for (const secret of ['hunter2secret', Buffer.from('hunter2secret').toString('base64')])
      expect(result.stderr).not.toContain(secret)
  })
})
