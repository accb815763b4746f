/**
 * Several accounts, each with a server of its own: which one a message goes over, at once and from the queue, and
 * what happens when one of them cannot be used.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { DROP, startScriptedServer, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

interface Sites {
  readonly site: MailSite
  /** The server of the account work; that of default is the site's. */
  readonly work: ScriptedServer
  /** Writes the configuration anew. */
  readonly write: (work: string, usual?: string) => void
}

/** A site with the accounts default and work. */
async function twoAccounts(lines: string, usual = '', script: Script = {}): Promise<Sites> {
  const site = await openSite()
  const work = await startScriptedServer(script)
  onTestFinished(() => work.close())
  const base = readFileSync(site.config, 'utf8')
  const write = (own: string, more = ''): void => {
    site.write('mailqueue.conf', `${base}${more}\n[account work]\nsmtp_port = ${work.port}\n${own}\n`)
  }
  write(lines, usual)
  return { site, work, write }
}

const send = (site: MailSite, ...args: string[]) => site.run('mq-sendmail', args, { stdin: M0 })
const taken = ({ transactions }: Pick<ScriptedServer, 'transactions'>): string[] =>
  transactions.map(({ mailFrom, rcptTo }) => `${mailFrom} > ${rcptTo.join(',')}`)
const fields = (site: MailSite): string[] =>
  site.queued().map(({ name }) => /,P=\d(.*)$/.exec(name)?.[1] ?? '?')
const DOWN_USUAL = 'timeout_connect = 5'

