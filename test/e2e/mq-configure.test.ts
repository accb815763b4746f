/** mq-configure without a terminal: what it writes works, and it writes nothing that was not asked for. */
import { chmodSync, chownSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificates, type TestCertificates } from '../helpers/certificates.ts'
import { M0 } from '../helpers/mail-site.ts'
import { runCommand } from '../helpers/run-command.ts'
import { canRunWithoutRoot } from '../helpers/without-root.ts'
import { openConfigureSite, PASSWORD, type ConfigureSite } from './configure-site.ts'

const IS_ROOT = process.getuid?.() === 0

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
  if (IS_ROOT) chmodSync(made.directory, 0o755)
})
afterAll(() => made.remove())

const open = (script = {}): Promise<ConfigureSite> => openConfigureSite(made, script)
const FROM_STDIN = { stdin: `${PASSWORD}\nmore\n` }
const WITH_PASSWORD = ['--password-file=-']

async function expectItSends({ file, server, asUser }: ConfigureSite, env = asUser): Promise<void> {
  const before = server.transactions.length
  const sent = await runCommand('mq-sendmail', ['one@d.ex'], { stdin: M0, env, config: file })
  expect(sent).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect(server.transactions.slice(before)).toMatchObject([{ accepted: true }])
}

describe.skipIf(!canRunWithoutRoot())('a user', () => {
  it('gets one private file with everything in it, which sends mail', async () => {
    const site = await open()
    const result = await site.configure(WITH_PASSWORD, { ...FROM_STDIN, env: site.asUser })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^OK: localhost:\d+ with TLSv1\.\d, logged in as ann@site\.example\n/)
    expect(result.stdout).toContain(`Written: ${site.file} (mode 0600)`)
    expect(result.stdout).toContain(`mq-send-test -C ${site.file} --to=ann@site.example`)
    expect(result.stdout).toMatch(/ {4}\* \* \* \* \* PATH=\S+ mq-run -C /)
    expect(site.names()).toEqual(['mailqueue.conf', 'queue'])
    expect([site.mode('mailqueue.conf'), site.mode('queue')]).toEqual(['600', '700'])
    expect(site.read('mailqueue.conf')).toMatch(/^smtp_password = /m)
    await expectItSends(site)
  })

  it('writes ~/.mailqueue.conf and a queue beside it, unless told otherwise', async () => {
    const site = await open()
    const args = site.args.filter((arg) => !arg.includes('queue_dir'))
    const env = { HOME: site.directory, ...site.asUser }
    const result = await runCommand('mq-configure', [...args, ...WITH_PASSWORD], { ...FROM_STDIN, env })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain('    mq-send-test --to=ann@site.example\n')
    expect(site.names()).toEqual(['.mailqueue', '.mailqueue.conf'])
    expect(site.read('.mailqueue.conf')).toContain('queue_dir = ~/.mailqueue\n')
    const tested = await runCommand('mq-send-test', ['--to=one@d.ex'], { env })
    expect(tested).toMatchObject({ code: 0, stderr: '' })
  })

  it('cannot set up the machine', async () => {
    const site = await open()
    const result = await site.configure(['--output=/etc/x/y.conf', ...WITH_PASSWORD], {
      ...FROM_STDIN,
      env: site.asUser,
    })
    expect(result).toMatchObject({ code: 78, stdout: '' })
    const owner = await site.configure(['--owner=nobody', ...WITH_PASSWORD], { env: site.asUser })
    expect(owner).toMatchObject({ code: 64, stdout: '' })
    expect(site.server.connections).toBe(0)
  })
})

