/** The logs of real runs: what their lines carry, what log_privacy hides in all of them, and places that take nothing. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EVENTS, type EventName } from '../../src/logging/events.ts'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'

const EVERYBODY = ['annabella@d.ex', 'reject-benjamin@d.ex', 'defer-cleopatra@d.ex']
const OF_EVERY_LINE = ['level', 'time', 'program', 'pid', 'event']

type Line = Readonly<Record<string, unknown>> & { readonly event: EventName }

function linesOf(path: string): Line[] {
  const text = readFileSync(path, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

/** A message to all, sent at once, and a run for who is left. */
async function sendAndRun(site: MailSite): Promise<void> {
  await site.run('mq-sendmail', ['-f', 'theodora@s.ex', ...EVERYBODY], { stdin: M0 })
  await site.run('mq-sendmail', ['-odq', '-f', 'theodora@s.ex', 'annabella@d.ex'], { stdin: M0 })
  await site.run('mq-run', ['--all'])
}

it('a line has the facts of its event, and no others', async () => {
  const site = await openSite({ log: 'log', log_level: 'debug', bounce: 'dsn' })
  await sendAndRun(site)
  const lines = linesOf(join(site.directory, 'log'))
  for (const line of lines) {
    const { levels, facts, maybe } = EVENTS[line.event]
    const names = Object.keys(line).filter((name) => !OF_EVERY_LINE.includes(name))
    expect(names, line.event).toEqual(expect.arrayContaining([...facts]))
    expect([...facts, ...maybe], line.event).toEqual(expect.arrayContaining(names))
    expect(levels).toContain(line['level'])
  }
  const events = new Set(lines.map(({ event }) => event))
  const some = ['delivered', 'deferred', 'failed', 'queued', 'bounced'].map((name) => `message.${name}`)
  expect([...events]).toEqual(expect.arrayContaining([...some, 'attempt.finished', 'run.finished']))
  expect(site.queue()).toEqual(['new reject-benjamin@d.ex=failed defer-cleopatra@d.ex=deferred'])
})

it('a delivery is proved by the final reply of the server and its queue id', async () => {
  const site = await openSite({ log: 'log' }, { dot: () => '250 2.0.0 Ok: queued as 4F2A1' })
  await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
  expect(linesOf(join(site.directory, 'log'))).toEqual([
    expect.objectContaining({
      event: 'message.delivered',
      account: 'default',
      server: `smtp://127.0.0.1:${site.server.port}`,
      recipient: 'one@d.ex',
      reply: '250 2.0.0 Ok: queued as 4F2A1',
      remoteId: '4F2A1',
    }),
  ])
  expect(site.queue()).toEqual([])
})

describe('log_privacy', () => {
  const LOGS = { log: 'log', log_level: 'debug', delivery_log: 'sent', queue_log: 'queued' }
  /** Long enough that no random id has them by chance; m0 is the Message-ID's. */
  const NAMES = /annabella|benjamin|cleopatra|theodora|\bm0@/
  const SCRIPT = {
    rcpt: ({ address }: { address: string }) =>
      address.includes('reject') ? `550 5.1.1 ${address}: no ${address.split('@')[0] ?? ''} here` : undefined,
  }

  it.each(['domain', 'hash'])('%s hides names in all three logs, also in replies', async (log_privacy) => {
    const site = await openSite({ ...LOGS, log_privacy }, SCRIPT)
    await sendAndRun(site)
    for (const name of ['log', 'sent', 'queued']) {
      const text = readFileSync(join(site.directory, name), 'utf8')
      expect(text).not.toMatch(NAMES)
      if (log_privacy === 'hash') expect(text).not.toMatch(/@|\bd\.ex|\bs\.ex/)
      else expect(text).toContain('*@d.ex')
    }
    expect(site.queue()).toEqual(['failed reject-benjamin@d.ex=failed'])
  })

  it('hash gives an address the same mark in all logs and processes', async () => {
    const site = await openSite({ ...LOGS, log_privacy: 'hash' })
    await sendAndRun(site)
    const sent = readFileSync(join(site.directory, 'sent'), 'utf8')
    const marks = [...sent.matchAll(/=> (addr-[0-9a-f]{16}) /g)].map(([, mark]) => mark)
    expect(marks).toHaveLength(2)
    expect(new Set(marks).size).toBe(1)
    expect(readFileSync(join(site.directory, 'queued'), 'utf8')).toContain(`=> ${marks[0] ?? '?'} `)
    expect(statSync(join(site.queueDir, 'notes/log-key')).mode & 0o777).toBe(0o600)
    expect(site.queue()).toEqual(['new reject-benjamin@d.ex=failed defer-cleopatra@d.ex=deferred'])
  })
})

describe('a log that takes nothing is said once, and the mail goes on', () => {
  async function sends(site: MailSite, log: string): Promise<string> {
    site.configure({ log, delivery_log: log })
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
    return result.stderr
  }
  /** Once for each of the two logs. */
  const twice = (why: string): RegExp =>
    new RegExp(`^(mq-sendmail: cannot write the log \\S+: [^\\n]*${why}[^\\n]*incomplete\\n){2}$`)

  it.runIf(existsSync('/dev/full'))('a full disk', async () => {
    expect(await sends(await openSite(), '/dev/full')).toMatch(twice('ENOSPC'))
  })

  it('a directory that is not there, and a directory', async () => {
    expect(await sends(await openSite(), 'none/log')).toMatch(twice('ENOENT'))
    const site = await openSite()
    mkdirSync(join(site.directory, 'dir'))
    expect(await sends(site, 'dir')).toMatch(twice('EISDIR'))
  })

  it('a named pipe that nobody reads', async () => {
    const site = await openSite()
    execFileSync('mkfifo', [join(site.directory, 'pipe')])
    expect(await sends(site, 'pipe')).toMatch(twice('ENXIO'))
  })

  it.runIf(process.getuid?.() === 0)('a file system that is full', async () => {
    const site = await openSite()
    const small = join(site.directory, 'small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', small])
    onTestFinished(() => void execFileSync('umount', [small]))
    site.write('small/filler', Buffer.alloc(4096))
    expect(await sends(site, 'small/log')).toMatch(twice('ENOSPC'))
  })

  it.each(['syslog', 'journal'])('%s where there is none', async (log) => {
    if (existsSync(log === 'syslog' ? '/dev/log' : '/run/systemd/journal/stdout')) return
    const site = await openSite({ log })
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    expect(result.code).toBe(0)
    expect(result.stderr).toMatch(/^mq-sendmail: cannot write the log to [a-z ]+: [^\n]*ENOENT[^\n]*\n$/)
    expect(site.queue()).toEqual([])
  })
})