describe('the account of a message', () => {
  it('is the one that its sender fits, with a tag and with any domain that a wildcard means', async () => {
    const { site, work } = await twoAccounts('match_from = ann@s.ex *@*.work.ex +list@s.ex')
    for (const sender of [
      'ann@s.ex',
      'Ann+news@S.ex',
      'x@a.work.ex',
      'ben+list@s.ex',
      'ben@s.ex',
      'x@work.ex',
    ])
      expect(await send(site, '-f', sender, 'one@d.ex')).toEqual(QUIET)
    expect(taken(work)).toEqual(
      ['ann@s.ex', 'Ann+news@S.ex', 'x@a.work.ex', 'ben+list@s.ex'].map((sender) => `${sender} > one@d.ex`),
    )
    expect(taken(site.server)).toEqual(['ben@s.ex > one@d.ex', 'x@work.ex > one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('whose limit refuses a part lets that part wait when another part was taken, so that nobody repeats it', async () => {
    const own = 'match_recipient = *@work.ex\nlimit_per_hour = 1\non_limit = reject'
    const { site, work } = await twoAccounts(own)
    expect(await send(site, 'one@work.ex')).toEqual(QUIET)
    expect(await send(site, 'two@work.ex')).toMatchObject({ code: 75, stdout: '' })
    expect(site.queue()).toEqual([])
    expect(await send(site, 'one@d.ex', 'three@work.ex')).toEqual(QUIET)
    expect(taken(site.server)).toHaveLength(1)
    expect(taken(work)).toHaveLength(1)
    expect(site.queue()).toEqual(['new three@work.ex'])
  })

  it('can be another for each recipient: the message is split, and both copies have the same Message-ID', async () => {
    const { site, work } = await twoAccounts(
      'match_recipient = *@work.ex\nforce_from = yes\nfrom = me@work.ex',
    )
    const message = 'Subject: s\n\nbody\n'
    const args = ['-f', 'a@s.ex', 'one@d.ex', 'two@work.ex', 'three@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: message })).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['a@s.ex > one@d.ex,three@d.ex'])
    expect(taken(work)).toEqual(['me@work.ex > two@work.ex'])
    const [usual = '', other = ''] = [site.server, work].map(({ transactions }) =>
      String(transactions[0]?.data),
    )
    const field = (text: string, name: string) => new RegExp(`^${name}: .*$`, 'm').exec(text)?.[0]
    expect(field(usual, 'Message-ID')).toMatch(/^Message-ID: <.+@s\.ex>/)
    expect(field(other, 'Message-ID')).toBe(field(usual, 'Message-ID'))
    expect(field(other, 'Date')).toBe(field(usual, 'Date'))
    expect([field(usual, 'From'), field(other, 'From')].map((each) => each?.includes('me@work.ex'))).toEqual([
      false,
      true,
    ])
    expect(site.queue()).toEqual([])
  })

  it('fits only when all that it asks for does, and by the user who calls', async () => {
    const uid = String(process.getuid?.())
    const { site, work, write } = await twoAccounts(`match_from = *@s.ex\nmatch_uid = ${uid}`)
    expect(await send(site, '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, '-f', 'a@t.ex', 'one@d.ex')).toEqual(QUIET)
    write('match_from = *@s.ex\nmatch_uid = nobody-of-that-name')
    expect(await send(site, '-f', 'b@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(taken(work)).toEqual(['a@s.ex > one@d.ex'])
    expect(taken(site.server)).toEqual(['a@t.ex > one@d.ex', 'b@s.ex > one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('is the one that is named, by mq-sendmail, mq-mail and mq-send-test, with its own sender', async () => {
    const { site, work } = await twoAccounts('from = me@work.ex', 'from = me@home.ex')
    expect(await send(site, '--account', 'work', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, '-a', 'default', 'two@d.ex')).toEqual(QUIET)
    const mailed = await site.run('mq-mail', ['-A', 'work', '-s', 's', 'three@d.ex'], { stdin: 'text\n' })
    expect(mailed).toEqual(QUIET)
    const tested = await site.run('mq-send-test', ['--account', 'work', '--to=four@d.ex', '-q'])
    expect(tested).toEqual(QUIET)
    expect(taken(work)).toEqual([
      'me@work.ex > one@d.ex',
      'me@work.ex > three@d.ex',
      'me@work.ex > four@d.ex',
    ])
    expect(taken(site.server)).toEqual(['me@home.ex > two@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('that is named and not there is refused, with the nearest one', async () => {
    const { site } = await twoAccounts('')
    const refused = 'there is no account "wrok"; did you mean "work"?\n'
    const calls = [
      ['mq-sendmail', '--account=wrok', 'one@d.ex'],
      ['mq-mail', '-A', 'wrok', 'one@d.ex'],
      ['mq-send-test', '--account=wrok', '--to=one@d.ex'],
    ]
    for (const [name = '', ...args] of calls)
      expect(await site.run(name, args, { stdin: M0 })).toEqual({
        ...QUIET,
        code: 78,
        stderr: `${name}: ${refused}`,
      })
    expect(site.queue()).toEqual([])
  })
})

describe('a queued message', () => {
  it('keeps the account that was chosen, whatever fits later; the usual one is not written down', async () => {
    const { site, work, write } = await twoAccounts('match_recipient = *@work.ex')
    expect(await send(site, '-odq', '-f', 'a@s.ex', 'one@d.ex', 'two@work.ex')).toEqual(QUIET)
    expect(fields(site).toSorted()).toEqual(['', ',A=work'])
    const files = site.queued().map(({ block }) => /^X-Queue-Account: .*$/m.exec(block)?.[0].trim())
    expect(files.toSorted()).toEqual(['X-Queue-Account: work', undefined])
    write('')
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(work)).toEqual(['a@s.ex > two@work.ex'])
    expect(taken(site.server)).toEqual(['a@s.ex > one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('that is to be sent later is still sent later over another account', async () => {
    const { site, work } = await twoAccounts('')
    expect((await send(site, '--send-at', '+1h', 'one@d.ex')).code).toBe(0)
    expect((await site.run('mq-queue', ['edit', '--account', 'default', '--route', 'work'])).code).toBe(0)
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)
    expect([taken(work), taken(site.server)]).toEqual([[], []])
    expect(fields(site)).toEqual([expect.stringMatching(/^,A=work,B=\d+$/)])
  })

  it('that fits no account waits where [mailqueue] has no server, and whoever hands it in is told', async () => {
    const site = await openSite({ smtp_hostname: undefined, smtp_port: undefined })
    const work = `[account work]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${site.server.port}\nmatch_from = *@work.ex\n`
    site.write('mailqueue.conf', `${readFileSync(site.config, 'utf8')}${work}`)
    expect(await send(site, '-f', 'a@work.ex', 'one@d.ex')).toEqual(QUIET)
    for (const args of [[], ['-odq']]) {
      const { code, stderr } = await send(site, ...args, '-f', 'a@s.ex', 'two@d.ex')
      expect(code).toBe(0)
      expect(stderr).toMatch(/^mq-sendmail: queued as \w+, but it cannot be sent: the account default has no/)
    }
    expect(taken(site.server)).toEqual(['a@work.ex > one@d.ex'])
    expect(site.queue()).toEqual(['new two@d.ex', 'new two@d.ex'])
  })

  it('whose account is gone waits, and everybody is told what to do; mq-queue edit moves it', async () => {
    const { site } = await twoAccounts('')
    expect(await send(site, '-odq', '-a', 'work', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, '-odq', '-f', 'a@s.ex', 'two@d.ex')).toEqual(QUIET)
    site.configure({})
    const told =
      'mail waits: the account "work" is not configured; add [account work], ' +
      'or move its messages with mq-queue edit --account work --route NAME'
    expect(await site.run('mq-run', [])).toEqual({ ...QUIET, code: 75, stderr: `mq-run: ${told}\n` })
    expect(taken(site.server)).toEqual(['a@s.ex > two@d.ex'])
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
    expect(fields(site)).toEqual([',A=work'])
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect([code, stdout]).toEqual([
      2,
      expect.stringMatching(
        /^MAILQUEUE CRITICAL - mail waits for the account work, which is not configured \|/,
      ),
    ])
    const wrong = await site.run('mq-queue', ['edit', '--account', 'work', '--route', 'wrk'])
    expect(wrong.code).toBe(78)
    expect((await site.run('mq-queue', ['edit', '--account', 'work', '--route', 'default'])).code).toBe(0)
    expect(fields(site)).toEqual([''])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(site.server)).toEqual(['a@s.ex > two@d.ex', 'a@s.ex > one@d.ex'])
    expect(site.queue()).toEqual([])
  })

  it('that was sent to a server named for it goes to that server later', async () => {
    const { site, work } = await twoAccounts('')
    const args = ['-C', site.config, '--host', '127.0.0.1', '--port', String(work.port)]
    expect(await send(site, ...args, '-odq', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(fields(site)).toEqual([',H=1'])
    expect(site.queued()[0]?.block).toContain(`\nX-Queue-Smtp: 127.0.0.1:${work.port}\r\n`)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(work)).toEqual(['a@s.ex > one@d.ex'])
    expect(taken(site.server)).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('to another host than the account has never takes the password there', async () => {
    const { site, work } = await twoAccounts(
      '',
      'smtp_username = u\nsmtp_password = hunter2\ninsecure_auth = yes\ntls = off',
    )
    const args = ['-C', site.config, '--host', 'localhost', '--port', String(work.port)]
    expect(await send(site, ...args, '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, ...args, '-odq', '-f', 'a@s.ex', 'two@d.ex')).toEqual(QUIET)
    expect(site.queued()[0]?.block).not.toMatch(/hunter2|: u\r/)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(taken(work)).toEqual(['a@s.ex > one@d.ex', 'a@s.ex > two@d.ex'])
    expect(work.commands.filter((line) => /^AUTH/i.test(line))).toEqual([])
    expect(site.queue()).toEqual([])
  })
})

describe('an account that cannot be used', () => {
  it('stops only its own messages, and untouched; the others go out', async () => {
    const { site, work } = await twoAccounts('', DOWN_USUAL, { banner: '421 4.3.2 down' })
    for (const account of ['work', 'default', 'work'])
      expect(await send(site, '-odq', '-a', account, '-f', 'a@s.ex', `${account}@d.ex`)).toEqual(QUIET)
    const names = site
      .queued()
      .map(({ name }) => name)
      .filter((name) => name.includes('A=work'))
    expect(await site.run('mq-run', [])).toEqual({ ...QUIET, code: 75 })
    expect(taken(site.server)).toEqual(['a@s.ex > default@d.ex'])
    expect(work.connections).toBe(1)
    expect(
      site
        .queued()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted())
    const stats = await site.run('mq-queue', ['stats'])
    expect(stats.stdout).toMatch(/^ +2 {2}work \(smtp:\/\/127\.0\.0\.1:\d+\) {2}open/m)
    expect(stats.stdout).toMatch(/^ +0 {2}default \(smtp:\/\/127\.0\.0\.1:\d+\) {2}closed/m)
    const check = await site.run('mq-queue', ['check'])
    expect(check.stdout).toContain('account work cannot be used')
    const flushed = await site.run('mq-queue', ['flush', 'ALL'])
    expect(flushed.code).toBe(75)
    expect(flushed.stderr).toMatch(/^mq-queue: the account work cannot be used: .*421 4\.3\.2 down; what/m)
    expect(site.queue()).toEqual(['new work@d.ex', 'new work@d.ex'])
  })

  it('has its mail sent by its fallback, at once and while its breaker is open', async () => {
    const { site, work } = await twoAccounts('fallback = default', '', { banner: '421 4.3.2 down' })
    expect(await send(site, '-a', 'work', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, '-a', 'work', '-f', 'a@s.ex', 'two@d.ex')).toEqual(QUIET)
    expect(work.connections).toBe(1)
    expect(taken(site.server)).toEqual(['a@s.ex > one@d.ex', 'a@s.ex > two@d.ex'])
    for (const recipient of ['three@d.ex', 'four@d.ex', 'five@d.ex'])
      await send(site, '-odq', '-a', 'work', '-f', 'a@s.ex', recipient)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(work.connections).toBeLessThanOrEqual(2)
    expect(taken(site.server).toSorted()).toEqual(
      ['five', 'four', 'one', 'three', 'two'].map((name) => `a@s.ex > ${name}@d.ex`),
    )
    expect(site.queue()).toEqual([])
  })

  it('has no fallback for what it refuses, and none for what it may have taken', async () => {
    const script: Script = {
      rcpt: ({ address }) =>
        address === 'no@d.ex' ? '550 5.1.1 no' : address === 'later@d.ex' ? '450 4.2.0 later' : undefined,
      dot: ({ transaction }) =>
        transaction === 1 ? undefined : transaction === 2 ? '450 4.3.0 not now' : DROP,
    }
    const { site, work } = await twoAccounts('fallback = default', '', script)
    const first = await send(site, '-a', 'work', '-f', 'a@s.ex', 'one@d.ex', 'no@d.ex', 'later@d.ex')
    expect(first.code).toBe(67)
    await send(site, '-a', 'work', '-f', 'a@s.ex', 'two@d.ex')
    await send(site, '-a', 'work', '-f', 'a@s.ex', 'three@d.ex')
    expect(taken(site.server)).toEqual([])
    expect(taken(work)).toEqual(['one', 'two', 'three'].map((name) => `a@s.ex > ${name}@d.ex`))
    expect(site.queue().toSorted()).toEqual([
      'new no@d.ex=failed later@d.ex=deferred',
      'new three@d.ex=in-doubt',
      'new two@d.ex=deferred',
    ])
  })
})

describe('--print-config', () => {
  it('prints every account, and what it prints reads back as the same', async () => {
    const { site } = await twoAccounts(
      'tls_ca =\nmatch_from = *@work.ex\nfallback = default\nfrom = me@work.ex',
      'tls_ca = /etc/ca.pem\ndelay_notice = 4h',
    )
    const first = await site.run('mq-sendmail', ['--print-config'])
    expect(first.stdout).toMatch(/^\[account work\]$/m)
    const copy = site.write('copy.conf', first.stdout)
    const second = await site.run('mq-sendmail', ['--print-config', '-C', copy])
    expect(second.stdout.split('\n').slice(1)).toEqual(first.stdout.split('\n').slice(1))
    expect(site.queue()).toEqual([])
  })
})