describe.runIf(IS_ROOT)('root', () => {
  it('gets a configuration for everybody, and a file for the password', async () => {
    const site = await open()
    const result = await site.configure(WITH_PASSWORD, FROM_STDIN)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(site.names()).toEqual(['mailqueue.conf', 'mailqueue.password', 'queue'])
    expect([site.mode('mailqueue.conf'), site.mode('mailqueue.password')]).toEqual(['644', '600'])
    expect(site.read('mailqueue.password')).toBe(`${PASSWORD}\n`)
    expect(site.read('mailqueue.conf')).not.toContain('p;ss')
    await expectItSends(site, {})
  })

  it('can give password and queue to who sends mail', async () => {
    const site = await open()
    chownSync(site.directory, 0, 0)
    chmodSync(site.directory, 0o755)
    expect(await site.configure(['--owner=nobody', ...WITH_PASSWORD], FROM_STDIN)).toMatchObject({ code: 0 })
    const owners = ['mailqueue.conf', 'mailqueue.password', 'queue'].map(
      (name) => statSync(join(site.directory, name)).uid,
    )
    expect(owners).toEqual([0, 65534, 65534])
    if (canRunWithoutRoot()) await expectItSends(site)
    expect((await site.configure(['--force', '--owner=no-such-user'])).code).toBe(64)
  })

  it('gets the secret of an OAuth 2.0 client into an included file, and is told to run mq-auth', async () => {
    const site = await open()
    const args = ['--oauth2', '--oauth2-client-id=id', '--oauth2-client-secret-file=-']
    const more = ['oauth2_token_url=https://t.example/', `oauth2_refresh_token_file=${site.directory}/token`]
    const result = await site.configure([...args, ...more.map((text) => `--set=${text}`)], {
      stdin: 'client-shh\n',
    })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain(`mq-auth -C ${site.file}\n`)
    expect(result.stdout).toContain('without a login')
    expect(site.mode('mailqueue.secret.conf')).toBe('600')
    expect(site.read('mailqueue.conf')).not.toContain('client-shh')
    const shown = await runCommand('mq-sendmail', ['--print-config'], { config: site.file })
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toContain('# oauth2_client_secret is set')
  })
})

describe('the password', () => {
  it('stays in a file that has it, and a program is named as it is', async () => {
    const site = await open()
    const file = join(site.directory, 'pw')
    writeFileSync(file, PASSWORD, { mode: 0o600 })
    expect(await site.configure([`--password-file=${file}`])).toMatchObject({ code: 0, stderr: '' })
    expect(site.read('mailqueue.conf')).toContain(`password_file = ${file}\n`)
    const args = [`--password-command=cat '${file}'`, '--force']
    expect(await site.configure(args)).toMatchObject({ code: 0, stderr: '' })
    expect(site.read('mailqueue.conf')).toContain('password_command = ')
    await expectItSends(site, {})
  })

  it('is never printed, shown or passed on', async () => {
    const site = await open()
    const all = await Promise.all([
      site.configure(['--verbose', ...WITH_PASSWORD], FROM_STDIN),
      site.configure([...WITH_PASSWORD, '--output=-'], FROM_STDIN),
      site.configure(['--verbose', ...WITH_PASSWORD, `--output=${site.file}2`], {
        stdin: 'wrong-password\n',
      }),
    ])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 69])
    for (const { stdout, stderr } of all) {
      expect(stdout + stderr).not.toMatch(/p;ss|wrong-password/)
      expect(stdout + stderr).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(4, 20))
    }
    expect(all[1].stdout).toMatch(/^# Made by mq-configure/)
    expect(all[1].stdout).toMatch(/^password_file = /m)
  })
})

