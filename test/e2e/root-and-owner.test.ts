/**
 * The administrator is root and the queue belongs to somebody else: what root does there must not lock its owner out.
 */
import { chownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite } from '../helpers/mail-site.ts'
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
