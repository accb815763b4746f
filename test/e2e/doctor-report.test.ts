/**
 * What mq-send-test --check says where all is well, who is asked and how, several accounts, and the set-ups that are broken
 * by file permissions or a full disk.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates } from '../helpers/certificates.ts'
import { DOWN, openSite, type Settings } from '../helpers/mail-site.ts'
import { converse, HAS_TERMINAL } from '../helpers/pseudo-terminal.ts'
import { BIN } from '../helpers/run-command.ts'
import type { Script } from '../helpers/scripted-server.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'
import { diagnose, stepOf } from './doctor-site.ts'

let certificates: TestCertificates
beforeAll(() => {
  certificates = makeCertificates()
  return () => certificates.remove()
})

const TO = ['--from=a@s.ex', '--to=one@d.ex']

/** A site where all is well, with TLS and a login. */
function sound(): { readonly settings: Settings; readonly script: Script } {
  return {
    settings: {
      smtp_hostname: 'localhost',
      tls_ca: certificates.ca.certFile,
      smtp_username: 'someone',
      smtp_password: 'hunter2secret',
    },
    script: {
      extensions: ['STARTTLS', 'SIZE 1000000', 'AUTH PLAIN'],
      starttls: '220 go ahead',
      auth: '235 2.7.0 welcome',
      tls: certificates.server,
    },
  }
}

