/**
 * Files and directories that a command may not use, and a disk without space: the caller is told, and a message
 * is either with the server, or in the queue, or still the caller's.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import type { CommandResult } from '../helpers/run-command.ts'
import { WITHOUT_ROOT, canRunWithoutRoot } from '../helpers/without-root.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** A site that the user without rights can enter and whose configuration that user can read. */
async function openToAll(settings: Settings = {}): Promise<MailSite> {
  const site = await openSite(settings)
  chmodSync(site.directory, 0o755)
  chmodSync(site.config, 0o644)
  return site
}

const run = (site: MailSite, name: string, args: readonly string[]): Promise<CommandResult> =>
  site.run(name, args, { stdin: M0, env: WITHOUT_ROOT })

function expectLine(result: CommandResult, code: number, words: RegExp): void {
  expect(result).toMatchObject({ code, signal: null, stdout: '' })
  expect(result.stderr).toMatch(/^mq-[a-z-]+: [^\n]+\n$/)
  expect(result.stderr).toMatch(words)
}

describe.skipIf(!canRunWithoutRoot())('without the permission', () => {
  it.each([
    ['mq-sendmail', ['one@d.ex']],
    ['mq-run', []],
    ['mq-queue', ['list']],
  ])('to read the configuration, %s ends with 77', async (name, args) => {
    const site = await openToAll()
    chmodSync(site.config, 0)
    expectLine(await run(site, name, args), 77, /mailqueue\.conf: permission denied/)
    expect(site.server.connections).toBe(0)
  })

  it('to read the aliases, mail for a name is refused with 77, and mail for an address goes out', async () => {
    const site = await openToAll()
    chmodSync(join(site.directory, 'aliases'), 0)
    expectLine(await run(site, 'mq-sendmail', ['-f', 'a@s.ex', 'root']), 77, /aliases[^\n]*permission denied/)
    expectLine(await run(site, 'mq-mail', ['-r', 'a@s.ex', 'root']), 77, /aliases[^\n]*permission denied/)
    expect(site.server.connections).toBe(0)
    expect(await run(site, 'mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'])).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
  })

  it('to make the queue, mail that has to wait is refused with 77, and other mail goes out', async () => {
    const site = await openToAll()
    chmodSync(site.directory, 0o555)
    expect(await run(site, 'mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'])).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    const refused = await run(site, 'mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex', 'defer@d.ex'])
    expectLine(refused, 77, /queue[^\n]*permission denied[^\n]*defer@d\.ex/)
    expect(refused.stderr).not.toMatch(/not accepted for [^\n]*one@d\.ex/)
    expect(site.received).toHaveLength(2)
    chmodSync(site.directory, 0o755)
    expect(existsSync(site.queueDir)).toBe(false)
  })

  it('to write in the queue, nothing is left there', async () => {
    const site = await openToAll(DOWN)
    expect(await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    const names = site.queued().map(({ name }) => name)
    const folders = ['', ...readdirSync(site.queueDir)].map((name) => join(site.queueDir, name))
    for (const folder of folders) chmodSync(folder, 0o555)
    try {
      expectLine(
        await run(site, 'mq-sendmail', ['-f', 'a@s.ex', 'two@d.ex']),
        77,
        /permission denied[^\n]*two@d\.ex/,
      )
      expectLine(await run(site, 'mq-run', []), 77, /permission denied/)
    } finally {
      for (const folder of folders) chmodSync(folder, 0o700)
    }
    expect(site.queued().map(({ name }) => name)).toEqual(names)
  })

  it('to look into the queue, the readers say so with 77', async () => {
    const site = await openToAll(DOWN)
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const folders = ['new', ''].map((name) => join(site.queueDir, name))
    for (const folder of folders) chmodSync(folder, 0)
    try {
      expectLine(await run(site, 'mq-queue', ['list']), 77, /permission denied/)
      expectLine(await run(site, 'mq-sendmail', ['-bp']), 77, /permission denied/)
      expectLine(await run(site, 'mq-run', []), 77, /permission denied/)
    } finally {
      for (const folder of folders.reverse()) chmodSync(folder, 0o700)
    }
  })
})

describe('a queue directory', () => {
  it('is not made where its parent is missing: mail that has to wait is refused with 78', async () => {
    const site = await openSite()
    const parent = join(site.directory, 'not-mounted')
    site.configure({ queue_dir: join(parent, 'queue'), ...DOWN })
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expectLine(result, 78, /not-mounted does not exist[^\n]*not accepted for one@d\.ex/)
    expect(existsSync(parent)).toBe(false)
    site.configure({ queue_dir: join(parent, 'queue') })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
  })

  it('that is a file is refused with 78', async () => {
    const site = await openSite(DOWN)
    site.write('queue', 'a file')
    expectLine(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 }), 78, /not a directory/)
    expectLine(await site.run('mq-run', []), 78, /not a directory/)
    expectLine(await site.run('mq-queue', ['list']), 78, /not a directory/)
  })
})

/** Mounts a small file system; false where that is not possible. */
function mount(path: string): boolean {
  mkdirSync(path)
  return (
    process.getuid?.() === 0 &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', path]).status === 0
  )
}

/** Writes until nothing fits any more. */
function fill(path: string): void {
  const fd = openSync(path, 'w')
  try {
    for (;;) writeSync(fd, Buffer.alloc(512))
  } catch {
    // That is what was wanted.
  } finally {
    closeSync(fd)
  }
}

describe('a full disk', () => {
  it('refuses mail that has to wait with 75, keeps the queue as it is, and takes mail that the server takes', async (context) => {
    const site = await openSite()
    const disk = join(site.directory, 'disk')
    if (!mount(disk)) return context.skip('cannot mount a file system here')
    try {
      const queueDir = join(disk, 'queue')
      site.configure({ queue_dir: queueDir, ...DOWN })
      expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
      const queued = (): string[] =>
        ['tmp', 'new', 'failed'].flatMap((name) => readdirSync(join(queueDir, name)))
      const before = queued()
      expect(before).toHaveLength(1)
      fill(join(disk, 'ballast'))
      expect(statfsSync(disk).bfree).toBe(0)
      const refused = await site.run('mq-sendmail', ['two@d.ex'], { stdin: M0 })
      expectLine(refused, 75, /no space left[^\n]*not accepted for two@d\.ex/)
      const large = await site.run('mq-sendmail', ['two@d.ex'], {
        stdin: `${M0}${'x'.repeat(80)}\n`.repeat(20_000),
      })
      expectLine(large, 75, /no space left/)
      expect(queued()).toEqual(before)
      site.configure({ queue_dir: queueDir })
      expect(await site.run('mq-sendmail', ['three@d.ex'], { stdin: M0 })).toEqual(QUIET)
      expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
        [['three@d.ex'], M0_WIRE],
      ])
      expect(queued()).toEqual(before)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})
