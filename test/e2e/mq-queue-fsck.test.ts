/**
 * mq-queue fsck: everything that a crash or a hand can leave is found, named and mended, and nothing is lost by it.
 */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { messageTo } from '../integration/queue/contract.ts'
import { openSite, type MailSite } from '../helpers/mail-site.ts'
import { queueContents, snapshot } from '../helpers/queue-dir.ts'
import { startCommand } from '../helpers/run-command.ts'
import { STALL } from '../helpers/scripted-server.ts'

const CLEAN = { code: 0, signal: null, stdout: '', stderr: '' }

async function siteWith(...recipients: string[]): Promise<MailSite> {
  const site = await openSite()
  const store = new MaildirQueue(site.queueDir)
  await (await store.openRunner('admin')).close()
  for (const recipient of recipients) await store.enqueue(messageTo(recipient))
  return site
}

const only = (site: MailSite, folder: string): string => readdirSync(join(site.queueDir, folder))[0] ?? ''
const uniqueOf = (name: string): string => name.split(',')[0] ?? ''

/** Runs fsck twice: first it only tells, then it mends; the third time nothing is left. */
async function fsck(site: MailSite): Promise<string[]> {
  const before = snapshot(site.queueDir)
  const dry = await site.run('mq-queue', ['fsck', '--dry-run'])
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(snapshot(site.queueDir)).toEqual(before)
  const mended = await site.run('mq-queue', ['fsck'])
  expect(mended).toMatchObject({ code: 0, stderr: '' })
  expect(mended.stdout).toBe(dry.stdout.replaceAll('; would be ', '; '))
  expect(await site.run('mq-queue', ['fsck'])).toEqual(CLEAN)
  return mended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\d+\.M\S+/g, 'NAME'))
}