describe('nothing is written', () => {
  it.each([
    ['a refused password', {}, 69, /535 5\.7\.8 no/],
    ['a server that is busy', { auth: '454 4.7.0 later' }, 75, /454/],
    ['a server without TLS', { extensions: ['AUTH PLAIN'], starttls: '502 5.5.1 no' }, 69, /TLS/],
  ])('for %s, unless it is not tried', async (_title, script, code, why) => {
    const site = await open(script)
    const before = site.names()
    const result = await site.configure(WITH_PASSWORD, { stdin: 'wrong\n' })
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(why)
    expect(result.stderr).toMatch(/nothing was written; --no-check writes without trying\n$/)
    expect(site.names()).toEqual(before)
    expect(await site.configure(['--no-check', ...WITH_PASSWORD], { stdin: 'wrong\n' })).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(site.mode('mailqueue.conf')).toMatch(/^6/)
  })

  const MISSING: readonly (readonly [string, readonly string[], string])[] = [
    ['an address', [], 'name the mail address'],
    ['a password', ['ann@site.example', '--host=localhost'], '--password-file'],
    ['a client', ['ann@gmail.com', '--yes', '--oauth2'], '--oauth2-client-id'],
    ['a yes', ['ann@gmail.com', '--password-file=-'], '--yes'],
    ['a domain', ['ann', '--host=localhost'], 'has no domain'],
    ['a provider that takes mail', ['ann@tuta.io', '--yes'], '--host'],
    ['a known provider', ['ann@site.example', '--provider=Nobody'], '--list'],
    ['sense', ['a@site.example', '--host=x', '--provider=Gmail'], 'exclude each other'],
    ['a real option', ['a@site.example', '--host=x', '--no-login', '--set=smpt_port=2'], 'smtp_port'],
    [
      'discretion',
      ['a@site.example', '--host=x', '--no-login', '--set=smtp_password=x'],
      'everybody can see',
    ],
    ['one line', ['a@site.example', '--host=x', '--no-login', '--from=a\nplugins = x'], 'control character'],
    [
      'a valid value',
      ['a@site.example', '--host=x', '--no-login', '--tls=maybe'],
      'tls = maybe is not valid',
    ],
  ]
  it.each(MISSING)(
    'without %s, and the line on standard error says how to give it',
    async (_t, args, why) => {
      const site = await open()
      const result = await runCommand('mq-configure', [...args, `--output=${site.file}`], {
        stdin: 'pw\n',
        env: { HOME: site.directory },
      })
      expect([64, 65, 69]).toContain(result.code)
      expect(result.stdout).toBe('')
      expect(result.stderr).toMatch(/^mq-configure: [^\n]*\n$/)
      expect(result.stderr).toContain(why)
      expect(site.names()).toEqual([])
    },
  )
})

