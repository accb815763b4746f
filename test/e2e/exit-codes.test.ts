/**
 * The exit codes: docs/exit-codes.md has the table of the code, and each code can really be had.
 */
import { chmodSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EX, EXIT_MEANING } from '../../src/errors/sysexits.ts'
import { DOWN, M0, openSite, type Settings } from '../helpers/mail-site.ts'
import type { Script } from '../helpers/scripted-server.ts'

const PAGE = readFileSync(new URL('../../docs/exit-codes.md', import.meta.url), 'utf8')

/** Rows of a table: code, name, meaning. */
const ROWS = [...PAGE.matchAll(/^\| (\d+) +\| ([A-Z]+) +\| (.*?) +\|$/gm)].map(([, code, name, meaning]) => [
  Number(code),
  name,
  meaning,
])

describe('docs/exit-codes.md', () => {
  it('has exactly the codes, names and meanings of the program', () => {
    const wanted = Object.entries(EX).map(([name, code]) => [code, name, EXIT_MEANING[code]])
    expect(wanted.length).toBeGreaterThan(5)
    expect(ROWS).toEqual(wanted)
  })

  it('names no code that the program does not have', () => {
    const codes: readonly number[] = Object.values(EX)
    const named = [...PAGE.matchAll(/\b(?:6[4-9]|7\d)\b/g)].map(([text]) => Number(text))
    expect(named.filter((code) => !codes.includes(code))).toEqual([])
  })
})

interface Case {
  readonly code: number
  readonly why: string
  readonly command: readonly [string, ...string[]]
  readonly settings?: Settings
  readonly script?: Script
  readonly preload?: string
}

/** A module that is loaded before the command, without a blank in it. */
const preload = (code: string): string => `--import=data:text/javascript,${code}`
const NO_SUCH_USER = preload('process.setgroups([]);process.setgid(54321);process.setuid(54321)')
const BROKEN = preload("Date.now=()=>{throw(new(TypeError)('broken'))}")

const CASES: readonly Case[] = [
  { code: EX.OK, why: 'sent', command: ['mq-sendmail', 'one@d.ex'] },
  { code: EX.OK, why: 'queued', command: ['mq-mail', 'one@d.ex'], settings: DOWN },
  { code: EX.USAGE, why: 'an unknown option', command: ['mq-run', '--nonsense'] },
  { code: EX.DATAERR, why: 'no address', command: ['mq-sendmail', 'a@@b'] },
  { code: EX.NOINPUT, why: 'no such directory', command: ['mq-run', '/nonexistent/queue'] },
  { code: EX.NOUSER, why: 'a refused recipient', command: ['mq-mail', 'reject@d.ex'] },
  {
    code: EX.UNAVAILABLE,
    why: 'a refused message',
    command: ['mq-sendmail', 'one@d.ex'],
    script: { dot: '554 5.6.0 no' },
  },
  { code: EX.SOFTWARE, why: 'a fault', command: ['mq-sendmail', 'one@d.ex'], preload: BROKEN },
  {
    code: EX.TEMPFAIL,
    why: 'a server that is down, and no queue',
    command: ['mq-sendmail', 'one@d.ex'],
    settings: { ...DOWN, queue_dir: undefined },
  },
  { code: EX.CONFIG, why: 'no smarthost', command: ['mq-run'], settings: { smtp_hostname: undefined } },
]

describe('a command ends with', () => {
  it.each(CASES)('$code for $why', async ({ code, command: [name, ...args], settings, script, preload }) => {
    const site = await openSite(settings, script)
    const env = preload === undefined ? {} : { NODE_OPTIONS: preload }
    const result = await site.run(name, args, { stdin: M0, env })
    expect(result).toMatchObject({ code, signal: null, stdout: '' })
    expect(result.stderr).toMatch(code === 0 ? /^$/ : new RegExp(`^${name}: [^\\n]+\\n$`))
  })

  it.skipIf(process.getuid?.() !== 0)(
    '71 for a user who does not exist, and 0 when that user says who sends',
    async () => {
      const site = await openSite()
      chmodSync(site.directory, 0o755)
      chmodSync(site.config, 0o644)
      const run = { stdin: M0, env: { NODE_OPTIONS: NO_SUCH_USER } }
      const result = await site.run('mq-sendmail', ['one@d.ex'], run)
      expect(result).toMatchObject({ code: EX.OSERR, stdout: '' })
      expect(result.stderr).toMatch(
        /^mq-sendmail: this user has no entry in the password file[^\n]*-f[^\n]*\n$/,
      )
      expect(site.server.connections).toBe(0)
      expect(await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], run)).toMatchObject({
        code: 0,
        stderr: '',
      })
      expect(site.received.map(({ mailFrom }) => mailFrom)).toEqual(['a@s.ex'])
    },
  )

  it.skipIf(process.getuid?.() !== 0)('77 for a configuration that may not be read', async () => {
    const site = await openSite()
    chmodSync(site.directory, 0o755)
    const result = await site.run('mq-send-test', ['--to=one@d.ex'], { env: { NODE_OPTIONS: NO_SUCH_USER } })
    expect(result).toMatchObject({ code: EX.NOPERM, stdout: '' })
    expect(result.stderr).toMatch(/^mq-send-test: [^\n]*mailqueue\.conf: permission denied[^\n]*\n$/)
  })
})