describe('mq-send-test --check, where all is well,', () => {
  it('takes every step, sends nothing and logs in once', async () => {
    const { settings, script } = sound()
    const site = await openSite(settings, script)
    await site.run('mq-run', [])
    const { result, diagnosis } = await diagnose(site, TO)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(diagnosis).toMatchObject({ ok: true, exit: 0 })
    expect(diagnosis).not.toHaveProperty('failed')
    expect(diagnosis.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'configuration ok',
      'smarthost ok',
      'host ok',
      'connection ok',
      'greeting ok',
      'tls ok',
      'extensions ok',
      'login ok',
      'sender ok',
      'recipient ok',
      'dkim skipped',
      'queue ok',
      'contents ok',
      'last-run ok',
      'drop skipped',
      'webhook skipped',
      'aliases ok',
      'clock ok',
    ])
    expect(stepOf(diagnosis, 'tls').facts).toMatchObject({
      protocol: 'TLSv1.3',
      subject: 'localhost',
      issuer: 'authority',
      days_left: 1,
      fingerprint: certificates.server.fingerprint,
      verified: true,
    })
    expect(stepOf(diagnosis, 'tls').warnings).toEqual([expect.stringMatching(/expires in 1 days/)])
    expect(stepOf(diagnosis, 'login').facts).toEqual({ user: 'someone', mechanism: 'PLAIN' })
    expect(stepOf(diagnosis, 'queue').facts).toMatchObject({ directory: site.queueDir, made: true })
    expect(site.server.connections).toBe(1)
    expect(site.server.commands.map((line) => line.replace(/^((?:EHLO|AUTH)) .*/, '$1'))).toEqual([
      'EHLO',
      'STARTTLS',
      'EHLO',
      'AUTH',
      'MAIL FROM:<a@s.ex>',
      'RCPT TO:<one@d.ex>',
      'RSET',
      'QUIT',
    ])
    expect(site.queue()).toEqual([])
  })

  it('says so in lines without colours, and asks nobody about an envelope without --to', async () => {
    const site = await openSite()
    const result = await site.run('mq-send-test', ['--check'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^ok {7}smarthost {6}smtp:\/\/127\.0\.0\.1:\d+$/m)
    expect(result.stdout).toMatch(/^skipped {2}sender {9}no recipient was named with --to$/m)
    expect(result.stdout).not.toContain('\x1b')
    expect(site.server.commands.filter((line) => /^(MAIL|RCPT|DATA)/.test(line))).toEqual([])
    // A queue that was never needed is not made by looking.
    expect(site.queue()).toEqual([])
    expect(spawnSync('ls', [site.queueDir]).status).not.toBe(0)
  })

  it.runIf(HAS_TERMINAL)('has colours on a terminal, and none with NO_COLOR', async () => {
    const site = await openSite()
    const command = `'${process.execPath}' '${join(BIN, 'mq-send-test')}' --check`
    const env = { MAILQUEUE_CONF: site.config, TERM: 'xterm', NODE_OPTIONS: '' }
    const shown = await converse(command, [], { ...env, NO_COLOR: '' })
    expect(shown.screen).toContain('\x1b[32mok       \x1b[0msmarthost')
    const plain = await converse(command, [], { ...env, NO_COLOR: '1' })
    expect(plain.screen).toMatch(/^ok {7}smarthost/m)
    expect(plain.screen).not.toContain('\x1b')
  })

  it('prints nothing with --quiet', async () => {
    const site = await openSite()
    expect(await site.run('mq-send-test', ['--check', '--quiet'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })

  it('shows the dialogue with --verbose, without secrets', async () => {
    const { settings, script } = sound()
    const site = await openSite(settings, script)
    const result = await site.run('mq-send-test', ['--check', '--verbose', ...TO])
    expect(result.code, result.stderr).toBe(0)
    expect(result.stderr).toContain('C: MAIL FROM:<a@s.ex>')
    expect(result.stderr).toContain('C: AUTH PLAIN ***')
    const shown = result.stdout + result.stderr
    for (const secret of ['hunter2secret', Buffer.from('\0someone\0hunter2secret').toString('base64')])
      expect(shown).not.toContain(secret)
  })
})

describe('mq-send-test --check', () => {
  it('looks at queue and aliases although the server cannot be reached, and tells the first fault', async () => {
    const site = await openSite(DOWN)
    site.write('aliases', 'one: two\ntwo: one\n')
    const { result, diagnosis } = await diagnose(site, TO)
    expect(result.code).toBe(75)
    expect(diagnosis.failed).toBe('connection')
    expect(stepOf(diagnosis, 'login').state).toBe('skipped')
    expect(stepOf(diagnosis, 'queue').state).toBe('ok')
    expect(stepOf(diagnosis, 'aliases').state).toBe('failed')
    const quiet = await site.run('mq-send-test', ['--check', '--quiet'])
    expect(quiet.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^mq-send-test: connection: /),
      expect.stringMatching(/^mq-send-test: aliases: /),
    ])
  })

  it('has no note about TLS for a server behind a socket, which nobody can listen to', async () => {
    const site = await openSite({ smtp_hostname: undefined, smtp_port: undefined, socket: 'smtp.sock' })
    const door = createServer((client) => void client.pipe(connect(site.server.port)).pipe(client))
    await new Promise<void>((resolve) => door.listen(join(site.directory, 'smtp.sock'), resolve))
    onTestFinished(() => void door.close())
    const { result, diagnosis } = await diagnose(site)
    expect(result.code).toBe(0)
    expect(diagnosis.steps.find(({ step }) => step === 'tls')).toMatchObject({ state: 'ok', warnings: [] })
  })

  it('warns of a configuration with a password that others can read', async () => {
    const site = await openSite({
      smtp_username: 'u',
      smtp_password: 'hunter2secret',
      tls: 'off',
      insecure_auth: 'yes',
    })
    chmodSync(site.config, 0o644)
    const { diagnosis } = await diagnose(site)
    expect(stepOf(diagnosis, 'configuration').warnings).toEqual([
      expect.stringMatching(/holds a password and others can read it/),
    ])
  })

  it('tells that a server is left alone for a while, and that one recipient of two is refused', async () => {
    const site = await openSite(
      {},
      { mail: ({ line }) => (line.includes('bad@') ? '550 5.7.1 no' : undefined) },
    )
    const { diagnosis } = await diagnose(site, ['--from=a@s.ex', '--to=one@d.ex, reject@d.ex'])
    expect(stepOf(diagnosis, 'recipient')).toMatchObject({
      state: 'failed',
      facts: { recipient: 'reject@d.ex' },
    })
    site.configure(DOWN)
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: 'Subject: s\n\nbody\n' })
    const after = await diagnose(site)
    expect(stepOf(after.diagnosis, 'last-run').warnings?.join('\n')).toMatch(
      /the account default is left alone for a while: /,
    )
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it('says that nothing leaves this machine, with deliver = discard', async () => {
    const site = await openSite({ deliver: 'discard' })
    const { result, diagnosis } = await diagnose(site, TO)
    expect(result.code).toBe(0)
    expect(stepOf(diagnosis, 'smarthost').warnings?.[0]).toMatch(/no mail leaves this machine/)
    expect(stepOf(diagnosis, 'host').state).toBe('skipped')
    expect(site.server.connections).toBe(0)
  })

  it.each([
    { args: [], words: /--to is missing/ },
    { args: ['--to=one@d.ex', '--via=pigeon'], words: /--via takes queue/ },
    { args: ['--check', '--via=queue'], words: /--via means nothing/ },
    { args: ['--check', '--account=a', '--all-accounts'], words: /exclude each other/ },
  ])('is not what $args means', async ({ args, words }) => {
    const site = await openSite()
    const result = await site.run('mq-send-test', args)
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(words)
    expect(site.server.connections).toBe(0)
  })
})

describe('several accounts', () => {
  const more = (port: number): string =>
    `[account other]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${port}\n[account down]\nsmtp_port = 1\n`

  it('are examined one after the other with --all-accounts, what they share once', async () => {
    const site = await openSite()
    writeFileSync(site.config, more(site.server.port), { flag: 'a' })
    const { result, diagnosis } = await diagnose(site, ['--all-accounts'])
    expect(result.code).toBe(75)
    expect(result.stderr).toMatch(/^mq-send-test: account down, connection: /)
    const states = diagnosis.steps.filter(({ step }) => step === 'connection')
    expect(states.map(({ account, state }) => [account, state])).toEqual([
      ['default', 'ok'],
      ['other', 'ok'],
      ['down', 'failed'],
    ])
    for (const shared of ['configuration', 'queue', 'last-run', 'aliases'])
      expect(diagnosis.steps.filter(({ step }) => step === shared)).toHaveLength(1)
  })

  it('are told in columns, also when the names are long', async () => {
    const site = await openSite()
    writeFileSync(site.config, more(site.server.port), { flag: 'a' })
    const { stdout } = await site.run('mq-send-test', ['--check', '--all-accounts'])
    expect(stdout).toMatch(/^ok {7}default smarthost {2}smtp:/m)
    expect(stdout).toMatch(/^ok {7}other connection {2}127/m)
  })

  it('are chosen with --account, and one that is not there is named', async () => {
    const site = await openSite()
    writeFileSync(site.config, more(site.server.port), { flag: 'a' })
    expect((await diagnose(site, ['--account=other'])).result.code).toBe(0)
    const wrong = await site.run('mq-send-test', ['--check', '--account=othr'])
    expect(wrong.code).toBe(78)
    expect(wrong.stderr).toMatch(/there is no account "?othr"?/)
  })
})

const nobody = 65534

describe.runIf(canRunWithoutRoot())('without permission', () => {
  it('to read the configuration, the first step fails', async () => {
    const site = await openSite()
    chmodSync(site.directory, 0o755)
    chmodSync(site.config, 0o000)
    const { result, diagnosis } = await diagnose(site, [], { env: WITHOUT_ROOT })
    expect(result.code).toBe(78)
    expect(diagnosis.failed).toBe('configuration')
    expect(stepOf(diagnosis, 'configuration')).toMatchObject({ remedy: 'check owner and mode of the file' })
  })

  it('to write the queue, the step queue fails', async () => {
    const site = await openSite()
    await site.run('mq-run', [])
    chmodSync(site.directory, 0o755)
    chmodSync(site.config, 0o644)
    chmodSync(join(site.directory, 'aliases'), 0o644)
    if (process.getuid?.() === 0) chownSync(site.config, nobody, nobody)
    chmodSync(site.queueDir, 0o755)
    chmodSync(join(site.queueDir, 'tmp'), 0o500)
    const { result, diagnosis } = await diagnose(site, [], { env: WITHOUT_ROOT })
    expect(result.code).toBe(78)
    expect(diagnosis.failed).toBe('queue')
    expect(stepOf(diagnosis, 'queue').remedy).toBe('check owner and mode')
    chmodSync(join(site.queueDir, 'tmp'), 0o700)
  })
})

/** A small file system in memory; undefined where nothing can be mounted. */
function smallDisk(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-disk-'))
  const mounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'mailqueue-doctor', directory]).status === 0
  onTestFinished(() => {
    if (mounted) spawnSync('umount', ['--lazy', directory])
    rmdirSync(directory)
  })
  return mounted ? directory : undefined
}

describe('a full disk', () => {
  it('fails the step queue, and is what may pass by itself', async ({ skip }) => {
    const disk = smallDisk()
    if (disk === undefined) skip('nothing can be mounted here (needs root)')
    const queue = join(String(disk), 'queue')
    for (const folder of ['', 'tmp', 'new', 'cur']) mkdirSync(join(queue, folder), { mode: 0o700 })
    const { bavail, bsize } = statfsSync(queue)
    writeFileSync(join(String(disk), 'ballast'), Buffer.alloc(bavail * bsize))
    const site = await openSite({ queue_dir: queue })
    const { result, diagnosis } = await diagnose(site)
    expect(result.code).toBe(75)
    expect(diagnosis.failed).toBe('queue')
    expect(stepOf(diagnosis, 'queue')).toMatchObject({ remedy: 'free some and try again' })
  })
})