describe('a file that is there', () => {
  const OLD = '[mailqueue]\nsmtp_hostname = old.example\n'

  it('is never overwritten, and with --force it is kept under another name', async () => {
    const site = await open()
    writeFileSync(site.file, OLD, { mode: 0o640 })
    const refused = await site.configure(WITH_PASSWORD, FROM_STDIN)
    expect(refused).toMatchObject({ code: 64, stdout: '' })
    expect(refused.stderr).toMatch(/exists and is not overwritten; --account=NAME .*--force/)
    expect(site.read('mailqueue.conf')).toBe(OLD)
    writeFileSync(`${site.file}.bak`, 'older', { mode: 0o600 })
    const result = await site.configure(['--force', ...WITH_PASSWORD], FROM_STDIN)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain(`The old one is kept as ${site.file}.bak1\n`)
    expect(site.read('mailqueue.conf.bak1')).toBe(OLD)
    expect([site.read('mailqueue.conf.bak'), site.mode('mailqueue.conf.bak1')]).toEqual(['older', '640'])
    await expectItSends(site, {})
  })

  it('is completed where it names no server, and keeps its mode and every line', async () => {
    const site = await open()
    const before = '# of a package\n[mailqueue]\n'
    const after = '#smtp_hostname = mail.site.example\nexpire = 3d   # ours\n'
    writeFileSync(site.file, before + after, { mode: 0o640 })
    const result = await site.configure(WITH_PASSWORD, FROM_STDIN)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const text = site.read('mailqueue.conf')
    expect([text.startsWith(before), text.endsWith(after)]).toEqual([true, true])
    expect(site.mode('mailqueue.conf')).toBe('640')
    expect(site.read('mailqueue.conf.bak')).toBe(before + after)
    await expectItSends(site, {})
    const again = await site.configure(WITH_PASSWORD, FROM_STDIN)
    expect(again).toMatchObject({ code: 64, stdout: '' })
  })

  it('gets an account at its end with --account, and keeps its mode and what links to it', async () => {
    const site = await open()
    writeFileSync(site.file, `${OLD}queue_dir = ${site.directory}/queue`, { mode: 0o600 })
    const link = join(site.directory, 'link.conf')
    symlinkSync(site.file, link)
    const args = site.args.filter((arg) => !arg.includes('queue_dir'))
    const call = [...args, `--output=${link}`, '--account=work', ...WITH_PASSWORD]
    const result = await runCommand('mq-configure', call, { ...FROM_STDIN, env: { HOME: site.directory } })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain('--account work --to=ann@site.example')
    expect(site.read('mailqueue.conf')).toMatch(
      /^\[mailqueue\]\nsmtp_hostname = old[^]*\n\n\[account work\]\n/,
    )
    expect(site.mode('mailqueue.conf')).toBe('600')
    const sent = await runCommand('mq-sendmail', ['-f', 'ann@site.example', 'one@d.ex'], {
      stdin: M0,
      config: site.file,
    })
    expect(sent).toMatchObject({ code: 0, stderr: '' })
    expect(site.server.transactions).toMatchObject([{ accepted: true }])
    const again = await runCommand('mq-configure', call, { ...FROM_STDIN, env: { HOME: site.directory } })
    expect(again).toMatchObject({ code: 64, stdout: '' })
    expect(again.stderr).toContain('a second time')
  })

  it('that others can read gets no password with an account, but the name of a file that has it', async () => {
    const site = await open()
    writeFileSync(site.file, OLD, { mode: 0o600 })
    chmodSync(site.file, 0o644)
    const args = ['ann@gmx.de', '--yes', '--no-check', '--account=gmx', '--password-file=-']
    const result = await runCommand('mq-configure', [...args, `--output=${site.file}`], FROM_STDIN)
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('GMX takes mail') as string })
    expect(site.names()).toEqual(['mailqueue.conf', 'mailqueue.conf.bak', 'mailqueue.gmx.password'])
    expect([site.mode('mailqueue.conf'), site.mode('mailqueue.gmx.password')]).toEqual(['644', '600'])
    const shown = await runCommand('mq-sendmail', ['--print-config', '--account=gmx'], { config: site.file })
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toContain('force_from = yes')
  })

  it('is needed for --account', async () => {
    const site = await open()
    expect(await site.configure(['--account=work', ...WITH_PASSWORD], FROM_STDIN)).toMatchObject({ code: 78 })
    expect(site.names()).toEqual([])
  })
})

it('says also where nobody can be asked what a login needs', async () => {
  const call = (...args: string[]) =>
    runCommand('mq-configure', ['ann@outlook.com', '--yes', '--no-check', '--output=-', ...args], {})
  expect((await call()).stderr).toBe(
    'mq-configure: Outlook.com takes no passwords from programs: OAuth 2.0 is needed\n',
  )
  expect(await call('--oauth2', '--oauth2-client-id=x')).toMatchObject({ code: 0, stderr: '' })
})

it('--list lists the providers that are known', async () => {
  const { code, stdout, stderr } = await runCommand('mq-configure', ['--list'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^Gmail +smtp\.gmail\.com +465 +at once +app password, OAuth 2\.0 +gmail\.com /m)
  expect(stdout.split('\n').length).toBeGreaterThan(100)
  expect(stdout).not.toContain('Tutanota')
})

it('writes for a provider what differs from the defaults, and nothing else', async () => {
  const site = await open()
  const result = await runCommand('mq-configure', ['ann@gmx.de', '--yes', '--no-check', '--output=-'], {})
  expect(result.code).toBe(0)
  expect(result.stderr).toMatch(/^mq-configure: GMX takes mail from programs once POP3 and IMAP [^\n]*\n$/)
  const lines = result.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines).toEqual([
    '[mailqueue]',
    'smtp_hostname = mail.gmx.com',
    'smtp_username = ann@gmx.de',
    expect.stringMatching(/^password_file = /),
    'from = ann@gmx.de',
    'force_from = yes',
    expect.stringMatching(/^queue_dir = /),
  ])
  expect(site.names()).toEqual([])
})
