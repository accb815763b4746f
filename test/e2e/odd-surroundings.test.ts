/**
 * Commands in surroundings that nobody plans for: output that goes nowhere, a working directory that is gone, a
 * queue that was never made, input of another system.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { BIN } from '../helpers/run-command.ts'

/** Runs a shell line in which `$BIN` is the directory of the commands. */
function shell(site: MailSite, line: string, cwd = site.directory): { code: number | null; stderr: string } {
  const env = { PATH: process.env['PATH'], BIN, MAILQUEUE_CONF: site.config, HOME: '/nonexistent' }
  const { status, stderr } = spawnSync('/bin/sh', ['-c', line], { env, cwd, input: M0, encoding: 'utf8' })
  return { code: status, stderr }
}

describe('standard output that takes nothing', () => {
  it.each([
    ['mq-sendmail -bp'],
    ['mq-queue list'],
    ['mq-sendmail --print-config'],
    ['mq-sendmail --version'],
  ])('is a failure of %s', async (command) => {
    const site = await openSite()
    const { code, stderr } = shell(site, `"$BIN"/${command} >/dev/full`)
    expect(code).toBe(75)
    expect(stderr).toMatch(/^mq-[a-z]+: cannot write to standard output: [^\n]*\n$/)
  })

  it('is no failure when its reader had enough', async () => {
    const site = await openSite()
    const { code, stderr } = shell(site, '{ "$BIN"/mq-sendmail --help; echo $? >code; } | true; cat code >&2')
    expect([code, stderr]).toEqual([0, '0\n'])
  })
})

describe('a command', () => {
  it('says so when its relative configuration is looked for in a directory that is gone', async () => {
    const site = await openSite()
    const gone = join(site.directory, 'gone')
    mkdirSync(gone)
    const line = 'rmdir ../gone; "$BIN"/mq-sendmail -C rel.conf one@d.ex'
    const { code, stderr } = shell(site, line, gone)
    expect(code).toBe(78)
    expect(stderr).toMatch(
      /^mq-sendmail: rel\.conf: no such file, because the working directory is gone[^\n]*\n$/,
    )
    expect(() => rmdirSync(gone)).toThrow()
  })

  it('says so when a file of its call is looked for in a directory that is gone', async () => {
    const site = await openSite()
    const gone = join(site.directory, 'gone')
    mkdirSync(gone)
    const { code, stderr } = shell(site, 'rmdir ../gone; "$BIN"/mq-mail -m letter.txt one@d.ex', gone)
    expect(code).toBe(66)
    expect(stderr).toMatch(
      /^mq-mail: the file with the body "letter\.txt" cannot be found: [^\n]* gone[^\n]*\n$/,
    )
    expect(site.queue()).toEqual([])
  })

  it('lists a configured queue that was never needed as empty', async () => {
    const site = await openSite()
    const result = await site.run('mq-queue', ['list'])
    expect(result).toMatchObject({ code: 0, stdout: 'Mail queue is empty\n', stderr: '' })
  })

  it('masks what would drive the terminal in its own words', async () => {
    const site = await openSite()
    const { stderr } = await site.run('mq-queue', ['\u001b[31mX\u202e'])
    expect(stderr).toContain('?[31mX?')
    expect(stderr).not.toContain('\u001b')
    expect(stderr).not.toContain('\u202e')
  })

  it('says that waiting will not help when there is neither a smarthost nor a queue', async () => {
    const site = await openSite({ smtp_hostname: undefined, smtp_port: undefined, queue_dir: undefined })
    const { code, stderr } = await site.run('mq-sendmail', ['-i', 'one@d.ex'], { stdin: M0 })
    expect(code).toBe(78)
    expect(stderr).toMatch(/^mq-sendmail: [^\n]*smtp_hostname[^\n]*queue_dir[^\n]*\n$/)
  })

  it('takes a message with a byte order mark in front of its header', async () => {
    const site = await openSite()
    expect((await site.run('mq-sendmail', ['-i', '-t'], { stdin: `\ufeff${M0}` })).code).toBe(0)
    expect(site.received[0]?.data.toString().startsWith('From: a@s.ex\r\n')).toBe(true)
  })

  it('waits for a silent server no longer than submit_timeout, and says so', async () => {
    const site = await openSite({ submit_timeout: '1' }, { banner: { just: 'stall' } })
    const test = await site.run('mq-send-test', ['--to', 'one@d.ex'])
    expect(test.code).toBe(75)
    expect(test.stderr).toContain('the server was not ready for the message within 1 s')
    expect((await site.run('mq-sendmail', ['-i', 'one@d.ex'], { stdin: M0 })).code).toBe(0)
    const list = await site.run('mq-queue', ['list'])
    expect(list.stdout).toContain('the server was not ready for the message within 1 s')
  })
})
