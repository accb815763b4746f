/**
 * What a caller can ask of the queue for one message, and what an administrator can ask for a batch; and what the limits of
 * an account mean to who hands in mail: on the real commands.
 */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { diagnose, stepOf } from './doctor-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const send = (site: MailSite, ...args: string[]) => site.run('mq-sendmail', args, { stdin: M0 })
const taken = ({ server }: MailSite): string[] => server.transactions.flatMap(({ rcptTo }) => rcptTo)
const kept = (site: MailSite): string[] =>
  site.queued().map(({ folder, recipients }) => `${folder} ${recipients.join(',')}`)

describe('a batch that is suspended', () => {
  it('waits, whatever is handed in, and goes when it is active again; other mail goes on', async () => {
    const site = await openSite()
    expect(await send(site, '-odq', '--batch', 'news', 'one@d.ex')).toEqual(QUIET)
    expect((await site.run('mq-queue', ['suspend', '--batch', 'news'])).code).toBe(0)
    expect((await send(site, '--batch', 'news', 'two@d.ex')).code).toBe(0)
    expect(await send(site, 'other@d.ex')).toEqual(QUIET)
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)
    expect(taken(site)).toEqual(['other@d.ex'])
    expect(kept(site).toSorted()).toEqual(['hold one@d.ex', 'hold two@d.ex'])

    expect((await site.run('mq-queue', ['suspend', '--list'])).stdout).toContain('news')
    expect((await site.run('mq-queue', ['activate', '--batch', 'news'])).code).toBe(0)
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)
    expect(taken(site).toSorted()).toEqual(['one@d.ex', 'other@d.ex', 'two@d.ex'])
    expect(kept(site)).toEqual([])
  })

  it('is all mail when all sending is', async () => {
    const site = await openSite()
    expect(await send(site, '-odq', 'one@d.ex')).toEqual(QUIET)
    expect((await site.run('mq-queue', ['suspend', 'ALL'])).code).toBe(0)
    expect((await send(site, 'two@d.ex')).code).toBe(0)
    expect((await site.run('mq-run', ['--all'])).code).toBe(75)
    expect(taken(site)).toEqual([])
    expect(kept(site).toSorted()).toEqual(['new one@d.ex', 'new two@d.ex'])
    expect((await site.run('mq-queue', ['activate', 'ALL'])).code).toBe(0)
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)
    expect(taken(site).toSorted()).toEqual(['one@d.ex', 'two@d.ex'])
    expect(kept(site)).toEqual([])
  })
})

describe('what is suspended', () => {
  it('is shown by list, show, stats and check, before a run has met a message of it', async () => {
    const site = await openSite()
    expect(await send(site, '-odq', '--batch', 'news', 'one@d.ex')).toEqual(QUIET)
    expect(await send(site, '-odq', 'two@d.ex')).toEqual(QUIET)
    const queue = async (...args: string[]) => (await site.run('mq-queue', args)).stdout
    const held = async (): Promise<unknown[]> =>
      (await queue('list', '--json'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { held?: string }).held ?? '')
    await queue('suspend', '--batch', 'news')
    expect(await queue('list')).toContain('(the batch news is suspended)\n')
    expect((await held()).toSorted()).toEqual(['', 'the batch news is suspended'])
    expect(await queue('stats')).toContain('\nSuspended: the batch news\n')
    expect(await site.run('mq-queue', ['check'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/OK - 2 messages wait, .*; suspended: the batch news \|/) as string,
    })
    await queue('suspend', 'ALL')
    expect((await queue('list')).match(/\(all sending is suspended\)\n/g)).toHaveLength(2)
    expect(await held()).toEqual(Array(2).fill('all sending is suspended'))
    expect(JSON.parse(await queue('stats', '--json'))).toMatchObject({
      suspended: { all: true, batches: ['news'] },
    })
    const [id = ''] = (await queue('list')).split('\n').flatMap((line) => /^\w{6,}/.exec(line) ?? [])
    expect(await queue('show', id)).toMatch(/^Held because: +all sending is suspended$/m)
    expect(await site.run('mq-queue', ['check'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('WARNING - suspended: all sending |') as string,
    })
    await queue('activate', 'ALL')
    expect(await held()).toEqual(['', ''])
    expect(await queue('stats')).not.toContain('Suspended')
    expect(kept(site).toSorted()).toEqual(['new one@d.ex', 'new two@d.ex'])
  })
})

describe('a message', () => {
  it('with a time is not sent before, and the more urgent one goes first', async () => {
    const site = await openSite()
    expect((await send(site, '--send-at', '+1h', 'later@d.ex')).code).toBe(0)
    expect(await send(site, '-odq', 'usual@d.ex')).toEqual(QUIET)
    expect(await send(site, '-odq', '--priority', '0', 'urgent@d.ex')).toEqual(QUIET)
    const letter = { stdin: 'text\n' }
    expect((await site.run('mq-mail', ['--priority=9', '--send-at=+2h', 'last@d.ex'], letter)).code).toBe(0)
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)
    expect(taken(site)).toEqual(['urgent@d.ex', 'usual@d.ex'])
    expect(kept(site).toSorted()).toEqual(['new last@d.ex', 'new later@d.ex'])
  })

  it.each([
    [['--priority', '10'], 'priority'],
    [['--send-at', 'noon-ish'], 'send-at'],
    [['--expire', '-1h'], 'expire'],
  ])('with %s is refused with 64, and nothing is done', async (args, word) => {
    const site = await openSite()
    const { code, stderr } = await send(site, ...args, 'one@d.ex')
    expect(code).toBe(64)
    expect(stderr).toContain(word)
    expect(taken(site)).toEqual([])
    expect(kept(site)).toEqual([])
  })
})

