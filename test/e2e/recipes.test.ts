/**
 * Recipes: whole set-ups as users have them, those of mailqueue-runner included.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, queuedText, type MailSite } from '../helpers/mail-site.ts'
import { BIN } from '../helpers/run-command.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** A configuration as mailqueue-runner has it, found in the home directory. */
function runnerConfig(site: MailSite, port = site.server.port): Record<string, string> {
  const lines = [
    '[mqrunner]',
    'smtp_hostname = 127.0.0.1',
    `smtp_port = ${port}`,
    '# optional but the CLI scripts will not queue messages if this is not set',
    `queue_dir = ${site.queueDir}`,
    'from = user@host.example',
    'logging_conf = /path/to/logging.conf',
    '',
  ]
  site.write('.mailqueue-runner.conf', lines.join('\n'))
  return { HOME: site.directory, MAILQUEUE_CONF: '' }
}

describe('a set-up of mailqueue-runner', () => {
  it('sends a message to root by its configuration file and the aliases', async () => {
    const site = await openSite()
    const env = runnerConfig(site)
    const aliases = site.write('aliases', 'root: boss@site.example\n')
    const stdin =
      'Subject: Test email\nFrom: me@site.example\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n' +
      'Content-Type: text/plain; charset=UTF-8\n\nmail bödy\n'
    const args = [`--aliases=${aliases}`, '--set-date-header', '--set-msgid-header', 'root']
    expect(await site.run('mq-sendmail', args, { stdin, env })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.received[0]).toMatchObject({ mailFrom: 'user@host.example', rcptTo: ['boss@site.example'] })
    const sent = site.received[0]?.data.toString() ?? ''
    expect(sent).toMatch(/^Subject: Test email\r\nFrom: me@site\.example\r\nMIME-Version: 1\.0\r\n/)
    expect(sent).toMatch(/\r\nDate: [^\r]+\r\nMessage-ID: <[^\r]+@host\.example>\r\n\r\nmail bödy\r\n$/)
  })

  it('sends with mq-mail, tests with mq-send-test, and queues and runs as before', async () => {
    const site = await openSite()
    let env = runnerConfig(site)
    const aliases = site.write('aliases', 'root: boss@site.example\n')
    const args = [`--aliases=${aliases}`, '--from-address=me@site.example', '--subject', 'subject', 'root']
    expect(await site.run('mq-mail', args, { stdin: 'mail body\n', env })).toEqual(QUIET)
    expect(await site.run('mq-send-test', ['--quiet', '--to=recipient@site.example'], { env })).toEqual(QUIET)
    env = runnerConfig(site, 1)
    expect(await site.run('mq-sendmail', ['late@site.example'], { stdin: M0, env })).toEqual(QUIET)
    expect(site.received).toHaveLength(2)
    env = runnerConfig(site)
    expect(await site.run('mq-run', [], { env })).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo])).toEqual([
      ['me@site.example', 'boss@site.example'],
      ['user@host.example', 'recipient@site.example'],
      ['user@host.example', 'late@site.example'],
    ])
    expect(site.queue()).toEqual([])
  })

  it('has its queue taken over: what it queued is delivered', async () => {
    const site = await openSite()
    const date = new Date(Date.now() - 3_600_000).toUTCString().replace('GMT', '+0000')
    site.place(
      '1763760000.M123456P4242Q7.host',
      queuedText('one@d.ex,two@d.ex', date, [`X-Last-Attempt: ${date}`, 'X-Retries: 3']),
    )
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo, data }) => [mailFrom, rcptTo, data.toString()])).toEqual([
      ['a@s.ex', ['one@d.ex', 'two@d.ex'], M0_WIRE],
    ])
    expect(site.queue()).toEqual([])
  })

  it('can take the queue back: what we queue has only the headers that it knows', async () => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
    const [name = ''] = readdirSync(join(site.queueDir, 'new'))
    const text = readFileSync(join(site.queueDir, 'new', name), 'latin1')
    const end = text.indexOf('X-Queue-Meta-End: end\r\n') + 'X-Queue-Meta-End: end\r\n'.length
    expect(text.slice(0, end)).toMatch(
      /^Return-path: <a@s\.ex>\r\nEnvelope-to: one@d\.ex,two@d\.ex\r\nX-Queue-Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}\r\nX-Queue-Meta-End: end\r\n$/,
    )
    expect(text.slice(end)).toBe(M0_WIRE)
  })
})

describe('conservative sending', () => {
  it('has the message in the queue before the server sees it, and out of it afterwards', async () => {
    const seen: string[][] = []
    let look = (): string[] => []
    const site = await openSite(
      { spool: 'first' },
      {
        dot: () => {
          seen.push(look())
          return undefined
        },
      },
    )
    look = () =>
      site.queued().map(({ folder, recipients, message }) => [folder, ...recipients, message].join('|'))
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(seen).toEqual([[`cur|one@d.ex|${M0_WIRE}`]])
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    expect(site.queue()).toEqual([])
  })

  it('leaves the message waiting when the server is down, without a word', async () => {
    const site = await openSite({ spool: 'first', ...DOWN })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.queued().map(({ folder, message }) => [folder, message])).toEqual([['new', M0_WIRE]])
  })

  it('gives each recipient what is theirs', async () => {
    const site = await openSite({ spool: 'first' })
    const result = await site.run('mq-sendmail', ['one@d.ex', 'reject@d.ex', 'defer@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: reject@d\.ex was refused: [^\n]+\n$/)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(site.queue()).toEqual(['new one@d.ex=delivered reject@d.ex=failed defer@d.ex=deferred'])
  })

  it('only queues with spool = only, and mq-run sends', async () => {
    const site = await openSite({ spool: 'only' })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.server.connections).toBe(0)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
  })
})

describe('a configuration in pieces', () => {
  it('is put together by include', async () => {
    const site = await openSite()
    mkdirSync(join(site.directory, 'conf.d'))
    site.write(
      'conf.d/10-server.conf',
      `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${site.server.port}\n`,
    )
    site.write('conf.d/20-sender.conf', '[mailqueue]\nfrom = site@s.ex\n')
    const config = site.write('main.conf', '[mailqueue]\ninclude = conf.d/*.conf\n')
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0, config })).toEqual(QUIET)
    expect(site.received[0]?.mailFrom).toBe('site@s.ex')
  })
})

describe('a pipe', () => {
  it('whose reader has gone does not make a listing fail', async () => {
    const site = await openSite(DOWN)
    for (let n = 0; n < 3; n += 1) await site.run('mq-sendmail', [`r${n}@d.ex`], { stdin: M0 })
    // Standard error stays on 3 while standard output goes to a reader that has ended.
    const script = '{ { "$0" "$1" list; echo "code $?" >&2; } 2>&3 | true; } 3>&1'
    const output = execFileSync('/bin/sh', ['-c', script, process.execPath, join(BIN, 'mq-queue')], {
      env: { PATH: process.env['PATH'], MAILQUEUE_CONF: site.config },
      encoding: 'utf8',
    })
    expect(output).toBe('code 0\n')
  })
})
