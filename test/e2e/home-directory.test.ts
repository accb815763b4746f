/**
 * A home directory that the environment does not name: files of the current directory, which anybody may have put
 * there, must not say where mail goes.
 */
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSite } from '../helpers/mail-site.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'

const isRoot = process.getuid?.() === 0
const NAME = 'quite-unknown-name'

describe.each([[''], ['.']])('HOME=%j', (HOME) => {
  it('makes no .mailrc of the current directory count', async () => {
    const site = await openSite()
    site.write('.mailrc', `alias ${NAME} evil@x.org\n`)
    const options = { env: { HOME }, cwd: site.directory, stdin: 'b\n' }
    expect((await site.run('mq-mail', ['-n', '-s', 's', NAME], options)).code).toBe(0)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([[`${NAME}@h.example`]])
    expect(site.queue()).toEqual([])
  })

  it('makes no configuration of the current directory count', async () => {
    const site = await openSite()
    site.write('.mailqueue.conf', '[mailqueue]\nthis_is_no_option = 1\n')
    const options = { env: { HOME, MAILQUEUE_CONF: '' }, cwd: site.directory }
    const { stderr } = await site.run('mq-mail', ['-n', '-d', '-s', 's', NAME], options)
    expect(stderr).not.toContain('this_is_no_option')
    expect(site.received).toEqual([])
  })
})

describe.runIf(isRoot && canRunWithoutRoot())('a mailrc file', () => {
  it.each([
    [0, 'root', 'evil@x.org', ''],
    [65534, 'the user', 'evil@x.org', ''],
    [1234, 'anybody else', `${NAME}@h.example`, 'is not used: it belongs to another user'],
  ])('of user %i counts only when that is root or the user: %s', async (uid, _who, recipient, said) => {
    const site = await openSite({ queue_dir: undefined })
    for (const path of [site.directory, site.config, join(site.directory, 'aliases')])
      chownSync(path, 65534, 65534)
    const MAILRC = site.write('shared', `alias ${NAME} evil@x.org\n`)
    const args = ['-n', '-s', 's', NAME]
    chmodSync(MAILRC, 0o644)
    chownSync(MAILRC, uid, uid)
    const result = await site.run('mq-mail', args, { env: { ...WITHOUT_ROOT, MAILRC }, stdin: 'b\n' })
    expect(result.code).toBe(0)
    expect(result.stderr).toContain(said)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([[recipient]])
  })
})