describe('mq-queue fsck', () => {
  it('finds nothing in a sound queue, and needs one', async () => {
    const site = await siteWith('one@d.ex')
    await site.run('mq-queue', ['hold', 'ALL'])
    expect(await site.run('mq-queue', ['fsck'])).toEqual(CLEAN)
    expect((await site.run('mq-queue', ['-d', '/nonexistent/queue', 'fsck'])).code).toBe(78)
  })

  it('moves a message to where its journal says', async () => {
    const site = await siteWith('one@d.ex')
    await site.run('mq-queue', ['hold', 'ALL'])
    const name = only(site, 'hold')
    renameSync(join(site.queueDir, 'hold', name), join(site.queueDir, 'failed', name))
    expect(await fsck(site)).toEqual(['failed/NAME is held, says its journal; moved to hold/'])
    expect(queueContents(site.queueDir)).toEqual({ hold: ['one@d.ex=pending'] })
    renameSync(join(site.queueDir, 'hold', name), join(site.queueDir, 'new', name))
    expect(await fsck(site)).toEqual(['new/NAME is held, says its journal; moved to hold/'])
  })

  it('brings a message back that waits and lies among the failed, and the next run sends it', async () => {
    const site = await siteWith('one@d.ex')
    const name = only(site, 'new')
    renameSync(join(site.queueDir, 'new', name), join(site.queueDir, 'failed', uniqueOf(name)))
    expect(await fsck(site)).toEqual(['failed/NAME is still to be sent, says its journal; moved to new/'])
    expect(await site.run('mq-run', [])).toEqual(CLEAN)
    expect(site.received).toHaveLength(1)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('moves what is no message to corrupt/, also two of one name', async () => {
    const site = await siteWith('one@d.ex')
    writeFileSync(join(site.queueDir, 'new', 'torn'), 'Return-path: <a@s.ex>\r\n', { mode: 0o600 })
    writeFileSync(join(site.queueDir, 'failed', 'torn'), '', { mode: 0o600 })
    mkdirSync(join(site.queueDir, 'hold', 'folder'), { mode: 0o700 })
    symlinkSync('/etc/passwd', join(site.queueDir, 'new', 'link'))
    const lines = await fsck(site)
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(line).toMatch(/ (is no message: |has the same ).*moved to corrupt\/$/)
    expect(queueContents(site.queueDir)).toMatchObject({
      new: ['one@d.ex=pending'],
      corrupt: [
        '2.torn',
        '2.torn.reason',
        'folder',
        'folder.reason',
        'link',
        'link.reason',
        'torn',
        'torn.reason',
      ],
    })
  })

  it('tells of a file whose name it cannot read, on one line also when a name has two', async () => {
    const site = await siteWith('one@d.ex')
    const path = Buffer.concat([Buffer.from(`${site.queueDir}/new/a\nb`), Buffer.from([0xff])])
    writeFileSync(path, 'no message', { mode: 0o600 })
    const result = await site.run('mq-queue', ['fsck'])
    expect(result).toMatchObject({ code: 75, stderr: '' })
    expect(result.stdout).toBe(
      'new/a?b\ufffd has a name that is not UTF-8, so it is never tried; give it another; left as it is\n',
    )
    rmSync(path)
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=pending'] })
  })

  it('leaves one name of a message that has two, and one of two messages with the same name', async () => {
    const site = await siteWith('one@d.ex', 'two@d.ex')
    const [one = '', two = ''] = readdirSync(join(site.queueDir, 'new'))
    linkSync(join(site.queueDir, 'new', one), join(site.queueDir, 'failed', one))
    const copy = join(site.queueDir, 'failed', `${uniqueOf(two)},N=1,P=1`)
    copyFileSync(join(site.queueDir, 'new', two), copy)
    chmodSync(copy, 0o600)
    const lines = await fsck(site)
    expect(lines.toSorted()).toEqual([
      'failed/NAME has the same unique name as new/NAME moved to corrupt/',
      'failed/NAME is a second name of new/NAME removed',
    ])
    expect(queueContents(site.queueDir)).toMatchObject({ new: ['one@d.ex=pending', 'two@d.ex=pending'] })
    expect(Object.keys(queueContents(site.queueDir))).toEqual(['new', 'corrupt'])
  })

  it('closes the queue to others', async () => {
    const site = await siteWith('one@d.ex')
    chmodSync(site.queueDir, 0o755)
    chmodSync(join(site.queueDir, 'new', only(site, 'new')), 0o644)
    expect(await fsck(site)).toEqual([
      '. has the mode 0755; changed to 0700',
      'new/NAME has the mode 0644; changed to 0600',
    ])
    expect(statSync(site.queueDir).mode & 0o777).toBe(0o700)
  })

  it('clears away what is older than 36 hours, and tells of a torn journal', async () => {
    const site = await siteWith('one@d.ex')
    const old = Date.now() / 1000 - 37 * 3600
    appendFileSync(join(site.queueDir, 'state', `${uniqueOf(only(site, 'new'))}.log`), '\n{"time":"20', {
      mode: 0o600,
    })
    // The time of the last change cannot be set back, so only the names and times tell here.
    writeFileSync(join(site.queueDir, 'tmp', 'young'), 'x', { mode: 0o600 })
    utimesSync(join(site.queueDir, 'tmp', 'young'), old, old)
    const result = await site.run('mq-queue', ['fsck'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(
      /^state\/\S+ has 1 line that is torn or not known; nothing needs to be done\n$/,
    )
    expect(readdirSync(join(site.queueDir, 'tmp'))).toEqual(['young'])
  })

  it('takes back the claims of a process that was killed, and leaves those of one that lives', async () => {
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
    await new MaildirQueue(site.queueDir).enqueue(messageTo('one@d.ex'))
    const run = startCommand('mq-run', [], { config: site.config })
    while (dots.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(await site.run('mq-queue', ['fsck'])).toEqual(CLEAN)
    expect(site.queue()).toEqual(['cur one@d.ex'])
    run.child.kill('SIGKILL')
    await run.result
    const lines = (await site.run('mq-queue', ['fsck'])).stdout
    expect(lines).toMatch(/^cur\/\S+ is claimed by a process that is gone; taken back$/m)
    expect(lines).toMatch(/^runners\/\S+ is the file of a process that is gone; removed$/m)
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=in-doubt'] })
    expect(await site.run('mq-queue', ['fsck'])).toEqual(CLEAN)
  })

  it('takes nothing away from runs beside it', async () => {
    const recipients = Array.from({ length: 60 }, (_, k) => `r${k}@d.ex`)
    const site = await siteWith(...recipients)
    const runs = [1, 2].map(() => startCommand('mq-run', ['--force'], { config: site.config }).result)
    const checks = [1, 2, 3].map(() => startCommand('mq-queue', ['fsck'], { config: site.config }).result)
    for (const { code, stderr } of await Promise.all(checks))
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const { code } of await Promise.all(runs)) expect(code).toBe(0)
    expect(site.received.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(recipients.sort())
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
