/**
 * Arguments of mq-queue and mq-run that a script makes of a variable that is not set: an error, and never another queue.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'

async function siteWithOne(): Promise<MailSite> {
  const site = await openSite()
  await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
  return site
}

const EMPTY: readonly (readonly [string, readonly string[]])[] = [
  ['mq-run', ['']],
  ['mq-queue', ['-d', '', 'list']],
  ['mq-queue', ['-d', '', 'stats']],
  ['mq-queue', ['-d', '', 'delete', 'ALL']],
  ['mq-queue', ['-d', '', 'flush', 'ALL']],
  ['mq-queue', ['-d', '', 'fsck']],
  ['mq-queue', ['export', '', 'ALL']],
  ['mq-queue', ['import', '']],
]

describe('an empty name of a directory', () => {
  it.each(EMPTY)('is an error of %s %j, and not the current directory', async (name, args) => {
    const site = await siteWithOne()
    const before = site.queue()
    const cwd = join(site.directory, 'elsewhere')
    mkdirSync(cwd)
    const result = await site.run(name, args, { cwd })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-[a-z]+: the name of the [a-z ]+ is empty; write it out\n$/)
    expect(readdirSync(cwd)).toEqual([])
    expect(site.queue()).toEqual(before)
    expect(site.received).toEqual([])
  })

  it('is UNKNOWN for the probe', async () => {
    const result = await (await siteWithOne()).run('mq-queue', ['-d', '', 'check'])
    expect(result).toMatchObject({ code: 3, stderr: '' })
    expect(result.stdout).toMatch(/^MAILQUEUE UNKNOWN - the name of the queue directory is empty/)
  })
})

describe('mq-queue edit', () => {
  it.each(['--add', '--remove'])('%s that names nobody is an error', async (option) => {
    const site = await siteWithOne()
    const before = site.queue()
    const result = await site.run('mq-queue', ['edit', option, '', 'ALL'])
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toBe(`mq-queue: ${option} names nobody; write an address\n`)
    expect(site.queue()).toEqual(before)
  })
})
