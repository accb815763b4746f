/**
 * Bad input and bad surroundings: one clear line on standard error, the right exit code, and nothing lost or
 * half done.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, queuedText, type MailSite } from '../helpers/mail-site.ts'
import { BIN, type CommandResult } from '../helpers/run-command.ts'

const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['mq-sendmail', ['one@d.ex']],
  ['mq-sendmail', ['-bp']],
  ['mq-mail', ['one@d.ex']],
  ['mq-run', []],
  ['mq-send-test', ['--to=one@d.ex']],
  ['mq-queue', ['list']],
]

/** Checks that a command ended with this code, one line on standard error, and nothing sent or queued. */
function expectRefusal(site: MailSite, result: CommandResult, code: number, words: RegExp): void {
  expect(result).toMatchObject({ code, signal: null, stdout: '' })
  expect(result.stderr).toMatch(/^mq-[a-z-]+: [^\n]+\n$/)
  expect(result.stderr).toMatch(words)
  expect(site.received).toEqual([])
  expect(site.queue()).toEqual([])
}

describe('the configuration', () => {
  it.skipIf(existsSync('/etc/mailqueue.conf') || existsSync('/etc/mailqueue-runner.conf')).each(COMMANDS)(
    'that is nowhere: %s %j says where it was looked for',
    async (name, args) => {
      const site = await openSite()
      const env = { MAILQUEUE_CONF: '', HOME: site.directory }
      const result = await site.run(name, args, { stdin: M0, env })
      expectRefusal(site, result, 78, /\.mailqueue\.conf[^\n]*\/etc\/mailqueue\.conf/)
    },
  )

  it.each(COMMANDS)('that is named and missing: %s %j', async (name, args) => {
    const site = await openSite()
    const result = await site.run(name, args, { stdin: M0, config: '/nonexistent/mq.conf' })
    expectRefusal(site, result, 78, /\/nonexistent\/mq\.conf/)
  })

  it.each([
    ['an unknown key', 'smtp_prot = 25', /smtp_port/],
    ['a key given twice', 'smtp_port = 25', /smtp_port/],
    ['a value out of range', 'connections = 0', /connections/],
    ['a value that is none', 'expire = tomorrow', /expire/],
    ['a line that is none', 'what is this', /what is this|=/],
    ['an unknown section', '[nonsense]\nfrom = a@s.ex', /nonsense/],
    ['a password without a user', 'smtp_password = hunter2', /smtp_(username|password)/],
  ])('with %s names file and line', async (_, line, words) => {
    const site = await openSite()
    const text = `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = 1\n${line}\n`
    const config = site.write('broken.conf', text)
    for (const [name, args] of COMMANDS) {
      const result = await site.run(name, args, { stdin: M0, config })
      expectRefusal(site, result, 78, words)
      expect(result.stderr).toMatch(/broken\.conf:\d+: /)
      expect(result.stderr).not.toContain('hunter2')
    }
  })
})

describe('a recipient', () => {
  it.each([
    ['with a line break', 'one@d.ex\r\nRCPT TO:<evil@d.ex>', 65, 64],
    ['with a line feed in the local part', '"a\nb"@d.ex', 65, 64],
    ['with angle brackets inside', 'a@d.ex> SIZE=1 <b@d.ex', 65, 65],
    ['that is a command', '|/bin/touch marker', 65, 64],
    ['that is a quoted command', '"|/bin/touch marker"', 65, 64],
    ['that is a file', '/tmp/marker', 65, 64],
    ['that is a list in a file', ':include:/etc/passwd', 65, 64],
    ['that makes no sense', 'foo@@bar..x', 65, 65],
    ['without a local part', '@d.ex', 65, 65],
    ['that begins with a dash', '-one@d.ex', 64, 64],
  ])('%s is refused: %j', async (_, operand, code, codeOfMail) => {
    const site = await openSite()
    expectRefusal(site, await site.run('mq-sendmail', ['-i', operand], { stdin: M0 }), code, /./)
    expectRefusal(site, await site.run('mq-mail', ['-E', operand], { stdin: 'b\n' }), codeOfMail, /./)
    expect(existsSync(join(site.directory, 'marker'))).toBe(false)
  })

  it('that cannot be used does not stop the others, who get the mail; the code is 65', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['foo@@bar', 'one@d.ex', '/tmp/x'], { stdin: M0 })
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^mq-sendmail: .*foo@@bar/),
      expect.stringMatching(/^mq-sendmail: .*\/tmp\/x/),
    ])
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
  })

  it('in the header is read through comments, groups and folding, and bad ones are told', async () => {
    const site = await openSite()
    const stdin = `To: (a (nested\\) comment)) "One, \\"A\\"" <one@d.ex> (c),\n Group (g) : two@d.ex,\n\t"th ree" <three@d.ex>;,,\n <@old.ex,@way.ex:four@d.ex>, bad@@d.ex,\n =?UTF-8?Q?f=2C?= <five@d.ex>\nSubject: s\n\nb\n`
    const result = await site.run('mq-sendmail', ['-t'], { stdin })
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*bad@@d\.ex[^\n]*\n$/)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([
      ['one@d.ex', 'two@d.ex', 'three@d.ex', 'four@d.ex', 'five@d.ex'],
    ])
  })

  it.each([
    ['nobody at all', [], M0],
    ['nobody in the header', ['-t'], 'Subject: s\n\nTo: one@d.ex\n'],
    ['only empty groups', ['-t'], 'To: nobody:;\nCc: (comment)\nBcc:\n\nb\n'],
    ['empty operands', ['', ' '], M0],
  ])('has to be there: %s is 64', async (_, args, stdin) => {
    const site = await openSite()
    expectRefusal(site, await site.run('mq-sendmail', args, { stdin }), 64, /no recipients/)
  })
})

