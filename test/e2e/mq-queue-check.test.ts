/**
 * mq-queue check: the probe ends with 0 to 3 and one line, whatever happens.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, openSite, queuedText } from '../helpers/mail-site.ts'
import { snapshot } from '../helpers/queue-dir.ts'
import { addForeignFile, filledSite } from './mq-queue-site.ts'

describe('mq-queue check', () => {
  it('is OK for a queue that was run just now, and for one that was never needed', async () => {
    const site = await openSite()
    expect(await site.run('mq-queue', ['check'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^MAILQUEUE OK - 0 messages wait \| waiting=0;1000;10000;0 [^\n]*\n$/,
      ) as string,
    })
    await site.run('mq-sendmail', ['-odq', 'defer@d.ex'], { stdin: M0 })
    await site.run('mq-run', [])
    const before = snapshot(site.queueDir)
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(stdout).toMatch(
      /^MAILQUEUE OK - 1 message waits, the oldest for \d+s \| .* last_run=\d+s;1800;7200;0 free=\d+B;;104857600:;0\n$/,
    )
    expect(code).toBe(0)
    expect(snapshot(site.queueDir)).toEqual(before)
  })

  it.each([
    [['--warn-count', '2'], 1, 'WARNING - 2 messages wait'],
    [['--warn-count', '1', '--crit-count', '2'], 2, 'CRITICAL - 2 messages wait'],
    [['--warn-count', '2', '--from', 'a@*'], 0, 'OK - 1 message waits'],
    [['--min-free', '999999999T'], 2, 'CRITICAL - only '],
    [['--min-free', '100%'], 2, 'CRITICAL - only '],
    [['--warn-age', '0s'], 1, 'WARNING - a message waits for '],
  ])('with %j ends with %i', async (args, code, words) => {
    const site = await filledSite()
    const result = await site.run('mq-queue', ['check', ...args])
    expect(result).toMatchObject({ code, stderr: '' })
    expect(result.stdout.startsWith(`MAILQUEUE ${words}`)).toBe(true)
    expect(result.stdout).toMatch(/^[^\n|]+ \| [^\n|]+\n$/)
  })

  it('warns of a server that is down, and says why', async () => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    await site.run('mq-run', ['--all'])
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^MAILQUEUE WARNING - account default cannot be used: [^|\n]*ECONNREFUSED/)
  })

  it('is critical when the login is refused', async () => {
    const login = { smtp_username: 'u', smtp_password: 'secret', insecure_auth: 'yes', tls: 'off' }
    const site = await openSite(login, { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 no' })
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(stdout).toMatch(/^MAILQUEUE CRITICAL - account default cannot be used: /)
    expect(stdout).not.toContain('secret')
    expect(code).toBe(2)
  })

  it('warns of files in corrupt/ and of files that are no messages', async () => {
    const site = await filledSite()
    addForeignFile(site)
    mkdirSync(join(site.queueDir, 'corrupt'), { recursive: true })
    writeFileSync(join(site.queueDir, 'corrupt', 'odd'), '')
    writeFileSync(join(site.queueDir, 'corrupt', 'odd.reason'), '')
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(stdout).toMatch(/^MAILQUEUE WARNING - 1 file in corrupt\/; 1 file cannot be read \| /)
    expect(code).toBe(1)
  })

  it('is critical for mail that waits for days in a queue that nobody runs', async () => {
    const site = await openSite()
    site.place('1606000000.old', queuedText('one@d.ex', 'Sat, 21 Nov 2020 20:12:00 +0000'))
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(stdout).toMatch(
      /^MAILQUEUE CRITICAL - a message waits for \d+d[^|]*; mail waits and the queue was never run \| /,
    )
    expect(code).toBe(2)
  })
})

describe('a probe that cannot look', () => {
  it.each([
    ['an option that does not exist', ['check', '--nonsense']],
    ['a value that means nothing', ['check', '--warn-age', 'long']],
    ['limits the wrong way round', ['check', '--warn-count', '9', '--crit-count', '8']],
    ['a filter that means nothing', ['check', '--status', 'strange']],
    ['a word too many', ['check', 'now']],
    ['a queue that does not exist', ['--queue-dir', '/nonexistent/queue', 'check']],
    ['a configuration that does not exist', ['-C', '/nonexistent/conf', 'check']],
  ])('for %s ends with 3 and one line', async (_, args) => {
    const site = await openSite()
    const { code, stdout } = await site.run('mq-queue', args)
    expect(stdout).toMatch(/^MAILQUEUE UNKNOWN - [^\n|]+\n$/)
    expect(code).toBe(3)
  })

  it('for a queue that is a file ends with 3 as well', async () => {
    const site = await openSite()
    rmSync(site.queueDir, { recursive: true, force: true })
    writeFileSync(site.queueDir, '')
    const { code, stdout } = await site.run('mq-queue', ['check'])
    expect(stdout).toMatch(/^MAILQUEUE UNKNOWN - [^\n|]+ is not a directory[^\n]*\n$/)
    expect(code).toBe(3)
  })

  it('still prints its help', async () => {
    const site = await openSite()
    const { code, stdout } = await site.run('mq-queue', ['check', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('--warn-age <duration>')
  })
})
