/**
 * mq-run for certain messages, for so many, for so long; and what it shows on a terminal.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { converse, HAS_TERMINAL } from '../helpers/pseudo-terminal.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { BIN } from '../helpers/run-command.ts'
import { STALL } from '../helpers/scripted-server.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

async function enqueue(site: MailSite, sender: string, ...recipients: string[]): Promise<void> {
  const result = await site.run('mq-sendmail', ['-odq', '-f', sender, ...recipients], { stdin: M0 })
  expect(result).toEqual(QUIET)
}

const waiting = (site: MailSite): unknown => queueContents(site.queueDir)['new']
const idOf = (site: MailSite, recipient: string): string =>
  site.queued().find(({ recipients }) => recipients.includes(recipient))?.id ?? ''

async function threeMessages(site: MailSite): Promise<void> {
  await enqueue(site, 'a@s.ex', 'one@d.ex')
  await enqueue(site, 'b@s.ex', 'two@d.ex')
  await enqueue(site, 'a@s.ex', 'three@e.ex')
}

describe('mq-run', () => {
  it.each<[string, (site: MailSite) => string[], string[]]>([
    ['--id', (site) => ['--id', idOf(site, 'two@d.ex')], ['one@d.ex=pending', 'three@e.ex=pending']],
    ['--recipient', () => ['--recipient', 'ONE@*'], ['three@e.ex=pending', 'two@d.ex=pending']],
    ['--sender', () => ['--sender', 'a@s.ex'], ['two@d.ex=pending']],
    ['--domain', () => ['--domain', 'd.ex'], ['three@e.ex=pending']],
    ['both', () => ['--domain', 'd.ex', '--sender', 'b@*'], ['one@d.ex=pending', 'three@e.ex=pending']],
  ])('tries only what %s names', async (_option, args, left) => {
    const site = await openSite()
    await threeMessages(site)
    expect(await site.run('mq-run', args(site))).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: left })
  })

  it('tries several messages that are named by their ids', async () => {
    const site = await openSite()
    await threeMessages(site)
    const ids = ['one@d.ex', 'three@e.ex'].flatMap((each) => ['--id', idOf(site, each).toLowerCase()])
    expect(await site.run('mq-run', ids)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: ['two@d.ex=pending'] })
  })

  it.each([[], ['--dry-run']])(
    'says that an id is of no message (66), and tries the others: %j',
    async (...more) => {
      const site = await openSite()
      await threeMessages(site)
      const id = idOf(site, 'two@d.ex')
      const result = await site.run('mq-run', ['--id', 'nosuch', '--id', id, ...more])
      const dry = more.length > 0
      expect(result).toEqual({
        ...QUIET,
        code: 66,
        stdout: dry ? `${id} would be tried\n` : '',
        stderr: `mq-run: there is no message nosuch in the queue ${site.queueDir}\n`,
      })
      expect(site.queue().toSorted()).toEqual(
        ['new one@d.ex', 'new three@e.ex', ...(dry ? ['new two@d.ex'] : [])].toSorted(),
      )
    },
  )

  it('says how it went when certain messages were deferred', async () => {
    const site = await openSite()
    await enqueue(site, 'a@s.ex', 'defer@d.ex')
    const stderr = 'mq-run: 0 delivered, 1 deferred; mq-queue list says why\n'
    const id = idOf(site, 'defer@d.ex')
    expect(await site.run('mq-run', ['--id', id])).toEqual({ ...QUIET, code: 75, stderr })
    const flushed = await site.run('mq-queue', ['flush', id])
    expect(flushed).toEqual({ ...QUIET, code: 75, stderr: stderr.replace('mq-run', 'mq-queue') })
    expect(queueContents(site.queueDir)).toEqual({ new: ['defer@d.ex=deferred'] })
  })

  it.runIf(HAS_TERMINAL)('sums up on a terminal, in one line', async () => {
    const site = await openSite()
    const onTerminal = (...args: string[]) =>
      converse([process.execPath, join(BIN, 'mq-run'), ...args].map((each) => `'${each}'`).join(' '), [], {
        MAILQUEUE_CONF: site.config,
      })
    await threeMessages(site)
    expect(await onTerminal()).toMatchObject({ code: 0, screen: 'mq-run: 3 delivered\r\n' })
    expect(await onTerminal()).toMatchObject({ code: 0, screen: 'mq-run: 0 delivered\r\n' })
    await enqueue(site, 'a@s.ex', 'defer@d.ex')
    const screen = 'mq-run: 0 delivered, 1 deferred; mq-queue list says why\r\n'
    expect(await onTerminal('--all')).toMatchObject({ code: 75, screen })
    expect(queueContents(site.queueDir)).toEqual({ new: ['defer@d.ex=deferred'] })
  })

  it('tries no more than --limit, and that is no failure', async () => {
    const site = await openSite()
    await threeMessages(site)
    expect(await site.run('mq-run', ['--limit', '2'])).toEqual(QUIET)
    expect(waiting(site)).toHaveLength(1)
    expect(site.received).toHaveLength(2)
    expect(await site.run('mq-run', ['--limit', '5'])).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('ends after --max-time, and gives back what is not handed over', async () => {
    const site = await openSite({}, { data: STALL })
    await enqueue(site, 'a@s.ex', 'one@d.ex')
    expect(await site.run('mq-run', ['--max-time', '1s'])).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=pending'] })
  })

  it('only prints what it would try with --dry-run', async () => {
    const site = await openSite()
    await threeMessages(site)
    const id = idOf(site, 'two@d.ex')
    const printed = await site.run('mq-run', ['--dry-run', '--sender', 'b@s.ex'])
    expect(printed).toEqual({ ...QUIET, stdout: `${id} would be tried\n` })
    expect((await site.run('mq-run', ['--dry-run', '--limit', '2'])).stdout.split('\n')).toHaveLength(3)
    expect(site.server.connections).toBe(0)
    expect(queueContents(site.queueDir)).toEqual({
      new: ['one@d.ex=pending', 'three@e.ex=pending', 'two@d.ex=pending'],
    })
  })

  it.each([
    ['--limit 0', ['--limit', '0'], /--limit 0: write a whole number/],
    ['--max-time soon', ['--max-time', 'soon'], /--max-time soon: write a duration/],
    ['--daemon with --max-time', ['--daemon', '--max-time', '1m'], /leave out --max-time/],
  ])('refuses %s with 64', async (_title, args, said) => {
    const site = await openSite()
    const { code, stdout, stderr } = await site.run('mq-run', args)
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(said)
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