describe('standard input', () => {
  /** Runs mq-sendmail from a shell, with the redirection given. */
  function fromShell(site: MailSite, redirection: string): CommandResult {
    const script = `exec "$0" "$1" -f a@s.ex one@d.ex ${redirection}`
    const child = spawnSync('/bin/sh', ['-c', script, process.execPath, join(BIN, 'mq-sendmail')], {
      cwd: site.directory,
      encoding: 'utf8',
      stdio: ['inherit', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], MAILQUEUE_CONF: site.config },
    })
    return { code: child.status, signal: child.signal, stdout: child.stdout, stderr: child.stderr }
  }

  it.each([
    ['is a directory', '< .'],
    ['can only be written', '0>> written'],
  ])('that %s is 65', async (_, redirection) => {
    // The server is in this process, which waits for the child: nothing may get as far as connecting.
    const site = await openSite(DOWN)
    expectRefusal(site, fromShell(site, redirection), 65, /cannot read/)
  })

  it('that is closed is the same as one without a byte', async () => {
    const site = await openSite(DOWN)
    expect(fromShell(site, '<&-')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    const closed = site.queued()[0]?.message.split('\r\n') ?? []
    expect(closed.map((line) => line.split(':')[0])).toEqual(['From', 'Date', 'Message-ID', '', ''])
    expect(site.queue()).toHaveLength(1)
  })
})

describe('a foreign file in the queue', () => {
  it('is put aside with a reason, and the mail around it goes out', async () => {
    const site = await openSite()
    const date = new Date().toUTCString().replace('GMT', '+0000')
    site.place('1700000000.M1P2Q1.host', queuedText('one@d.ex', date))
    site.place('README', 'not a message\n')
    site.place('1700000001.M1P2Q2.host', queuedText('two@d.ex', date).slice(0, 60))
    mkdirSync(join(site.queueDir, 'new', 'directory'))
    symlinkSync('/etc/passwd', join(site.queueDir, 'new', 'link'))
    const listing = await site.run('mq-queue', ['list'])
    expect(listing).toMatchObject({ code: 0, stderr: '' })
    expect(listing.stdout).toMatch(/one@d\.ex\n\n-- 1 Kbytes in 1 Request\.\n$/)
    const result = await site.run('mq-run', [])
    expect(result.stdout).toBe('')
    expect(result.stderr).toMatch(/^mq-run: [^\n]*corrupt\/[^\n]*\n$/)
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
      [['one@d.ex'], M0_WIRE],
    ])
    const names = readdirSync(join(site.queueDir, 'corrupt'))
    expect(names.filter((name) => name.endsWith('.reason')).length).toBe(names.length / 2)
    expect(names.filter((name) => name.startsWith('README'))).toHaveLength(2)
    expect(readdirSync(join(site.queueDir, 'new'))).toEqual([])
    expect(await site.run('mq-run', [])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })

  it('in the place of a folder stops the queue with a clear line', async () => {
    const site = await openSite(DOWN)
    mkdirSync(site.queueDir)
    writeFileSync(join(site.queueDir, 'new'), 'a file')
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(result.code).not.toBe(0)
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
  })
})
