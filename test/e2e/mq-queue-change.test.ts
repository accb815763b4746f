/**
 * The commands of mq-queue that change messages: what they choose, what they do, and that a delivery under way is
 * stopped or left alone.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { queueContents, snapshot } from '../helpers/queue-dir.ts'
import { startCommand } from '../helpers/run-command.ts'
import { STALL } from '../helpers/scripted-server.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** Three messages that wait, and one that failed. */
async function filledSite(): Promise<MailSite> {
  const site = await openSite({ bounce: 'none' })
  for (const [sender, recipient] of [
    ['a@s.ex', 'one@d.ex'],
    ['b@s.ex', 'two@d.ex'],
    ['b@s.ex', 'three@e.ex'],
  ] as const) {
    await site.run('mq-sendmail', ['-odq', '-f', sender, recipient], { stdin: M0 })
  }
  await site.run('mq-sendmail', ['-f', 'c@s.ex', 'reject@d.ex'], { stdin: M0 })
  return site
}

function idOf(site: MailSite, recipient: string): string {
  return site.queued().find(({ recipients }) => recipients.includes(recipient))?.id ?? 'none'
}

const sorted = (site: MailSite): string[] => site.queue().toSorted()
const FAILED = 'failed reject@d.ex=failed'

describe('choosing messages', () => {
  it('takes ids from standard input, the first word of each line', async () => {
    const site = await filledSite()
    const stdin = `\n  ${idOf(site, 'one@d.ex')}  a@s.ex\n\n${idOf(site, 'two@d.ex').toLowerCase()}\n`
    const result = await site.run('mq-queue', ['hold', '-'], { stdin })
    expect(result).toEqual({ ...QUIET, stderr: 'mq-queue: 2 messages held\n' })
    expect(sorted(site)).toEqual([FAILED, 'hold one@d.ex', 'hold two@d.ex', 'new three@e.ex'])
  })

  it('takes filters, and ids and filters together mean both', async () => {
    const site = await filledSite()
    const one = await site.run('mq-queue', ['hold', '--domain', 'd.ex'])
    expect(one).toEqual({ ...QUIET, stderr: 'mq-queue: 2 messages held\n' })
    const ids = [idOf(site, 'one@d.ex'), idOf(site, 'two@d.ex')]
    expect(await site.run('mq-queue', ['release', ...ids, '--from', 'b@*'])).toEqual(QUIET)
    expect(sorted(site)).toEqual([FAILED, 'hold one@d.ex', 'new three@e.ex', 'new two@d.ex'])
  })

  it('takes no message that still goes out to somebody for a failed one', async () => {
    const site = await openSite({ bounce: 'none' })
    const recipients = ['reject@d.ex', 'defer@d.ex']
    await site.run('mq-sendmail', ['-f', 'c@s.ex', ...recipients], { stdin: M0 })
    await site.run('mq-sendmail', ['-f', 'c@s.ex', 'reject@d.ex'], { stdin: M0 })
    const waits = 'new reject@d.ex=failed defer@d.ex=deferred'
    expect(sorted(site)).toEqual([FAILED, waits])
    const result = await site.run('mq-queue', ['delete', '--status', 'failed'])
    expect(result).toEqual({ ...QUIET, stderr: 'mq-queue: 1 message deleted\n' })
    expect(sorted(site)).toEqual([waits])
  })

  it('takes everything only with the word ALL', async () => {
    const site = await filledSite()
    const before = snapshot(site.queueDir)
    for (const command of ['hold', 'release', 'retry', 'requeue', 'delete', 'expire', 'bounce', 'flush']) {
      const result = await site.run('mq-queue', [command])
      expect(result).toMatchObject({ code: 64, stdout: '' })
      expect(result.stderr).toMatch(/^mq-queue: name the messages: [^\n]*ALL[^\n]*\n$/)
    }
    expect((await site.run('mq-queue', ['delete', 'all'])).code).toBe(66)
    expect((await site.run('mq-queue', ['delete', 'ALL', idOf(site, 'one@d.ex')])).code).toBe(64)
    expect(snapshot(site.queueDir)).toEqual(before)
    const result = await site.run('mq-queue', ['delete', 'ALL'])
    expect(result).toEqual({ ...QUIET, stderr: 'mq-queue: 4 messages deleted\n' })
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('prints with --dry-run what would be done, and changes nothing', async () => {
    const site = await filledSite()
    const before = snapshot(site.queueDir)
    const result = await site.run('mq-queue', ['bounce', 'ALL', '--dry-run', '--from', 'b@s.ex'])
    expect(result).toMatchObject({
      code: 0,
      stderr: 'mq-queue: 2 messages would be returned to their senders\n',
    })
    expect(result.stdout.split('\n').toSorted()).toEqual(
      [
        '',
        `${idOf(site, 'three@e.ex')} from b@s.ex to three@e.ex would be returned to their senders`,
        `${idOf(site, 'two@d.ex')} from b@s.ex to two@d.ex would be returned to their senders`,
      ].toSorted(),
    )
    const named = await site.run('mq-queue', ['release', '--dry-run', idOf(site, 'one@d.ex')])
    expect(named).toMatchObject({ code: 64, stdout: '' })
    expect(named.stderr).toMatch(/is left as it is: it is not held/)
    expect(await site.run('mq-queue', ['flush', 'ALL', '--dry-run'])).toMatchObject({ code: 0, stderr: '' })
    expect(snapshot(site.queueDir)).toEqual(before)
  })

  it('changes many messages in one pass, each once, while their names change', async () => {
    const site = await openSite()
    const { MaildirQueue } = await import('../../src/queue/maildir-queue.ts')
    const { messageTo } = await import('../integration/queue/contract.ts')
    const store = new MaildirQueue(site.queueDir)
    for (let k = 0; k < 1500; k += 1) await store.enqueue(messageTo(`r${k}@d.ex`))
    const requeued = await site.run('mq-queue', ['requeue', 'ALL'])
    expect(requeued).toEqual({ ...QUIET, stderr: 'mq-queue: 1500 messages queued anew\n' })
    const ids = site.queued().map(({ id }) => id)
    expect(await site.run('mq-queue', ['delete', '-'], { stdin: ids.join('\n') })).toEqual({
      ...QUIET,
      stderr: 'mq-queue: 1500 messages deleted\n',
    })
    expect(queueContents(site.queueDir)).toEqual({})
  })
})

describe('what the commands do', () => {
  it('hold keeps a message from being tried, with the reason, until release', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const id = idOf(site, 'one@d.ex')
    expect(await site.run('mq-queue', ['hold', '--reason', 'wrong list', id])).toEqual(QUIET)
    expect(await site.run('mq-run', ['--all'])).toEqual(QUIET)
    expect(site.queue()).toEqual(['hold one@d.ex'])
    expect((await site.run('mq-queue', ['list'])).stdout).toContain('(held: wrong list)')
    expect(await site.run('mq-queue', ['release', id])).toEqual(QUIET)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('flush does not send before the time of --send-at, and says so, until retry drops it', async () => {
    const site = await openSite()
    const time = Math.floor(Date.now() / 1000) + 86_400
    const later = ['--send-at', `@${time}`, '-f', 'a@s.ex', 'later@d.ex']
    await site.run('mq-sendmail', later, { stdin: M0 })
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const [id, one] = [idOf(site, 'later@d.ex'), idOf(site, 'one@d.ex')]
    const why = `not to be sent before ${new Date(time * 1000).toISOString()}`
    const refused = `mq-queue: ${id} is ${why}; mq-queue retry drops that time\n`
    for (const list of [['mq-queue', 'list'] as const, ['mq-sendmail', '-bp'] as const])
      expect((await site.run(list[0], [list[1]])).stdout.split(`(${why})\n`)).toHaveLength(2)
    const dry = (...args: string[]) => site.run('mq-queue', ['flush', '--dry-run', ...args])
    expect(await dry(id, one)).toEqual({
      ...QUIET,
      code: 64,
      stdout: `${one} would be tried\n`,
      stderr: refused,
    })
    expect(await dry('ALL')).toEqual({ ...QUIET, stdout: `${one} would be tried\n` })
    expect(await site.run('mq-queue', ['flush', id, one])).toEqual({ ...QUIET, code: 64, stderr: refused })
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(await site.run('mq-queue', ['flush', 'ALL'])).toEqual(QUIET)
    expect(site.queue()).toEqual(['new later@d.ex'])
    expect(await site.run('mq-queue', ['retry', id])).toEqual(QUIET)
    expect((await site.run('mq-queue', ['list'])).stdout).not.toContain('not to be sent')
    expect(await site.run('mq-queue', ['flush', id])).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('expire tells the sender, whose report the next run sends', async () => {
    const site = await openSite({ bounce: 'dsn' })
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    expect(await site.run('mq-queue', ['expire', idOf(site, 'one@d.ex')])).toEqual(QUIET)
    expect(sorted(site)).toEqual(['failed one@d.ex=expire', 'new a@s.ex'])
    await site.run('mq-run', [])
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([['', ['a@s.ex']]])
    expect(site.received[0]?.data.toString()).toMatch(/one@d\.ex\r\n +Given up by an administrator/)
    expect(sorted(site)).toEqual(['failed one@d.ex=expire'])
  })

  it('bounce tells the sender although the site does not', async () => {
    const site = await openSite({ bounce: 'none' })
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'reject@d.ex'], { stdin: M0 })
    const id = idOf(site, 'reject@d.ex')
    expect(await site.run('mq-queue', ['bounce', id])).toEqual(QUIET)
    expect(sorted(site)).toEqual(['failed reject@d.ex=failed', 'new a@s.ex'])
    const again = await site.run('mq-queue', ['bounce', id])
    expect(again).toMatchObject({ code: 64 })
    expect(again.stderr).toMatch(/told already/)
    expect(sorted(site)).toEqual(['failed reject@d.ex=failed', 'new a@s.ex'])
  })

  it('edit changes the envelope and never the file', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
    const id = idOf(site, 'one@d.ex')
    const bytes = (): string =>
      readFileSync(join(site.queueDir, 'new', readdirSync(join(site.queueDir, 'new'))[0] ?? ''), 'latin1')
    const before = bytes()
    const args = ['--sender', '<>', '--add', 'three', '--add', 'four@d.ex', '--remove', 'one@d.ex']
    expect(await site.run('mq-queue', ['edit', ...args, '--priority', '1', id])).toEqual(QUIET)
    expect(bytes()).toBe(before)
    expect(site.queued()[0]?.name).toMatch(/,P=1$/)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo.toSorted()])).toEqual([
      ['', ['four@d.ex', 'three@h.example', 'two@d.ex']],
    ])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it.each([
    [[], 64, /nothing to edit/],
    [['--priority', '10'], 64, /--priority 10/],
    [['--add', 'x y@z@'], 65, /./],
    [['--remove', 'nobody@d.ex'], 64, /not among the recipients/],
  ])('edit %j ends with %i and changes nothing', async (args, code, why) => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const result = await site.run('mq-queue', ['edit', idOf(site, 'one@d.ex'), ...args])
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(why)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it('flush tries the chosen messages at once, although the smarthost was down', async () => {
    const site = await openSite(DOWN)
    for (const recipient of ['one@d.ex', 'two@d.ex', 'three@d.ex']) {
      await site.run('mq-sendmail', ['-f', 'a@s.ex', recipient], { stdin: M0 })
    }
    site.configure({})
    const held = idOf(site, 'three@d.ex')
    await site.run('mq-queue', ['hold', held])
    const result = await site.run('mq-queue', ['flush', idOf(site, 'one@d.ex'), held])
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(new RegExp(`^mq-queue: ${held} is held; release it instead\\n$`))
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(await site.run('mq-queue', ['--queue-dir', site.queueDir, 'flush', '--to', 'two@*'])).toEqual(
      QUIET,
    )
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex'], ['two@d.ex']])
    expect(Object.keys(queueContents(site.queueDir))).toEqual(['hold'])
  })

  it('flush says why nothing could be tried', async () => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const result = await site.run('mq-queue', ['flush', 'ALL'])
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: stopped early: cannot connect [^\n]* stays in the queue\n$/)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it('all work on a directory without a configuration', async () => {
    const site = await filledSite()
    const run = (...args: string[]) =>
      site.run('mq-queue', ['-d', site.queueDir, ...args], { config: '/nonexistent' })
    expect((await run('hold', 'ALL')).stderr).toBe('mq-queue: 3 messages held\n')
    expect((await run('release', 'ALL')).stderr).toBe('mq-queue: 3 messages released\n')
    expect((await run('expire', '--to', 'one@*')).stderr).toBe('mq-queue: 1 message given up\n')
    expect(sorted(site)).toEqual([
      'failed one@d.ex=expire',
      FAILED,
      'new a@s.ex',
      'new three@e.ex',
      'new two@d.ex',
    ])
  })

  it('do not make a queue that is not there', async () => {
    const site = await openSite()
    for (const command of ['hold', 'delete', 'flush', 'edit']) {
      const args = command === 'edit' ? ['--priority', '1', 'ALL'] : ['ALL']
      expect((await site.run('mq-queue', [command, ...args])).code).toBe(78)
    }
    expect(readdirSync(site.directory)).not.toContain('queue')
  })
})

/** Resolves once something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a message that is being delivered', () => {
  it.each([
    ['takes', '250 2.1.5 ok'],
    ['refuses', '550 5.1.1 no such user'],
    ['defers', '451 4.2.0 later'],
  ])('is not delivered when it is deleted before the server %s it; the run goes on', async (_, reply) => {
    let answer: (value?: unknown) => void = () => undefined
    const answered = new Promise((resolve) => (answer = resolve))
    const site = await openSite(
      { connections: '1' },
      {
        rcpt: ({ address }) => (address === 'slow@d.ex' ? { after: answered, reply } : undefined),
        data: '354 go ahead',
        // One command at a time, so that the replies stay in order.
        extensions: ['8BITMIME'],
      },
    )
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'slow@d.ex'], { stdin: M0 })
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const id = idOf(site, 'slow@d.ex')
    const run = startCommand('mq-run', [], { config: site.config })
    await until(() => site.server.commands.includes('RCPT TO:<slow@d.ex>'))
    expect(await site.run('mq-queue', ['delete', id])).toEqual(QUIET)
    answer()
    expect(await run.result).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('is delivered when its last byte is out, and the command says so with 75', async () => {
    let answer: (value?: unknown) => void = () => undefined
    const answered = new Promise((resolve) => (answer = resolve))
    const dots: string[] = []
    const site = await openSite(
      {},
      {
        dot: () => {
          dots.push('.')
          return { after: answered, reply: '250 2.0.0 ok' }
        },
      },
    )
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const id = idOf(site, 'one@d.ex')
    const run = startCommand('mq-run', [], { config: site.config })
    await until(() => dots.length > 0)
    for (const command of ['delete', 'hold', 'expire']) {
      const result = await site.run('mq-queue', [command, id])
      expect(result).toMatchObject({ code: 75, stdout: '' })
      expect(result.stderr).toBe(
        `mq-queue: ${id} is being delivered and cannot be stopped any more; try again\n`,
      )
    }
    answer()
    expect(await run.result).toEqual(QUIET)
    expect(site.server.transactions.map(({ dotReceived }) => dotReceived)).toEqual([true])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('whose sender was killed at the dot is held in doubt', async () => {
    const dots: string[] = []
    const site = await openSite(
      {},
      {
        dot: () => {
          dots.push('.')
          return STALL
        },
      },
    )
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const id = idOf(site, 'one@d.ex')
    const run = startCommand('mq-run', [], { config: site.config })
    await until(() => dots.length > 0)
    run.child.kill('SIGKILL')
    await run.result
    expect(await site.run('mq-queue', ['hold', id])).toEqual(QUIET)
    expect(site.queue()).toEqual(['hold one@d.ex=in-doubt'])
  })
})
