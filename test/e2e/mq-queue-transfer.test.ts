/**
 * mq-queue import and export: mail comes in with its history, goes out with its journals, and is never waiting in two
 * queues at once.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { M0, M0_WIRE, openSite, queuedText, type MailSite } from '../helpers/mail-site.ts'
import { queueContents, snapshot } from '../helpers/queue-dir.ts'
import type { CommandResult } from '../helpers/run-command.ts'

const CRASH_POINT = fileURLToPath(new URL('../helpers/crash-point.cjs', import.meta.url))
const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const DATE = 'Fri, 21 Nov 2025 21:12:00 +0000'
const PAST = ['X-Last-Attempt: Fri, 21 Nov 2025 21:42:00 +0000', 'X-Retries: 3']

/** A queue of mailqueue-runner beside the one of the site. */
function foreignQueue(site: MailSite, files: Readonly<Record<string, string>>): string {
  const path = join(site.directory, 'foreign')
  for (const folder of ['new', 'cur', 'tmp', 'failed']) mkdirSync(join(path, folder), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

describe('mq-queue import', () => {
  it('takes the mail of mailqueue-runner over with its history, and --move removes it there', async () => {
    const site = await openSite()
    const foreign = foreignQueue(site, {
      'new/1763755920.M1P2Q3.host': queuedText('one@d.ex', DATE, PAST),
      'failed/1763755921.M1P2Q3.host': queuedText('two@d.ex', DATE),
      'new/1763755922.M1P2Q3.host': 'Return-path: <a@s.ex>\r\n',
    })
    const before = snapshot(foreign)
    const dry = await site.run('mq-queue', ['import', '--dry-run', '--move', foreign])
    expect(dry).toMatchObject({ code: 65 })
    expect(dry.stdout.split('\n').filter((line) => line.includes('would be imported'))).toHaveLength(2)
    expect(existsSync(site.queueDir)).toBe(false)
    expect(snapshot(foreign)).toEqual(before)
    const result = await site.run('mq-queue', ['import', '--move', foreign])
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr).toMatch(/new\/1763755922\S+ is not imported: [^\n]*metadata block/)
    expect(result.stderr).toMatch(/mq-queue: imported 2 messages, skipped 1\n$/)
    expect(readdirSync(join(foreign, 'new'))).toEqual(['1763755922.M1P2Q3.host'])
    expect(readdirSync(join(foreign, 'failed'))).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({
      new: ['one@d.ex=pending'],
      failed: ['two@d.ex=expired'],
    })
    const id = site.queued().find(({ folder }) => folder === 'new')?.id ?? ''
    const shown = (await site.run('mq-queue', ['show', id])).stdout
    expect(shown).toMatch(/^Attempts: +3$/m)
    expect(shown).toMatch(/^Queued: +2025-11-21T21:12:00.000Z$/m)
    expect(shown).toMatch(/^Last attempt: +2025-11-21T21:42:00.000Z$/m)
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
      [['one@d.ex'], M0_WIRE],
    ])
  })

  it('takes messages without an envelope only when it is named', async () => {
    const site = await openSite()
    const letter = site.write('letter.eml', M0)
    const unclear = await site.run('mq-queue', ['import', letter])
    expect(unclear).toMatchObject({ code: 64, stdout: '' })
    expect(unclear.stderr).toMatch(/cannot be told for sure \(it may be eml\); name it with --format/)
    const args = ['import', '--format', 'eml', '--from', 'me', '--to', 'one@d.ex,"a,b"@d.ex', letter]
    expect(await site.run('mq-queue', args)).toMatchObject({
      code: 0,
      stderr: 'mq-queue: imported 1 message, skipped 0\n',
    })
    await site.run('mq-run', [])
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['me@h.example', ['one@d.ex', '"a,b"@d.ex']],
    ])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it.each([
    [['--to', 'a@d.ex'], 64, /--to is only for --format eml/],
    [['--format', 'qmail'], 64, /--format qmail: write one of mailqueue-runner, /],
  ])('%j ends with %i', async (args, code, why) => {
    const site = await openSite()
    const result = await site.run('mq-queue', ['import', ...args, foreignQueue(site, {})])
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(why)
    expect(existsSync(site.queueDir)).toBe(false)
  })

  it('takes a named file that is no message for an error', async () => {
    const site = await openSite()
    const result = await site.run('mq-queue', ['import', '--move', '/dev/null'])
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr).toBe('mq-queue: /dev/null is not imported: not a regular file, or no message\n')
    expect(existsSync(site.queueDir)).toBe(false)
  })

  it('has nothing to do for an empty queue, and refuses the queue itself', async () => {
    const site = await openSite()
    expect(await site.run('mq-queue', ['import', foreignQueue(site, {})])).toEqual({
      ...QUIET,
      stderr: 'mq-queue: imported 0 messages, skipped 0\n',
    })
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const before = snapshot(site.queueDir)
    for (const path of [site.queueDir, join(site.queueDir, 'new')]) {
      const result = await site.run('mq-queue', ['import', '--move', path])
      expect(result).toMatchObject({ code: 64 })
      expect(result.stderr).toMatch(/is this queue itself/)
    }
    expect(snapshot(site.queueDir)).toEqual(before)
    expect((await site.run('mq-queue', ['import', '/nonexistent/queue'])).code).toBe(66)
  })
})