describe('a time without a zone', () => {
  /** The last Sunday of March, when clocks in Europe go forward from 2:00 to 3:00. */
  const year = new Date().getUTCFullYear() + 1
  const sunday = 31 - new Date(Date.UTC(year, 2, 31)).getUTCDay()

  it.each([
    [`${year}-03-${sunday} 01:30`, Date.UTC(year, 2, sunday, 0, 30)],
    [`${year}-03-${sunday} 02:30`, Date.UTC(year, 2, sunday, 1, 30)],
    [`${year}-03-${sunday} 03:30`, Date.UTC(year, 2, sunday, 1, 30)],
  ])('%s is that of the clock on the wall, also in the hour that is left out', async (text, time) => {
    const site = await openSite()
    const env = { TZ: 'Europe/Berlin' }
    const args = ['--send-at', text, 'one@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: M0, env })).toEqual(QUIET)
    const { stdout } = await site.run('mq-queue', ['list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ not_before: time / 1000 })
    expect(kept(site)).toEqual(['new one@d.ex'])
  })
})

describe('mail above the limit of its account', () => {
  it.each([
    ['defer', 0, ['new two@d.ex']],
    ['hold', 0, ['hold two@d.ex']],
    ['reject', 75, []],
  ])('with on_limit = %s ends with %d and is kept as %s', async (action, code, queue) => {
    const site = await openSite({ limit_per_hour: '1', on_limit: action })
    expect(await send(site, 'one@d.ex')).toEqual(QUIET)
    expect((await send(site, 'two@d.ex')).code).toBe(code)
    expect(kept(site)).toEqual(queue)
    await site.run('mq-run', ['--all'])
    expect(taken(site)).toEqual(['one@d.ex'])
    expect(kept(site)).toEqual(queue)
  })
})

describe('the limits of an account', () => {
  it('are shown by the doctor, with the time at which there is room again', async () => {
    const site = await openSite({ limit_per_minute: '9', limit_per_hour: '2' })
    const look = async () => stepOf((await diagnose(site)).diagnosis, 'smarthost')
    expect(await look()).toMatchObject({ facts: { limits: ['limit_per_minute 0/9', 'limit_per_hour 0/2'] } })
    expect(await send(site, 'one@d.ex')).toEqual(QUIET)
    expect(await look()).toMatchObject({
      state: 'ok',
      says: expect.stringMatching(/, limit_per_minute 1\/9, limit_per_hour 1\/2$/) as string,
      warnings: [],
    })
    expect(await send(site, 'two@d.ex')).toEqual(QUIET)
    expect((await look()).warnings).toEqual([
      expect.stringMatching(
        /^limit_per_hour is used up \(2 messages an hour\), so mail waits; there is room again at \d{4}-\S+Z$/,
      ),
    ])
    expect(kept(site)).toEqual([])
  })

  it('that cannot be counted keep mail, and everybody is told what to do, cron once', async () => {
    const site = await openSite({ limit_per_hour: '5' })
    expect(await send(site, 'one@d.ex')).toEqual(QUIET)
    const notes = join(site.queueDir, 'notes')
    const [ledger = ''] = readdirSync(notes).filter((name) => name.startsWith('ledger.limit.'))
    rmSync(join(notes, ledger))
    mkdirSync(join(notes, ledger))
    const why = 'the limits of the account default cannot be counted: '
    const remedy = /to count anew, remove the files ledger\.limit\.default\.\* there/
    const handed = await send(site, 'two@d.ex')
    expect([handed.code, handed.stderr]).toEqual([
      0,
      expect.stringMatching(/^mq-sendmail: queued as \S+, but it cannot be sent: [^\n]*\n$/),
    ])
    expect(handed.stderr).toMatch(remedy)
    const first = await site.run('mq-run', [])
    expect(first).toMatchObject({ code: 75, stderr: expect.stringContaining(`mail waits: ${why}`) as string })
    expect(await site.run('mq-run', [])).toMatchObject({ code: 75, stderr: '' })
    const asked = (await site.run('mq-run', ['--verbose'])).stderr
    expect(asked).toContain(`stopped early: ${why}`)
    expect(asked).not.toContain('mail waits')
    const check = await site.run('mq-queue', ['check'])
    expect(check).toMatchObject({ code: 2, stdout: expect.stringContaining(why) as string })
    expect(stepOf((await diagnose(site)).diagnosis, 'smarthost').warnings).toEqual([
      expect.stringMatching(remedy),
    ])
    expect(taken(site)).toEqual(['one@d.ex'])
    expect(kept(site)).toEqual(['new two@d.ex'])
    rmdirSync(join(notes, ledger))
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(taken(site)).toEqual(['one@d.ex', 'two@d.ex'])
    expect(kept(site)).toEqual([])
  })
})
