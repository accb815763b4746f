/**
 * A queue on a full disk must not lose what is read: a large text goes on in the directory for temporary files.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'

/** Runs a command where the queue is a file system of its own, which ends with the command. */
const withDisk = (site: MailSite, options: string): readonly string[] => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c'],
  `mount -t tmpfs -o ${options} none "$0" && mkdir -m 700 -p "$0/tmp" "$0/new" "$0/cur" && exec "$@"`,
  site.queueDir,
]

function canMount(): boolean {
  const words: readonly string[] = ['unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']
  return spawnSync(words[0] ?? '', words.slice(1), { stdio: 'ignore' }).status === 0
}

const LINE = `${'0123456789 '.repeat(6)}\n`
const TEXT = LINE.repeat(40_000)

async function full(settings?: Settings): Promise<{ site: MailSite; through: readonly string[] }> {
  const site = await openSite(settings)
  mkdirSync(site.queueDir, { mode: 0o700 })
  return { site, through: withDisk(site, 'size=200k') }
}

describe.runIf(canMount())('a text of megabytes while the disk of the queue is full', () => {
  it.each([
    ['mq-mail', ['-n', '-s', 's', 'a@x.org'], ''],
    ['mq-sendmail', ['a@x.org'], 'Subject: s\n\n'],
  ])('is sent by %s', async (command, args, header) => {
    const { site, through } = await full()
    const result = await site.run(command, args, { through, stdin: header + TEXT })
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    const data = site.received[0]?.data.toString() ?? ''
    expect(data.slice(data.indexOf('\r\n\r\n') + 4)).toBe(TEXT.replaceAll('\n', '\r\n'))
  })

  it('is sent as an attachment', async () => {
    const { site, through } = await full()
    const args = ['-n', '-s', 's', '-a', site.write('large', TEXT), 'a@x.org']
    const result = await site.run('mq-mail', args, { through, stdin: 'b\n' })
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(site.received[0]?.data.length).toBeGreaterThan(TEXT.length)
  })

  it('is a dead letter when the server is down as well', async () => {
    const { site, through } = await full(DOWN)
    const env = { DEAD: join(site.directory, 'dead') }
    const result = await site.run('mq-mail', ['-n', '-s', 's', 'a@x.org'], { through, stdin: TEXT, env })
    expect(result.code).toBe(75)
    expect(result.stderr).toContain(`it is kept in ${env.DEAD}`)
  })
})