/** Imports one message while a reading operation in the other queue fails; null when there was no such operation. */
async function importFailing(at: number, errno: string): Promise<CommandResult | null> {
  const site = await openSite()
  const foreign = foreignQueue(site, { 'new/1763755920.M1P2Q3.host': queuedText('one@d.ex', DATE) })
  const log = join(site.directory, 'operations')
  const env = {
    NODE_OPTIONS: `--require ${CRASH_POINT}`,
    MQ_TEST_CRASH_DIR: foreign,
    MQ_TEST_CRASH_AT: String(at),
    MQ_TEST_CRASH_HOW: errno,
    MQ_TEST_CRASH_OPS: '^(open|read|fstat|lstat|stat)',
    MQ_TEST_CRASH_LOG: log,
  }
  const result = await site.run('mq-queue', ['import', foreign], { env })
  expect(readdirSync(join(foreign, 'new'))).toHaveLength(1)
  return readFileSync(log, 'utf8').split('\n').length > at ? result : null
}

describe('mq-queue import from a disk that fails', () => {
  it.each(['EIO', 'EMFILE'])('says so and leaves everything there (%s)', async (errno) => {
    let at = 1
    for (let result; (result = await importFailing(at, errno)) !== null; at++) {
      expect(result.stderr).not.toMatch(/internal error/)
      expect([0, 64, 65, 75], result.stderr).toContain(result.code)
    }
    expect(at).toBeGreaterThan(20)
  })
})

/** Waiting with a history, large, held, and failed. */
async function mixedQueue(site: MailSite): Promise<MaildirQueue> {
  const store = new MaildirQueue(site.queueDir)
  const put = (bytes: Buffer, recipients: string[], options = {}, more = {}) =>
    store.enqueue(
      { envelope: { sender: 'a@s.ex', recipients }, content: bufferContent(bytes), ...more },
      options,
    )
  const reply = { status: 'delivered', recipient: 'has@d.ex', reply: '250 ok' } as const
  const refused = { status: 'failed', recipient: 'no@d.ex', scope: 'recipient', reason: 'no' } as const
  await put(Buffer.from(M0_WIRE), ['has@d.ex', 'one@d.ex'], { outcomes: [reply] }, { batch: 'b1' })
  await put(Buffer.concat([Buffer.from(M0_WIRE), Buffer.alloc(600_000, 'x')]), ['large@d.ex'])
  await put(Buffer.from(M0_WIRE), ['no@d.ex'], { outcomes: [refused] })
  await put(Buffer.from(M0_WIRE), ['held@d.ex'])
  await site.run('mq-queue', ['hold', '--to', 'held@d.ex'])
  return store
}

const MIXED = {
  new: ['has@d.ex=delivered one@d.ex=pending', 'large@d.ex=pending'],
  hold: ['held@d.ex=pending'],
  failed: ['no@d.ex=failed'],
}

