/** The process: what it is called, how long it waits, what it leaves behind, and how much it holds in memory. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { MailSite } from '../../helpers/mail-site.ts'
import { BIN, startCommand } from '../../helpers/run-command.ts'
import { expectCase, mailEnvironment, openMailSite, runCase } from './case.ts'

const MEGABYTE = 1024 * 1024
const REPORT_MEMORY = fileURLToPath(new URL('../../helpers/report-memory.cjs', import.meta.url))

/** Processes that work with the configuration of the site. */
function processesOf(site: MailSite): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(site.config)
    } catch {
      return false // it has ended by now
    }
  })
}

describe('the process', () => {
  it('A86 waits for a slow writer, ends when the server has the mail, and leaves no other behind', async () => {
    const site = await openMailSite()
    const pipe = join(site.directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    const args = ['-s', 'S', 'a@x.org']
    const running = startCommand('mq-mail', args, {
      config: site.config,
      env: { ...mailEnvironment(site), PIPE: pipe },
      through: ['sh', '-c', 'cat "$PIPE" | "$@"', 'sh'],
    })
    // opens when the writer on the other side of the pipe has started
    const slow = await open(pipe, 'w')
    await slow.write('first\n')
    expect(running.child.exitCode).toBeNull()
    await slow.write('last\n')
    await slow.close()
    await expectCase(site, await running.result, { name: '', args, text: 'first\nlast\n' })
    if (existsSync('/proc/self/environ')) expect(processesOf(site)).toEqual([])
  })

  it.each(['mail', 'mailx', 'Mail'])('A96 may be called %s', async (name) => {
    const site = await openMailSite()
    const link = join(site.directory, name)
    symlinkSync(join(BIN, 'mq-mail'), link)
    const args = ['-s', 'S', 'a@x.org']
    const result = await site.run(relative(BIN, link), args, { stdin: 'hello\n', env: mailEnvironment(site) })
    await expectCase(site, result, { name, args, text: 'hello\n', lines: ['Subject: S'] })
  })

  it.skipIf(!existsSync('/proc/self/status'))(
    'A95 holds little of large data, takes seconds for it at most, and every byte arrives',
    async () => {
      const text = `${'0123456789abcdef'.repeat(4)}\n`.repeat(Math.ceil((5 * MEGABYTE) / 65))
      const line = 'x'.repeat(3 * MEGABYTE)
      const site = await runCase({
        name: '',
        args: ['-s', 'S', '-a', 'DIR/line.txt', 'a@x.org'],
        files: { 'line.txt': line },
        stdin: text,
        // seconds of the processor: it is killed when it needs more
        through: ['sh', '-c', 'ulimit -t 20; exec "$@"', 'sh'],
        env: { NODE_OPTIONS: `--require ${REPORT_MEMORY}`, MQ_TEST_MEMORY_FILE: 'DIR/memory' },
        type: 'multipart/mixed',
        text,
        attachments: [{ name: 'line.txt', type: 'text/plain', content: Buffer.from(line) }],
      })
      const memory = Number(readFileSync(join(site.directory, 'memory'), 'utf8')) * 1024
      expect(memory).toBeLessThan(130 * MEGABYTE)
    },
  )
})
