/**
 * The administrator is root and the queue belongs to somebody else: what root does there must not lock its owner out.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0

/** Names below a directory that belong to root. */
function ofRoot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) => lstatSync(join(directory, name)).uid === 0,
  )
}

describe.runIf(isRoot && canRunWithoutRoot())('a queue of another user', () => {
  it('stays its own after root has sent, held and released mail there', async () => {
    const site = await openSite()
    for (const path of [site.directory, site.config]) chownSync(path, NOBODY, NOBODY)
    const asOwner = { env: WITHOUT_ROOT }
    expect((await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { ...asOwner, stdin: M0 })).code).toBe(0)
    expect((await site.run('mq-sendmail', ['-odq', 'two@d.ex'], { stdin: M0 })).code).toBe(0)
    for (const action of ['hold', 'release'])
      expect((await site.run('mq-queue', [action, 'ALL'])).code).toBe(0)
    expect(ofRoot(site.queueDir)).toEqual([])
    expect(await site.run('mq-run', [], asOwner)).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ rcptTo }) => rcptTo[0]).sort()).toEqual(['one@d.ex', 'two@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({})
  })
})

/** Closed to everybody but root, whom the test does not run as. */
const CLOSED: readonly [string, (site: MailSite) => string][] = [
  ['that may not be entered', (site) => site.queueDir],
  ['in a directory that may not be entered', (site) => join(site.queueDir, '..')],
]

const CALLS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['mq-sendmail', '-odq', 'two@d.ex'],
  ['mq-mail', '-s', 's', 'two@d.ex'],
  ['mq-run'],
  ['mq-sendmail', '-bp'],
  ['mq-queue', 'list'],
  ['mq-queue', 'list', '--json'],
  ['mq-queue', 'stats'],
  ['mq-queue', 'shape'],
  ['mq-queue', 'hold', 'ALL'],
]

describe.runIf(canRunWithoutRoot())('a queue of another user', () => {
  it.each(CLOSED)('%s is named as what cannot be read', async (_title, closed) => {
    const site = await openSite({ queue_dir: undefined })
    mkdirSync(join(site.directory, 'spool'), { mode: 0o755 })
    const queueDir = join(site.directory, 'spool/queue')
    site.configure({ queue_dir: queueDir, spool: 'only' })
    chmodSync(site.directory, 0o755)
    chmodSync(site.config, 0o644)
    const asMe = await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin: M0 })
    expect(asMe.code).toBe(0)
    const path = closed({ ...site, queueDir })
    chmodSync(path, 0)
    try {
      for (const [command, ...args] of CALLS) {
        const { code, stdout, stderr } = await site.run(command, args, { stdin: M0, env: WITHOUT_ROOT })
        const why = `cannot read the queue directory ${queueDir}: permission denied; check owner and mode`
        expect([command, args, code, stdout]).toEqual([command, args, 77, ''])
        expect(stderr).toMatch(new RegExp(`^mq-\\w+: [^\n]*${why}[^\n]*\n`))
      }
      const probe = await site.run('mq-queue', ['check'], { env: WITHOUT_ROOT })
      expect(probe).toMatchObject({ code: 3, stderr: '' })
      expect(probe.stdout).toMatch(/^MAILQUEUE UNKNOWN - cannot read the queue directory /)
    } finally {
      chmodSync(path, 0o700)
    }
    expect(queueContents(queueDir)).toEqual({ new: ['one@d.ex=pending'] })
  })
})
