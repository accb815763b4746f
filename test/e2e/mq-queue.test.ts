/**
 * mq-queue: what it shows, that showing changes nothing, and what its changes do.
 */
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** One message that waits after a deferral, one that was never tried, one that failed. */
async function filledSite(): Promise<MailSite> {
  const site = await openSite({ bounce: 'none' })
  await site.run('mq-sendmail', ['-f', 'a@s.ex', 'defer@d.ex'], { stdin: M0 })
  await site.run('mq-sendmail', ['-odq', '-f', 'b@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
  await site.run('mq-sendmail', ['-f', 'c@s.ex', 'reject@d.ex'], { stdin: M0 })
  return site
}

function idOf(site: MailSite, recipient: string): string {
  return site.queued().find(({ recipients }) => recipients.includes(recipient))?.id ?? 'none'
}

/** Names, modes, times and bytes of everything below a directory; only access times may differ. */
function everything(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const path = join(directory, name)
      const stats = lstatSync(path)
      const bytes = stats.isFile() ? readFileSync(path, 'latin1') : ''
      return [name, stats.ino, stats.mode, stats.mtimeMs, stats.ctimeMs, bytes].join('|')
    })
    .sort()
}

describe('mq-queue list', () => {
  it('shows what waits in the shape of mailq, and what failed with --failed', async () => {
    const site = await filledSite()
    const waiting = await site.run('mq-queue', ['list'])
    expect(waiting).toMatchObject({ code: 0, stderr: '' })
    expect(waiting.stdout).toBe((await site.run('mq-sendmail', ['-bp'])).stdout)
    for (const text of [
      idOf(site, 'defer@d.ex'),
      idOf(site, 'one@d.ex'),
      '  a@s.ex\n',
      '  b@s.ex\n',
      ' two@d.ex\n',
    ])
      expect(waiting.stdout).toContain(text)
    expect(waiting.stdout).toContain('(451 4.2.0 try again later)')
    expect(waiting.stdout).not.toContain('reject@d.ex')
    expect(waiting.stdout).toMatch(/-- 1 Kbytes in 2 Requests\.\n$/)
    const failed = await site.run('mq-queue', ['list', '--failed'])
    expect(failed).toMatchObject({ code: 0, stderr: '' })
    expect(failed.stdout).toMatch(/^[0-9A-F]{12}# +\d+ .* {2}c@s\.ex$/m)
    expect(failed.stdout).toMatch(/^ *\(550 5\.1\.1 no such user\)\n {41}reject@d\.ex$/m)
    expect(failed.stdout).toMatch(/-- 1 Kbytes in 1 Request\.\n$/)
  })

  it('says that nothing waits', async () => {
    const site = await openSite()
    await site.run('mq-run', [])
    expect(await site.run('mq-queue', ['list'])).toEqual({ ...QUIET, stdout: 'Mail queue is empty\n' })
    expect(await site.run('mq-queue', ['list', '--failed'])).toEqual({
      ...QUIET,
      stdout: 'Mail queue is empty\n',
    })
  })

  it('takes the directory of the queue instead of a configuration', async () => {
    const site = await filledSite()
    const wanted = await site.run('mq-queue', ['list'])
    const direct = await site.run('mq-queue', ['--queue-dir', site.queueDir, 'list'], {
      config: '/nonexistent',
    })
    expect(direct).toEqual(wanted)
  })
})

describe('mq-queue show', () => {
  it('shows envelope, state and text of a message', async () => {
    const site = await filledSite()
    const id = idOf(site, 'defer@d.ex')
    const { code, stdout, stderr } = await site.run('mq-queue', ['show', id])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Queue id: +${id}$`, 'm'))
    expect(stdout).toMatch(/^State: +waiting$/m)
    expect(stdout).toMatch(/^Sender: +a@s\.ex$/m)
    expect(stdout).toMatch(/^Attempts: +1$/m)
    expect(stdout).toMatch(new RegExp(`^Size: +${M0_WIRE.length}$`, 'm'))
    expect(stdout).toMatch(/^ {2}defer@d\.ex: deferred \(451 4\.2\.0 try again later\)$/m)
    expect(stdout).toMatch(/^Subject: s$/m)
    expect(stdout).toMatch(/\n\nbody\n/)
  })

  it('gives the codes of a reply once, also when the reply has several lines', async () => {
    const site = await openSite({}, { rcpt: () => '550-5.1.1 no such user\r\n550 5.1.1 ask us' })
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const { stdout } = await site.run('mq-queue', ['show', idOf(site, 'one@d.ex')])
    expect(stdout).toMatch(/^ {2}one@d\.ex: failed \(550-5\.1\.1 no such user[^\n]*ask us\)$/m)
    expect(site.queue()).toEqual(['failed one@d.ex=failed'])
  })

  it('takes the id in small letters, and never sends control characters to the terminal', async () => {
    const site = await openSite()
    const stdin = 'From: a@s.ex\nSubject: \x1b]0;evil\x07\n\n\x1b[2Jbody\u009b1m\n'
    await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin })
    const { code, stdout } = await site.run('mq-queue', ['show', idOf(site, 'one@d.ex').toLowerCase()])
    expect(code).toBe(0)
    expect(stdout).toContain('body')
    expect(stdout).not.toMatch(/[^\P{Cc}\n\t]/u)
  })
})

describe('looking at the queue', () => {
  it('changes nothing in it', async () => {
    const site = await filledSite()
    const before = everything(site.queueDir)
    const ids = site.queued().map(({ id }) => id)
    await site.run('mq-queue', ['list'])
    await site.run('mq-queue', ['list', '--failed'])
    for (const id of ids) expect((await site.run('mq-queue', ['show', id])).code).toBe(0)
    await site.run('mq-sendmail', ['-bp'])
    expect(everything(site.queueDir)).toEqual(before)
  })
})

describe('mq-queue retry', () => {
  it('makes a message due at once', async () => {
    const site = await filledSite()
    const id = idOf(site, 'defer@d.ex')
    expect(await site.run('mq-queue', ['retry', id])).toEqual(QUIET)
    const due = site.queued().find((each) => each.id === id)?.nextAttempt ?? Infinity
    expect(due).toBeLessThanOrEqual(Math.floor(Date.now() / 1000))
    expect((await site.run('mq-run', [])).code).toBe(75)
    expect(site.server.commands.filter((line) => line === 'RCPT TO:<defer@d.ex>')).toHaveLength(2)
  })

  it('brings a failed message back, and the server gets it as it was', async () => {
    const site = await openSite(
      { bounce: 'none' },
      { rcpt: ({ transaction }) => (transaction === 1 ? '550 5.1.1 no' : undefined) },
    )
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    expect(site.queue()).toEqual(['failed one@d.ex=failed'])
    expect(await site.run('mq-queue', ['retry', site.queued()[0]?.id ?? ''])).toEqual(QUIET)
    expect(site.queued().map(({ folder }) => folder)).toEqual(['new'])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
      [['one@d.ex'], M0_WIRE],
    ])
    expect(site.queue()).toEqual([])
  })
})

describe('mq-queue delete', () => {
  it('removes the messages named, and nothing else', async () => {
    const site = await filledSite()
    const ids = [idOf(site, 'defer@d.ex'), idOf(site, 'reject@d.ex')]
    expect(await site.run('mq-queue', ['delete', ...ids])).toEqual(QUIET)
    expect(site.queue()).toEqual(['new one@d.ex two@d.ex'])
    expect(readdirSync(join(site.queueDir, 'state'))).toEqual([])
  })

  it('tells an id that does not exist with 66 and still removes the others', async () => {
    const site = await filledSite()
    const result = await site.run('mq-queue', ['delete', 'AAAAAAAAAAAA', idOf(site, 'one@d.ex')])
    expect(result).toMatchObject({ code: 66, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: there is no message AAAAAAAAAAAA in the queue [^\n]+\n$/)
    expect(site.queue()).toEqual(['new defer@d.ex=deferred', 'failed reject@d.ex=failed'])
  })
})

describe('a wrong call of mq-queue', () => {
  it.each([
    [[], 64],
    [['frobnicate'], 64],
    [['show'], 64],
    [['delete'], 64],
    [['retry'], 64],
    [['show', 'A', 'B'], 64],
    [['list', '--nonsense'], 64],
    [['show', '../../etc/passwd'], 66],
    [['show', ''], 66],
    [['delete', '*'], 66],
    [['--queue-dir', '/nonexistent/queue', 'list'], 78],
  ])('%j ends with %i and one line, and changes nothing', async (args, code) => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    const before = everything(site.queueDir)
    const result = await site.run('mq-queue', args)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: [^\n]+\n$/)
    expect(everything(site.queueDir)).toEqual(before)
  })

  it('without a queue in the configuration ends with 78', async () => {
    const site = await openSite({ queue_dir: undefined })
    const result = await site.run('mq-queue', ['list'])
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: no queue[^\n]*queue_dir[^\n]*\n$/)
  })
})
