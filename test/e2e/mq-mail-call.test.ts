/**
 * mq-mail as its callers call it: senders, recipients, header fields and bodies from all the places they may come from.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import type { CommandResult } from '../helpers/run-command.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const DASH = 'mq-mail: the recipient "-x@x.ex" cannot be used: it begins with a dash\n'
const ALERTS: Settings = { from: 'Alerts <alerts@h.example>' }

const textAt = (site: MailSite, at = 0): string => site.received[at]?.data.toString() ?? ''

function field(site: MailSite, name: string): string[] {
  const text = textAt(site)
  const header = text.slice(0, text.indexOf('\r\n\r\n') + 2).replace(/\r\n(?=[ \t])/g, '')
  return [...header.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gim'))].map(([, value = '']) => value)
}

const body = (site: MailSite): string => textAt(site).split('\r\n\r\n').slice(1).join('\r\n\r\n')

const ALIASES = 'root: admin@h.example\nops: one@h.example, two@h.example\n'

async function call(
  args: readonly string[],
  {
    stdin = 'b\n',
    env = {},
    aliases = ALIASES,
  }: { stdin?: string; env?: Record<string, string>; aliases?: string } = {},
): Promise<{ site: MailSite; result: CommandResult }> {
  const site = await openSite(ALERTS)
  if (aliases !== '') site.write('aliases', aliases)
  const surroundings = { HOME: site.directory, MAILRC: '/dev/null', ...env }
  const result = await site.run('mq-mail', ['-n', ...args], { stdin, env: surroundings })
  return { site, result }
}

describe('the sender', () => {
  it.each<[string, string[], string, string]>([
    ['the configured one', [], 'alerts@h.example', 'Alerts <alerts@h.example>'],
    ['-r', ['-r', 'Me X <me@x.ex>'], 'me@x.ex', 'Me X <me@x.ex>'],
    ['-r with an alias', ['-r', 'root'], 'admin@h.example', 'admin@h.example'],
    ['-r with an alias of two', ['-r', 'ops'], 'ops@h.example', 'ops@h.example'],
    ['-r with a name that nobody has', ['-r', 'nosuch'], 'nosuch@h.example', 'nosuch@h.example'],
    ['-S from', ['-Sfrom=AIDE on h <me@x.ex>'], 'me@x.ex', 'AIDE on h <me@x.ex>'],
    ['-S sender', ['-S', 'sender=env@x.ex', '-S', 'from=me@x.ex'], 'env@x.ex', 'me@x.ex'],
    ['-r before -S from', ['-S', 'from=no@x.ex', '-r', 'me@x.ex'], 'me@x.ex', 'me@x.ex'],
    ['-a From', ['-a', 'From: Me <me@x.ex>'], 'me@x.ex', 'Me <me@x.ex>'],
    ['-a From beside -r', ['-a', 'From: me@x.ex', '-r', 'env@x.ex'], 'env@x.ex', 'me@x.ex'],
    [
      '-a From with an alias',
      ['-a', 'From: Cron Daemon <root>'],
      'admin@h.example',
      'Cron Daemon <admin@h.example>',
    ],
    ['-f behind --', ['-r', 'me@x.ex', 'a@x.ex', '--', '-f', 'env@x.ex'], 'env@x.ex', 'me@x.ex'],
    ['-F behind --', ['a@x.ex', '--', '-F', 'Big "B"', '-fme@x.ex'], 'me@x.ex', '"Big \\"B\\"" <me@x.ex>'],
  ])('%s', async (_, args, mailFrom, from) => {
    const { site, result } = await call(args.includes('--') ? args : [...args, 'a@x.ex'])
    expect(result).toEqual(QUIET)
    expect(site.received[0]).toMatchObject({ mailFrom, rcptTo: ['a@x.ex'] })
    expect(field(site, 'From')).toEqual([from])
  })

  it('root is nobody special without an aliases file', async () => {
    const site = await openSite({ ...ALERTS, aliases: undefined })
    const args = [
      '-Ssendwait',
      '-s',
      "Updates applied on 'h'.",
      '-r',
      'root',
      '--aliases',
      site.write('none', ''),
      'root',
    ]
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    expect(site.received[0]).toMatchObject({ mailFrom: 'root@h.example', rcptTo: ['root@h.example'] })
    expect(field(site, 'Subject')).toEqual(["Updates applied on 'h'."])
  })
})

describe('several authors', () => {
  const both = 'From: Ann <a@x.ex>, b@x.ex'

  it.each([
    [['-a', both], 'a@x.ex'],
    [['-a', both, '-r', 'Me <me@x.ex>'], 'me@x.ex'],
    [['-a', both, '-a', 'Sender: s@x.ex'], 's@x.ex'],
    [['-a', both, '-r', 'root'], 'admin@h.example'],
  ])('have one sender, who is named (RFC 5322 section 3.6.2): %j', async (args, sender) => {
    const { site, result } = await call([...args, 'to@x.ex'])
    expect(result).toEqual(QUIET)
    expect(field(site, 'From')).toEqual(['Ann <a@x.ex>, b@x.ex'])
    expect(field(site, 'Sender')).toEqual([sender])
  })

  it('in a template have one too, and a single author needs none', async () => {
    const { site } = await call(['-t'], { stdin: `${both}\nTo: to@x.ex\n\nb\n` })
    expect(field(site, 'Sender')).toEqual(['a@x.ex'])
    const single = await call(['-a', 'From: a@x.ex', '-r', 'me@x.ex', 'to@x.ex'])
    expect(field(single.site, 'Sender')).toEqual([])
  })
})

describe('where replies go', () => {
  it.each<[string[], Record<string, string>]>([
    [['-a', 'Reply-To: r@x.ex'], { REPLYTO: 'no@x.ex' }],
    [['-S', 'replyto=r@x.ex'], { REPLYTO: 'no@x.ex' }],
    [['-S', 'reply-to=r@x.ex'], {}],
    [[], { REPLYTO: 'r@x.ex' }],
  ])('%j with %j', async (args, env) => {
    const { site, result } = await call([...args, 'a@x.ex'], { env })
    expect(result).toEqual(QUIET)
    expect(field(site, 'Reply-To')).toEqual(['r@x.ex'])
  })
})

describe('recipients', () => {
  it('come in lists of any kind, keep their names, and are each named once', async () => {
    const args = [
      '-c',
      'C1@x.ex,c2@x.ex',
      '-b',
      'b1@x.ex',
      'a@x.ex;A@x.ex',
      'ops',
      'Bob B <bob@x.ex>, a@x.ex,',
      '-c',
      'c1@x.ex',
    ]
    const { site, result } = await call(args)
    expect(result).toEqual(QUIET)
    const to = ['a@x.ex', 'one@h.example', 'two@h.example', 'bob@x.ex']
    expect(site.received[0]?.rcptTo).toEqual([...to, 'C1@x.ex', 'c2@x.ex', 'b1@x.ex'])
    expect(field(site, 'To')).toEqual(['a@x.ex, one@h.example, two@h.example, Bob B <bob@x.ex>'])
    expect(field(site, 'Cc')).toEqual(['C1@x.ex, c2@x.ex'])
    expect(textAt(site)).not.toMatch(/bcc\s*:|b1@/i)
  })

  it('that are good get the mail when one is bad, which is told with 65', async () => {
    const { site, result } = await call(['a@x.ex', 'bad addr'])
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr).toMatch(/^mq-mail: "bad addr" [^\n]+\n$/)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['a@x.ex']])
  })

  it.each([
    [['-c', 'c@x.ex']],
    [['']],
    [[]],
    [['-a', 'Cc: c@x.ex']],
    [['a@x.ex\nX-Inj: 1']],
    [['/tmp/file']],
    [['|cat']],
    [['-f', 'me@x.ex', 'a@x.ex']],
  ])('%j are no recipients: 64, and nothing is sent', async (args) => {
    const { site, result } = await call(args)
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-mail: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('-t', () => {
  const template =
    'To: Ann <h@x.ex>\nCc: hc@x.ex\nBcc: hb@x.ex\nSubject: T\nX-Y: z\nContent-Type: text/html\n\n<b>x</b>\n'

  it('takes everything from the header, and adds what the command line says', async () => {
    const { site, result } = await call(['-t', '-s', 'Cli', '-a', 'X-A: 1', 'cli@x.ex'], { stdin: template })
    expect(result).toEqual(QUIET)
    expect(site.received[0]?.rcptTo).toEqual(['cli@x.ex', 'h@x.ex', 'hc@x.ex', 'hb@x.ex'])
    const names = ['To', 'Cc', 'Subject', 'X-Y', 'X-A', 'Content-Type', 'Bcc', 'From', 'MIME-Version']
    expect(names.map((name) => field(site, name))).toEqual([
      ['cli@x.ex, Ann <h@x.ex>'],
      ['hc@x.ex'],
      ['T'],
      ['z'],
      ['1'],
      [expect.stringMatching(/^text\/html/)],
      [],
      ['Alerts <alerts@h.example>'],
      ['1.0'],
    ])
    expect(body(site)).toBe('<b>x</b>\r\n')
  })

  it('takes the sender from it too', async () => {
    const { site } = await call(['-t'], { stdin: 'From: =?utf-8?Q?Cr=C3=B6n?= <root>\nBcc: a@x.ex\n\nb\n' })
    expect(site.received[0]).toMatchObject({ mailFrom: 'admin@h.example', rcptTo: ['a@x.ex'] })
    expect(field(site, 'From')).toEqual([
      expect.stringMatching(/^=\?UTF-8\?Q\?Cr=C3=B6n\?= <admin@h\.example>$/),
    ])
  })

  it('without any recipient is 64', async () => {
    const { site, result } = await call(['-t'], { stdin: 'Subject: s\n\nb\n' })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(site.server.connections).toBe(0)
  })
})

describe('the body', () => {
  it('has the quoted file in front of standard input', async () => {
    const site = await openSite(ALERTS)
    const file = site.write('a.txt', 'file\n')
    expect(await site.run('mq-mail', ['-q', file, 'a@x.ex'], { stdin: 'stdin\n' })).toEqual(QUIET)
    expect(body(site)).toBe('file\r\nstdin\r\n')
  })

  it.each<[string, string[]]>([
    ['-M', ['-M', 'text/html']],
    ['--content-type', ['--content-type=text/html']],
    ['-a', ['-a', 'Content-Type: text/html; charset=UTF-8']],
  ])('is HTML with %s', async (_, args) => {
    const { site, result } = await call([...args, 'a@x.ex'], { stdin: '<b>é</b>\n' })
    expect(result).toEqual(QUIET)
    expect(field(site, 'Content-Type')).toEqual([expect.stringMatching(/^text\/html; charset=utf-8$/i)])
  })

  it('is a file with -m, and standard input is the attachment with -A -', async () => {
    const site = await openSite(ALERTS)
    const args = ['-m', site.write('a.txt', 'file\n'), '--content-name=in.bin', '-A', '-', 'a@x.ex']
    expect(await site.run('mq-mail', args, { stdin: '\0stdin' })).toEqual(QUIET)
    expect(textAt(site)).toContain('\r\n\r\nfile\r\n')
    expect(textAt(site)).toMatch(/filename="?in\.bin/)
    expect(textAt(site)).toContain(Buffer.from('\0stdin').toString('base64'))
  })

  it('has the charset that -S ttycharset or fallback_charset says when it is not UTF-8', async () => {
    const site = await openSite({ ...ALERTS, fallback_charset: 'iso-8859-15' })
    const stdin = Buffer.from('\xa4\n', 'latin1')
    await site.run('mq-mail', ['a@x.ex'], { stdin })
    await site.run('mq-mail', ['-S', 'ttycharset=koi8-r', 'a@x.ex'], { stdin })
    expect(textAt(site, 0)).toContain('charset=iso-8859-15')
    expect(textAt(site, 1)).toContain('charset=koi8-r')
  })

  it.each<[string[]]>([
    [['-m', '/nonexist', 'a@x.ex']],
    [['-a', '/nonexist', 'a@x.ex']],
    [['-a', '/tmp', 'a@x.ex']],
    [['--alternative', '/nonexist', 'a@x.ex']],
    [['--alternative', '/dev/zero', 'a@x.ex']],
    [['-m', '/dev/zero', 'a@x.ex']],
    [['-q', '/dev/zero', 'a@x.ex']],
  ])('%j names a file that is not there or has no end: 66, and nothing is sent', async (args) => {
    const { site, result } = await call(args)
    expect(result).toMatchObject({ code: 66, stdout: '' })
    expect(result.stderr).toMatch(/^mq-mail: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('is not missed when something is attached, not even with -E', async () => {
    const site = await openSite(ALERTS)
    const file = site.write('a.txt', 'file\n')
    expect(await site.run('mq-mail', ['-E', '-a', file, 'a@x.ex'], { stdin: '' })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
  })
})

describe('mq-mail', () => {
  it('shows with -d what it would send, and sends nothing', async () => {
    const { site, result } = await call(['-d', '-s', 'S', '-b', 'b@x.ex', 'root'], { stdin: 'one é\n' })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(
      /^MAIL FROM:<alerts@h\.example>\nRCPT TO:<admin@h\.example>\nRCPT TO:<b@x\.ex>\n\nDate: [^]*\nSubject: S\n[^]*\n\none =C3=A9\n$/,
    )
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('does without the command of mailutils behind -E', async () => {
    const { site, result } = await call(['-E', 'set escape', '-s', '[Fail2Ban] x', 'root'])
    expect(result).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['admin@h.example']])
    expect(field(site, 'Subject')).toEqual(['[Fail2Ban] x'])
  })

  it('goes by mail_dialect where it is set', async () => {
    const site = await openSite({ ...ALERTS, mail_dialect: 'bsd' })
    const result = await site.run('mq-mail', ['-a', site.config, 'a@x.ex'], { stdin: 'b\n' })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(site.server.connections).toBe(0)
  })

  it.each([
    ['s-nail', ['-Mx-own/fqz', '-s', 'S', 'a@x.ex'], QUIET],
    ['bsd', ['-s', 'S', 'a@x.ex', '--', '-x@x.ex'], { ...QUIET, code: 65, stderr: DASH }],
  ])('reads in %s what would be a mistake by the shape of the words: %j', async (dialect, args, expected) => {
    const site = await openSite({ ...ALERTS, mail_dialect: dialect })
    const result = await site.run('mq-mail', args, { stdin: 'b\n' })
    expect(result).toEqual(expected)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['a@x.ex']])
    expect(site.queue()).toEqual([])
  })

  it('has no account but the one there is', async () => {
    const { result, site } = await call(['-A', 'work', 'a@x.ex'])
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(site.server.connections).toBe(0)
  })

  it('says with -v what has no effect, and only then', async () => {
    const args = ['-Smta=smtp://_aide@localhost', '-Ssmtp-auth=none', '-Sv15-compat', 'a@x.ex']
    expect((await call(args)).result).toEqual(QUIET)
    const { result } = await call(['-v', ...args])
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toContain('mq-mail: the variable mta has no effect')
  })

  it('shows with -v every line of the dialogue, also those that say the same', async () => {
    const { result } = await call(['-v', 'a@x.ex', 'b@x.ex', 'c@x.ex'])
    expect(result).toMatchObject({ code: 0, stdout: '' })
    const answers = result.stderr.split('\n').filter((line) => /^mq-mail: (?:debug )?.*S: 250 /.test(line))
    const asked = result.stderr.split('\n').filter((line) => /C: (?:EHLO|MAIL|RCPT) /.test(line))
    // one more for the message
    expect(asked).toHaveLength(5)
    expect(answers).toHaveLength(asked.length + 1)
  })

  it('goes by sender of a mailrc file for the envelope, unless the command line names one', async () => {
    const site = await openSite(ALERTS)
    const MAILRC = site.write('rc', 'set sender=env@x.ex from="Rc <rc@x.ex>"\n')
    for (const args of [[], ['-r', 'me@x.ex'], ['-Sfrom=me@x.ex'], ['-r', '']])
      expect(await site.run('mq-mail', ['-n', ...args, 'a@x.ex'], { stdin: 'b\n', env: { MAILRC } })).toEqual(
        QUIET,
      )
    const senders = site.received.map(({ mailFrom }) => mailFrom)
    expect(senders).toEqual(['env@x.ex', 'me@x.ex', 'me@x.ex', 'alerts@h.example'])
    expect(field(site, 'From')).toEqual(['Rc <rc@x.ex>'])
  })

  it('keeps what nobody takes as a dead letter, with 75', async () => {
    const site = await openSite({ ...ALERTS, queue_dir: undefined, smtp_port: '1' })
    const DEAD = join(site.directory, 'dead')
    const result = await site.run('mq-mail', ['-s', 'S', 'a@x.ex'], { stdin: 'b\n', env: { DEAD } })
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toContain(DEAD)
    expect(readFileSync(DEAD, 'utf8')).toMatch(/^From alerts@h\.example .*\n[^]*\nSubject: S\n[^]*\n\nb\n\n$/)
  })

  it('obeys aliases and variables of a mailrc file, and the command line before them', async () => {
    const site = await openSite(ALERTS)
    const record = join(site.directory, 'record')
    const rc = `alias team a@x.ex "Bob B <b@x.ex>" root\nset from="Rc <rc@x.ex>"\nset record=${record}\n`
    const env = { MAILRC: site.write('mailrc', rc), HOME: site.directory }
    site.write('aliases', ALIASES)
    expect(await site.run('mq-mail', ['-n', '-s', 'S', 'team'], { stdin: 'b\n', env })).toEqual(QUIET)
    expect(site.received[0]).toMatchObject({
      mailFrom: 'rc@x.ex',
      rcptTo: ['a@x.ex', 'b@x.ex', 'admin@h.example'],
    })
    expect(field(site, 'To')).toEqual(['a@x.ex, Bob B <b@x.ex>, admin@h.example'])
    expect(readFileSync(record, 'utf8')).toMatch(/^From rc@x\.ex /)
    await site.run('mq-mail', ['-n', '-r', 'me@x.ex', 'team'], { stdin: 'b\n', env })
    expect(site.received[1]?.mailFrom).toBe('me@x.ex')
  })
})
