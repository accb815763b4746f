/** Where the password comes from, with real commands: each source, what happens when it fails, and that nobody sees it. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import type { CommandOptions } from '../helpers/run-command.ts'

const SECRET = 'hünter22 "x" ; #1'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const LOGIN: Settings = { smtp_username: 'ann', tls: 'off', insecure_auth: 'yes' }
const PLAIN = { extensions: ['AUTH PLAIN'], auth: '235 2.7.0 ok' }

async function siteWith(settings: Settings, script = PLAIN): Promise<MailSite> {
  return openSite({ ...LOGIN, ...settings }, script)
}

const send = (site: MailSite, options: CommandOptions = {}) =>
  site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, ...options })
const logins = ({ server }: MailSite): string[] => server.commands.filter((line) => line.startsWith('AUTH'))
const expectLogin = (site: MailSite): void => {
  expect(logins(site)).toEqual([`AUTH PLAIN ${base64(`\0ann\0${SECRET}`)}`])
  expect(site.received).toHaveLength(1)
  expect(site.queue()).toEqual([])
}

describe('the password comes from', () => {
  it('a program, of which the first line counts', async () => {
    const site = await siteWith({})
    const program = site.write('pw', `#!/bin/sh\nprintf '%s\\nmore\\n' "$PW"\n`)
    chmodSync(program, 0o700)
    site.configure({ ...LOGIN, password_command: `"${program}" 'an argument'` })
    expect(await send(site, { env: { PW: SECRET } })).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    expectLogin(site)
  })

  it('a file', async () => {
    const site = await siteWith({})
    site.configure({ ...LOGIN, password_file: site.write('pw', `${SECRET}\nmore\n`) })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expectLogin(site)
  })

  it('systemd, before the configuration', async () => {
    const site = await siteWith({ smtp_password: 'other' })
    mkdirSync(join(site.directory, 'credentials'))
    site.write('credentials/smtp_password', SECRET)
    const env = { CREDENTIALS_DIRECTORY: join(site.directory, 'credentials') }
    expect(await send(site, { env })).toMatchObject({ code: 0, stderr: '' })
    expectLogin(site)
  })

  it('systemd, also for an account that inherits the login, by the nearest name', async () => {
    const site = await siteWith({})
    const text = readFileSync(site.config, 'utf8')
    writeFileSync(
      site.config,
      `${text}\n[account work]\nretry = 1m\n[account deep]\ninherit = work\n[account ben]\nsmtp_username = ben\n`,
    )
    mkdirSync(join(site.directory, 'credentials'))
    const env = { CREDENTIALS_DIRECTORY: join(site.directory, 'credentials') }
    const from = (account: string) =>
      site.run('mq-sendmail', [`--account=${account}`, '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env })
    for (const name of ['smtp_password', 'smtp_password.work', 'smtp_password.deep']) {
      site.write(`credentials/${name}`, name)
      expect(await from('deep')).toMatchObject({ code: 0, stderr: '' })
      expect(logins(site).at(-1)).toBe(`AUTH PLAIN ${base64(`\0ann\0${name}`)}`)
    }
    expect((await from('ben')).stderr).toContain('there is no password for the user ben')
    expect(logins(site)).toHaveLength(3)
    expect(site.queue()).toHaveLength(1)
  })

  it('the environment', async () => {
    const site = await siteWith({ smtp_password: '${MAIL_PW}' })
    expect(await send(site, { env: { MAIL_PW: SECRET } })).toMatchObject({ code: 0, stderr: '' })
    expectLogin(site)
  })

  it('~/.netrc, when nothing else is there', async () => {
    const site = await siteWith({})
    const quoted = SECRET.replaceAll('"', '\\"')
    site.write(
      '.netrc',
      `machine other login ann password no\nmachine 127.0.0.1 login ann password "${quoted}"\n`,
    )
    expect(await send(site, { env: { HOME: site.directory } })).toMatchObject({ code: 0, stderr: '' })
    expectLogin(site)
  })

  it('--passwordeval, in the place of what is configured', async () => {
    const site = await siteWith({ smtp_username: undefined })
    const program = site.write('pw', SECRET)
    const args = ['--auth=plain', '--user=ann', `--passwordeval=cat '${program}'`, '-f', 'a@s.ex', 'one@d.ex']
    for (const password of [undefined, 'other']) {
      site.configure({ ...LOGIN, ...(password === undefined ? { smtp_username: undefined } : { password }) })
      expect(await site.run('mq-sendmail', args, { stdin: M0 })).toMatchObject({ code: 0, stderr: '' })
    }
    expect(new Set(logins(site))).toEqual(new Set([`AUTH PLAIN ${base64(`\0ann\0${SECRET}`)}`]))
  })
})

describe('a source that fails', () => {
  const FAILING: [string, Settings, RegExp][] = [
    [
      'program',
      { password_command: `sh -c 'echo secret-out; echo locked >&2; exit 3'` },
      /ended with 3: locked/,
    ],
    ['missing program', { password_command: '/no/such/program x' }, /cannot be run: .*ENOENT/],
    ['program without words', { password_command: 'true' }, /printed nothing in its first line/],
    ['missing file', { password_file: '/no/such/file' }, /cannot read password_file .*ENOENT/],
    ['missing variable', { smtp_password: '${NO_SUCH_VARIABLE}' }, /environment variable NO_SUCH_VARIABLE/],
    ['lack of any', {}, /there is no password for the user ann at 127\.0\.0\.1; set password_file/],
  ]

  it.each(FAILING)('(%s) queues the mail and says so', async (_title, settings, why) => {
    const site = await siteWith(settings)
    const result = await send(site)
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: queued as \S+, but it cannot be sent: [^\n]*\n$/)
    expect(result.stderr).toMatch(why)
    expect(result.stderr).not.toContain('secret-out')
    expect(site.queue()).toHaveLength(1)
    expect(logins(site)).toEqual([])
    expect((await site.run('mq-send-test', ['--to=one@d.ex'])).code).toBe(78)
  })

  it.each(FAILING)('(%s) is a wrong set-up where there is no queue', async (_title, settings, why) => {
    const site = await siteWith({ ...settings, queue_dir: undefined })
    const result = await send(site)
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(why)
  })

  it('is asked again by the next run, which delivers', async () => {
    const site = await siteWith({})
    const file = join(site.directory, 'pw')
    site.configure({ ...LOGIN, password_file: file })
    expect((await send(site)).code).toBe(0)
    expect(site.queue()).toHaveLength(1)
    writeFileSync(file, SECRET, { mode: 0o600 })
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expectLogin(site)
  })

  it('is not asked by a command that only queues', async () => {
    const site = await siteWith({})
    const mark = join(site.directory, 'mark')
    site.configure({ ...LOGIN, spool: 'only', password_command: `sh -c 'touch ${mark}; echo pw'` })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect((await site.run('mq-queue', ['list'])).code).toBe(0)
    expect(existsSync(mark)).toBe(false)
    expect(site.queue()).toHaveLength(1)
  })
})

describe('permissions', () => {
  it('of a password file are those of a configuration with a password', async () => {
    const site = await siteWith({})
    const file = site.write('pw', SECRET)
    chmodSync(file, 0o644)
    site.configure({ ...LOGIN, password_file: file })
    expect((await send(site)).stderr).toMatch(/pw: holds a password and others can read it \(mode 0644\)/)
    site.configure({ ...LOGIN, password_file: file, strict_permissions: 'yes' })
    expect((await send(site)).code).toBe(77)
    site.configure({ ...LOGIN, smtp_password: '${PW}', strict_permissions: 'yes' })
    chmodSync(site.config, 0o644)
    expect(await send(site, { env: { PW: SECRET } })).toMatchObject({ code: 0, stderr: '' })
  })

  it('of ~/.netrc have to be those of a secret', async () => {
    const site = await siteWith({})
    chmodSync(site.write('.netrc', `machine 127.0.0.1 login ann password ${SECRET}\n`), 0o640)
    const result = await send(site, { env: { HOME: site.directory } })
    expect(result.stderr).toContain('.netrc is not read, because others can read it')
    expect(logins(site)).toEqual([])
  })
})

describe('nobody sees the password', () => {
  /** All text in the files below a directory. */
  function everythingIn(directory: string): string {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    )
    return files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('\n')
  }

  it.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('with %s, whatever the server repeats of it', async (mechanism) => {
    const challenge = base64('<1.2@server>')
    let asked = 0
    const site = await openSite(
      { ...LOGIN, smtp_password: '${MAIL_PW}' },
      {
        extensions: [`AUTH ${mechanism}`],
        auth: ({ line }) => (mechanism === 'PLAIN' ? `535 5.7.8 ${line} is wrong` : `334 ${challenge}`),
        other: ({ line }) =>
          mechanism === 'LOGIN' && asked++ % 2 === 0 ? '334 x' : `535 5.7.8 ${line} ${SECRET}`,
      },
    )
    site.configure({
      ...LOGIN,
      ...{ smtp_password: '${MAIL_PW}', log: join(site.directory, 'log'), log_level: 'debug' },
      delivery_log: join(site.directory, 'delivery'),
    })
    const env = { MAIL_PW: SECRET }
    const said = [
      await site.run('mq-sendmail', ['-v', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env }),
      await site.run('mq-send-test', ['-v', '--to=one@d.ex'], { env }),
      await site.run('mq-run', ['-v', '--all'], { env }),
      await site.run('mq-sendmail', ['--print-config'], { env }),
    ]
    expect(said.map(({ code }) => code)).toEqual([0, 75, 75, 0])
    expect(site.queue()).toHaveLength(1)
    const everything =
      everythingIn(site.directory) + said.map(({ stdout, stderr }) => stdout + stderr).join('')
    expect(everything).toContain('535 5.7.8')
    const response = site.server.commands.findLast((line) => /^[A-Za-z0-9+/]{20,}/.test(line)) ?? 'AUTH none'
    for (const form of [SECRET, 'hünter22', base64(SECRET), base64(`\0ann\0${SECRET}`), response]) {
      for (const text of [form, Buffer.from(form).toString('latin1')]) expect(everything).not.toContain(text)
    }
  })
})
