/**
 * What other queues get wrong, one test for each wrong, named after it. The real commands do the real thing; the
 * programs that have the fault are in parentheses.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { inShort, namesIn, queueContents, storedIn } from '../helpers/queue-dir.ts'
import { M0, M0_WIRE, openSite, queuedText, type MailSite } from '../helpers/mail-site.ts'
import { startCommand } from '../helpers/run-command.ts'

const CRASH_POINT = fileURLToPath(new URL('../helpers/crash-point.cjs', import.meta.url))

const queue = (site: MailSite, ...recipients: string[]) =>
  site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', ...recipients], { stdin: M0 })
const runAll = (site: MailSite, env: Record<string, string> = {}) => site.run('mq-run', ['--all'], { env })
const took = (site: MailSite): string[] => site.received.flatMap(({ rcptTo }) => rcptTo).sort()

/** The one file of a folder, as the file system knows it. */
function fileIn(site: MailSite, folder: string) {
  const [name = '', ...others] = namesIn(site.queueDir, folder)
  expect(others).toEqual([])
  const path = join(site.queueDir, folder, name)
  const { ino, mtimeMs, size } = statSync(path)
  return { ino, mtimeMs, size, bytes: readFileSync(path) }
}

/** Names of the file operations in the queue that a command made. */
async function operationsOf(site: MailSite, name: string, args: readonly string[]): Promise<string[]> {
  const log = join(site.directory, 'operations')
  const env = {
    NODE_OPTIONS: `--require ${CRASH_POINT}`,
    MQ_TEST_CRASH_DIR: site.queueDir,
    MQ_TEST_CRASH_LOG: log,
  }
  expect((await site.run(name, args, { stdin: M0, env })).code).toBe(0)
  return readFileSync(log, 'utf8').trimEnd().split('\n')
}

describe('what others get wrong', () => {
  it('rewriting the whole file in place on retry, unsynced: a torn message after a crash (mailqueue-runner)', async () => {
    const site = await openSite()
    await queue(site, 'defer@d.ex')
    const before = fileIn(site, 'new')
    for (let turn = 0; turn < 3; turn += 1) expect((await runAll(site)).code).toBe(75)
    expect(fileIn(site, 'new')).toEqual(before)
    expect(queueContents(site.queueDir)).toEqual({ new: ['defer@d.ex=deferred'] })
  })

  it('one truncated file stops every later run (mailqueue-runner)', async () => {
    const site = await openSite()
    site.place('1.M1P1Q1.h', queuedText('torn@d.ex', 'Sat, 21 Nov 2026 20:12:00 +0000').slice(0, 60))
    await queue(site, 'one@d.ex')
    for (let turn = 0; turn < 2; turn += 1) await runAll(site)
    expect(took(site)).toEqual(['one@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({
      corrupt: ['1.M1P1Q1.h', expect.stringMatching(/\.reason$/)],
    })
  })

  it('<> is read back as > (mailqueue-runner)', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', '<>', 'one@d.ex'], { stdin: M0 })
    expect(readFileSync(join(site.queueDir, 'new', namesIn(site.queueDir, 'new')[0] ?? ''), 'utf8')).toMatch(
      /^Return-path: <>\r\n/,
    )
    await runAll(site)
    expect(site.received.map(({ mailFrom }) => mailFrom)).toEqual([''])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('no fsync of the directory: the name is gone after a power cut (all but nullmailer and Exim)', async () => {
    const site = await openSite()
    await queue(site, 'first@d.ex')
    const operations = await operationsOf(site, 'mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'])
    const commit = operations.indexOf('renameSync')
    // The file before the rename, the folder after it; the exit code came after both.
    expect(operations.slice(0, commit)).toContain('fsync')
    expect(operations.slice(commit)).toEqual(['renameSync', 'open', 'fsync', 'close'])
    expect(queueContents(site.queueDir)).toEqual({ new: ['first@d.ex=pending', 'one@d.ex=pending'] })
  })

  it('a stale lock after kill -9 that needs a human (msmtpq)', async () => {
    let arrive = (): void => undefined
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    let first = true
    const site = await openSite(
      {},
      {
        mail: () => {
          if (!first) return undefined
          first = false
          arrive()
          return { just: 'stall' }
        },
      },
    )
    await queue(site, 'one@d.ex')
    const victim = startCommand('mq-run', [], { config: site.config })
    await arrived
    victim.child.kill('SIGKILL')
    expect((await victim.result).signal).toBe('SIGKILL')
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(took(site)).toEqual(['one@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('partial refusals are silently lost (Zope, repoze)', async () => {
    const site = await openSite({ bounce: 'dsn' })
    await queue(site, 'one@d.ex', 'reject@d.ex', 'defer@d.ex')
    expect((await runAll(site)).code).toBe(75)
    expect(storedIn(site.queueDir, 'new').map(inShort).sort()).toEqual([
      'a@s.ex=pending',
      'one@d.ex=delivered reject@d.ex=failed defer@d.ex=deferred',
    ])
    await runAll(site)
    const [report] = site.received.filter(({ mailFrom }) => mailFrom === '')
    expect(report?.rcptTo).toEqual(['a@s.ex'])
    expect(report?.data.toString()).toContain('reject@d.ex')
    expect(took(site)).toEqual(['a@s.ex', 'one@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({
      new: ['one@d.ex=delivered reject@d.ex=failed defer@d.ex=deferred'],
    })
  })

  it('a wrong SMTP password moves mail to "rejected" (Zope), bounces it (dma) or counts as its failure', async () => {
    const login = { smtp_username: 'u', smtp_password: 'wrong', insecure_auth: 'yes', tls: 'off' }
    const site = await openSite(
      { ...login, bounce: 'dsn', expire: '1s' },
      { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 authentication failed' },
    )
    await queue(site, 'one@d.ex')
    const before = namesIn(site.queueDir, 'new')
    for (let turn = 0; turn < 3; turn += 1) expect((await runAll(site)).code).toBe(75)
    expect(namesIn(site.queueDir, 'new')).toEqual(before)
    expect(site.server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(3)
    expect(namesIn(site.queueDir, 'state')).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=pending'] })
  })

  it('duplicate delivery when two workers overlap (genro-mail-proxy, django-post_office)', async () => {
    const site = await openSite()
    const recipients = Array.from({ length: 40 }, (_, place) => `r${String(place).padStart(2, '0')}@d.ex`)
    await queue(site, 'warm@d.ex')
    await runAll(site)
    for (const recipient of recipients) await queue(site, recipient)
    const runs = await Promise.all([1, 2, 3].map(() => site.run('mq-run', ['--force'])))
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(took(site)).toEqual([...recipients, 'warm@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('a retry that changes the stored message, so the next attempt fails (genro-mail-proxy)', async () => {
    let refuse = true
    const site = await openSite({}, { dot: () => (refuse ? '451 4.3.0 later' : undefined) })
    await queue(site, 'one@d.ex')
    for (let turn = 0; turn < 2; turn += 1) await runAll(site)
    refuse = false
    expect((await runAll(site)).code).toBe(0)
    const sent = site.server.transactions.map(({ data }) => data.toString('latin1'))
    expect(sent).toEqual([M0_WIRE, M0_WIRE, M0_WIRE])
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