describe('mq-queue export', () => {
  it('makes a queue of its own, in which everything is as it was', async () => {
    const site = await openSite()
    await mixedQueue(site)
    const before = snapshot(site.queueDir)
    const target = join(site.directory, 'exported')
    expect(await site.run('mq-queue', ['export', target, 'ALL'])).toEqual({
      ...QUIET,
      stderr: 'mq-queue: 4 messages exported\n',
    })
    expect(snapshot(site.queueDir)).toEqual(before)
    expect(queueContents(target)).toEqual(MIXED)
    const names = (queueDir: string): string[] => readdirSync(join(queueDir, 'new')).sort()
    expect(names(target)).toEqual(names(site.queueDir))
    const filtered = await site.run('mq-queue', ['-d', target, 'delete', '--batch', 'b1', '--dry-run'])
    expect(filtered.stderr).toBe('mq-queue: 1 message would be deleted\n')
    await site.run('mq-run', [target])
    expect(site.received.map(({ rcptTo }) => rcptTo).sort()).toEqual([['large@d.ex'], ['one@d.ex']])
    expect(queueContents(target)).toEqual({ hold: MIXED.hold, failed: MIXED.failed })
  })

  it.each([[], ['--dry-run']])('names what is no message, and does not count it: %j', async (...options) => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    site.place('README', 'do not delete\n')
    const target = join(site.directory, 'exported')
    const result = await site.run('mq-queue', ['export', target, 'ALL', ...options])
    expect(result.code).toBe(66)
    expect(result.stderr).toMatch(/README is no message\nmq-queue: 1 message (would be )?exported\n$/)
  })

  it.each([[], ['--move']])('makes no directory when there is nothing to export: %j', async (...options) => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const id = site.queued()[0]?.id ?? ''
    const target = join(site.directory, 'exported')
    const run = (...ids: string[]) => site.run('mq-queue', ['export', target, ...options, ...ids])
    const mistyped = await run('NOPE')
    expect(mistyped).toMatchObject({ code: 66, stdout: '' })
    expect(mistyped.stderr).toMatch(/no message NOPE [^\n]*\nmq-queue: 0 messages exported\n$/)
    expect(existsSync(target)).toBe(false)
    expect((await run('--to', 'nobody@*')).stderr).toBe('mq-queue: 0 messages exported\n')
    expect(existsSync(target)).toBe(false)
    expect(await run(id)).toEqual({ ...QUIET, stderr: 'mq-queue: 1 message exported\n' })
    expect(queueContents(target)).toEqual({ new: ['one@d.ex=pending'] })
    expect(queueContents(site.queueDir)).toEqual(options.length > 0 ? {} : { new: ['one@d.ex=pending'] })
  })

  it.each([[], ['--move']])('says once that the directory cannot be made: %j', async (...options) => {
    const site = await openSite()
    await mixedQueue(site)
    const before = queueContents(site.queueDir)
    // Not even root makes a directory there.
    const result = await site.run('mq-queue', ['export', '/sys/mailqueue', 'ALL', ...options])
    expect([75, 77]).toContain(result.code)
    expect(result.stderr).toMatch(/^mq-queue: cannot make the queue directory [^\n]*\n$/)
    expect(queueContents(site.queueDir)).toEqual(before)
  })

  it('moves what is chosen, and import brings it back', async () => {
    const site = await openSite()
    await mixedQueue(site)
    const target = join(site.directory, 'exported')
    const args = ['export', '--move', target, '--status', 'waiting,failed']
    const dry = await site.run('mq-queue', [...args, '--dry-run'])
    expect(dry).toMatchObject({ code: 0, stderr: 'mq-queue: 3 messages would be exported\n' })
    expect(existsSync(target)).toBe(false)
    expect(await site.run('mq-queue', args)).toMatchObject({
      code: 0,
      stderr: 'mq-queue: 3 messages exported\n',
    })
    expect(queueContents(site.queueDir)).toEqual({ hold: MIXED.hold })
    expect(queueContents(target)).toEqual({ new: MIXED.new, failed: MIXED.failed })
    const back = await site.run('mq-queue', ['import', '--move', target])
    expect(back).toMatchObject({ code: 0 })
    expect(back.stderr).toMatch(/1 of its recipients have it [^\n]*\n[^\n]*imported 3 messages, skipped 0\n$/)
    expect(queueContents(target)).toEqual({})
    expect(queueContents(site.queueDir)).toEqual({
      new: ['large@d.ex=pending', 'one@d.ex=pending'],
      hold: MIXED.hold,
      failed: ['no@d.ex=expired'],
    })
    expect((await site.run('mq-queue', ['retry', '--batch', 'b1'])).stderr).toBe(
      'mq-queue: 1 message made due\n',
    )
  })

  it('refuses a directory that is in use, in the queue, or cannot be made', async () => {
    const site = await openSite()
    await mixedQueue(site)
    const before = snapshot(site.queueDir)
    mkdirSync(join(site.directory, 'full/of/things'), { recursive: true })
    for (const [target, code] of [
      [join(site.directory, 'full'), 64],
      [join(site.queueDir, 'inside'), 64],
      [site.queueDir, 64],
      [join(site.directory, 'aliases'), 64],
      [join(site.config, 'queue'), 64],
      ['/nonexistent/dir/queue', 64],
    ] as const) {
      for (const more of [[], ['--dry-run']]) {
        const result = await site.run('mq-queue', ['export', target, 'ALL', ...more])
        expect(result).toMatchObject({ code, stdout: '' })
        expect(result.stderr).toMatch(/^mq-queue: [^\n]*\n$/)
        expect(result.stderr).toContain(target)
        expect(result.stderr).not.toContain('queue_dir')
      }
    }
    expect((await site.run('mq-queue', ['export', join(site.directory, 'x')])).code).toBe(64)
    expect(snapshot(site.queueDir)).toEqual(before)
  })
})
