/**
 * mq-run: what it delivers, when it tries again, when it gives up, and what it tells cron.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, queuedText, type MailSite } from '../helpers/mail-site.ts'
import { startCommand } from '../helpers/run-command.ts'

const CRASH_POINT = fileURLToPath(new URL('../helpers/crash-point.cjs', import.meta.url))
const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const RECENT = new Date().toUTCString().replace('GMT', '+0000')
const PLUGIN = fileURLToPath(new URL('../fixtures/plugins/give-up-after-ten.mjs', import.meta.url))

async function enqueue(site: MailSite, ...recipients: string[]): Promise<void> {
  const result = await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', ...recipients], { stdin: M0 })
  expect(result).toEqual(QUIET)
}

const seconds = (): number => Math.floor(Date.now() / 1000)
const rcpts = (site: MailSite): (readonly string[])[] => site.received.map(({ rcptTo }) => rcptTo)

describe('a run', () => {
  it('delivers everything that is due, byte for byte, without a word', async () => {
    const site = await openSite()
    await enqueue(site, 'one@d.ex')
    await enqueue(site, 'two@d.ex', 'three@d.ex')
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(rcpts(site).sort()).toEqual([['one@d.ex'], ['two@d.ex', 'three@d.ex']])
    expect(site.received.map(({ mailFrom, data }) => [mailFrom, data.toString()])).toEqual([
      ['a@s.ex', M0_WIRE],
      ['a@s.ex', M0_WIRE],
    ])
    expect(site.queue()).toEqual([])
    expect(readdirSync(join(site.queueDir, 'state'))).toEqual([])
    expect(readdirSync(join(site.queueDir, 'runners'))).toEqual([])
  })

  it('is content with an empty queue, and with one that was never made', async () => {
    const site = await openSite()
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.server.connections).toBe(0)
  })

  it('puts off what the server defers: 75, and the next attempt is 48 to 72 seconds away', async () => {
    const site = await openSite()
    await enqueue(site, 'defer@d.ex')
    const before = seconds()
    expect(await site.run('mq-run', [])).toEqual({ ...QUIET, code: 75 })
    const after = seconds()
    const [queued] = site.queued()
    expect(site.queue()).toEqual(['new defer@d.ex=deferred'])
    expect(queued?.nextAttempt).toBeGreaterThanOrEqual(before + 48)
    expect(queued?.nextAttempt).toBeLessThanOrEqual(after + 73)
    expect(queued?.message).toBe(M0_WIRE)
  })

  it('leaves alone what is not due, unless told to try all; the second wait is three times as long', async () => {
    const site = await openSite()
    await enqueue(site, 'defer@d.ex')
    await site.run('mq-run', [])
    const names = site.queued().map(({ name }) => name)
    const connections = site.server.connections
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.server.connections).toBe(connections)
    expect(site.queued().map(({ name }) => name)).toEqual(names)
    const before = seconds()
    expect(await site.run('mq-run', ['--all'])).toEqual({ ...QUIET, code: 75 })
    const [queued] = site.queued()
    expect(queued?.nextAttempt).toBeGreaterThanOrEqual(before + 144)
    expect(queued?.nextAttempt).toBeLessThanOrEqual(seconds() + 217)
  })

  it('sends again only to those who have not got the message', async () => {
    const site = await openSite()
    await enqueue(site, 'one@d.ex', 'defer@d.ex')
    expect((await site.run('mq-run', [])).code).toBe(75)
    expect((await site.run('mq-run', ['--all'])).code).toBe(75)
    expect(rcpts(site)).toEqual([['one@d.ex']])
    expect(site.queue()).toEqual(['new one@d.ex=delivered defer@d.ex=deferred'])
  })

  it('passes over a message that the disk cannot read, delivers the others and says so', async () => {
    const site = await openSite()
    await enqueue(site, 'bad@d.ex')
    await enqueue(site, 'good@d.ex')
    const env = {
      NODE_OPTIONS: `--require ${CRASH_POINT}`,
      MQ_TEST_CRASH_DIR: join(site.queueDir, 'cur'),
      MQ_TEST_CRASH_AT: '1',
      MQ_TEST_CRASH_HOW: 'EIO',
      MQ_TEST_CRASH_OPS: '^readSync$',
    }
    const { code, stderr } = await site.run('mq-run', [], { env })
    expect(code).toBe(75)
    expect(stderr).toMatch(/^mq-run: a message was passed over: [^\n]*input\/output error[^\n]*\n$/)
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toHaveLength(1)
    expect(site.queue()[0]).toMatch(/^new (bad|good)@d\.ex$/)
  })

  it('keeps what fails in failed/, ends with 69 and says so in one line', async () => {
    const site = await openSite()
    await enqueue(site, 'reject@d.ex')
    await enqueue(site, 'defer@d.ex')
    await enqueue(site, 'one@d.ex')
    const result = await site.run('mq-run', [])
    expect(result).toMatchObject({ code: 69, stdout: '' })
    expect(result.stderr).toMatch(/^mq-run: 1 message[^\n]*failed\/[^\n]*\n$/)
    expect(site.queue()).toEqual(['new defer@d.ex=deferred', 'failed reject@d.ex=failed'])
    expect(rcpts(site)).toEqual([['one@d.ex']])
    expect(site.queued()[1]?.message).toBe(M0_WIRE)
  })

  it('touches nothing while the server is down, and is quiet about it in cron', async () => {
    const site = await openSite(DOWN)
    await enqueue(site, 'one@d.ex')
    await enqueue(site, 'two@d.ex')
    const names = site.queued().map(({ name }) => name)
    expect(await site.run('mq-run', [])).toEqual({ ...QUIET, code: 75 })
    expect(site.queued().map(({ name }) => name)).toEqual(names)
    site.configure({})
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(rcpts(site).sort()).toEqual([['one@d.ex'], ['two@d.ex']])
  })

  it('gives up a message of more than five days that is deferred once more', async () => {
    const site = await openSite()
    site.place('1700000000.M1P2Q3.host', queuedText('defer@d.ex', 'Tue, 14 Nov 2023 22:13:20 +0000'))
    site.place('1700000001.M1P2Q4.host', queuedText('one@d.ex', 'Tue, 14 Nov 2023 22:13:20 +0000'))
    const result = await site.run('mq-run', [])
    expect(result).toMatchObject({ code: 69, stdout: '' })
    expect(result.stderr).toMatch(/^mq-run: 1 message[^\n]*\n$/)
    expect(site.queue()).toEqual(['failed defer@d.ex=expire'])
    expect(rcpts(site)).toEqual([['one@d.ex']])
  })

  it('follows the configured schedule and expiry', async () => {
    const site = await openSite({ retry: '10m 20m', expire: '1d' })
    await enqueue(site, 'defer@d.ex')
    const twoDays = new Date(Date.now() - 48 * 3_600_000).toUTCString().replace('GMT', '+0000')
    site.place(`${seconds() - 48 * 3600}.M1P2Q3.host`, queuedText('defer-old@d.ex', twoDays))
    const before = seconds()
    expect((await site.run('mq-run', [])).code).toBe(69)
    expect(site.queue()).toEqual(['new defer@d.ex=deferred', 'failed defer-old@d.ex=expire'])
    expect(site.queued()[0]?.nextAttempt).toBeGreaterThanOrEqual(before + 480)
    expect(site.queued()[0]?.nextAttempt).toBeLessThanOrEqual(seconds() + 721)
  })

  it('says what it did with --verbose, on standard error', async () => {
    const site = await openSite()
    await enqueue(site, 'one@d.ex')
    await enqueue(site, 'defer@d.ex')
    const result = await site.run('mq-run', ['--verbose'])
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toMatch(/^mq-run: 1 delivered, 1 deferred; mq-queue list says why$/m)
    expect(result.stderr).toMatch(/RCPT TO:<one@d\.ex>/)
  })
})

describe('another runner', () => {
  it('at work on the queue is left to its work, with 0; --force runs beside it', async () => {
    let answer = (): void => undefined
    const answered = new Promise<void>((resolve) => (answer = resolve))
    let arrived = (): void => undefined
    const waiting = new Promise<void>((resolve) => (arrived = resolve))
    const site = await openSite(
      {},
      {
        dot: ({ transaction }) => {
          if (transaction !== 1) return undefined
          arrived()
          return { after: answered, reply: '250 2.0.0 Ok: queued as LATE' }
        },
      },
    )
    await enqueue(site, 'one@d.ex')
    const first = startCommand('mq-run', [], { config: site.config })
    await waiting
    await enqueue(site, 'two@d.ex')
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    const verbose = await site.run('mq-run', ['-v'])
    expect(verbose).toMatchObject({ code: 0, stdout: '' })
    expect(verbose.stderr).toMatch(/^mq-run: another runner is at work[^\n]*--force[^\n]*\n$/)
    expect(site.server.transactions).toHaveLength(1)
    expect(await site.run('mq-run', ['--force'])).toEqual(QUIET)
    expect(site.server.transactions.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex'], ['two@d.ex']])
    answer()
    expect(await first.result).toEqual(QUIET)
    expect(site.queue()).toEqual([])
    expect(site.server.transactions).toHaveLength(2)
  })
})

describe('the queue of a run', () => {
  it('may be named; one that does not exist is an error and is not made', async () => {
    const site = await openSite()
    await enqueue(site, 'one@d.ex')
    site.configure({ queue_dir: undefined })
    const missing = join(site.directory, 'missing')
    const wrong = await site.run('mq-run', [missing])
    expect(wrong).toMatchObject({ code: 66, stdout: '' })
    expect(wrong.stderr).toMatch(/^mq-run: the queue directory [^\n]*missing does not exist[^\n]*\n$/)
    expect(existsSync(missing)).toBe(false)
    expect(await site.run('mq-run', [site.queueDir])).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['one@d.ex']])
  })

  it.each([
    ['no queue', { queue_dir: undefined }, /queue_dir/],
    ['no smarthost', { smtp_hostname: undefined }, /smtp_hostname/],
  ])('and the smarthost have to be configured: %s is 78', async (_, settings, words) => {
    const site = await openSite(settings)
    const result = await site.run('mq-run', [])
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(/^mq-run: [^\n]+\n$/)
    expect(result.stderr).toMatch(words)
  })
})

describe('plug-ins', () => {
  it('can give a message up after ten failed attempts', async () => {
    const site = await openSite()
    // A checkout may be writable by a group; such a plug-in would be refused.
    site.configure({ plugins: site.write('give-up.mjs', readFileSync(PLUGIN)) })
    const name = (n: number): string => `${seconds() - 9000 + n}.M1P2Q${n}.host`
    site.place(name(1), queuedText('defer-ten@d.ex', RECENT, ['X-Retries: 10']))
    site.place(name(2), queuedText('defer-nine@d.ex', RECENT, ['X-Retries: 9']))
    site.place(name(3), queuedText('one@d.ex', RECENT, ['X-Retries: 50']))
    expect(await site.run('mq-run', [])).toEqual({ ...QUIET, code: 75 })
    expect(site.queue()).toEqual(['new defer-nine@d.ex=deferred'])
    expect(rcpts(site)).toEqual([['one@d.ex']])
  })

  it('that cannot be loaded are complained about and stop no mail', async () => {
    const site = await openSite({ plugins: '/nonexistent/plugin.mjs' })
    const sent = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(sent).toMatchObject({ code: 0, stdout: '' })
    expect(sent.stderr).toMatch(/^mq-sendmail: [^\n]*\/nonexistent\/plugin\.mjs[^\n]*\n$/)
    expect(rcpts(site)).toEqual([['one@d.ex']])
  })
})

describe('the text logs', () => {
  it('get one line for what was queued and one for what was delivered', async () => {
    const site = await openSite()
    const logs = {
      delivery_log: join(site.directory, 'delivery.log'),
      queue_log: join(site.directory, 'queue.log'),
    }
    site.configure({ ...logs, ...DOWN })
    await enqueue(site, 'one@d.ex', 'two@d.ex')
    const line = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ a@s\.ex => one@d\.ex, two@d\.ex <m0@s\.ex>\n$/
    expect(readFileSync(logs.queue_log, 'utf8')).toMatch(line)
    expect(existsSync(logs.delivery_log)).toBe(false)
    site.configure(logs)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(readFileSync(logs.delivery_log, 'utf8')).toMatch(line)
    await site.run('mq-sendmail', ['-f', '', 'three@d.ex'], { stdin: M0 })
    expect(readFileSync(logs.delivery_log, 'utf8').split('\n')[1]).toMatch(/Z <> => three@d\.ex <m0@s\.ex>$/)
    expect(readFileSync(logs.queue_log, 'utf8')).toMatch(line)
  })
})
