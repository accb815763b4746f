/** A run of the queue opens no file that the AppArmor profile does not grant. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite } from '../helpers/mail-site.ts'
import { ROOT } from '../unit/docs/pages.ts'

/** The profile with everything that it includes. */
const parsed = spawnSync('apparmor_parser', ['-p', join(ROOT, 'packaging/apparmor/mailqueue')], {
  encoding: 'utf8',
})
const canRun = parsed.status === 0 && spawnSync('strace', ['true']).status === 0

/** The values of the variables, as alternatives of a pattern. */
function variables(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const [, name = '', words = ''] of text.matchAll(/^@\{([\w_]+)\}\s*\+?=\s*(.*)$/gm)) {
    const before = values.get(name)
    // Whoever uses a variable writes the slash behind it.
    const added = words
      .replaceAll('"', '')
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/\/$/, ''))
      .join(',')
    values.set(name, before === undefined ? added : `${before},${added}`)
  }
  return values
}

function expand(path: string, values: ReadonlyMap<string, string>): string {
  const once = path.replace(/@\{([\w_]+)\}/g, (_, name: string) => `{${values.get(name) ?? ''}}`)
  return once === path ? path : expand(once, values)
}

const SIGNS: Readonly<Record<string, string>> = {
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  '}': ')',
  ',': '|',
}

/** A path of a rule as a regular expression. */
function patternOf(path: string): RegExp {
  const text = path.replace(/\*\*|[*?{},]|[.+^$()|\\]/g, (sign) => SIGNS[sign] ?? `\\${sign}`)
  return new RegExp(`^${text}$`)
}

/** What may be read. */
function readable(text: string): RegExp[] {
  const values = variables(text)
  const rules = text.matchAll(/^\s*(?:owner\s+)?"?((?:\/|@\{)[^\s"]*)"?\s+([a-zA-Z]+),/gm)
  return [...rules]
    .filter(([, , rights = '']) => rights.includes('r'))
    .map(([, path = '']) => patternOf(expand(path, values)))
}

describe.skipIf(!canRun)('the AppArmor profile', () => {
  it('grants every file that a run of the queue opens, where they are installed', async () => {
    const site = await openSite({ log: join('/var/log/mailqueue', 'none.log') })
    site.configure({ log: join(site.directory, 'events.log') })
    expect((await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin: M0 })).code).toBe(0)
    const trace = join(site.directory, 'trace')
    const through = ['strace', '-f', '-z', '-e', 'trace=openat,open,execve', '-o', trace]
    expect((await site.run('mq-run', [], { through })).code).toBe(0)
    const installed: readonly (readonly [string, string])[] = [
      [site.queueDir, '/var/spool/mailqueue/queue'],
      [join(site.directory, 'events.log'), '/var/log/mailqueue/events.log'],
      [join(site.directory, 'aliases'), '/etc/aliases'],
      [site.config, '/etc/mailqueue.conf'],
      [`${ROOT}/`, '/usr/lib/mailqueue/'],
      [process.execPath, '/usr/bin/node'],
      ['/proc/self/', `/proc/${process.pid}/`],
    ]
    const opened = [
      ...readFileSync(trace, 'utf8').matchAll(/(?:openat|open|execve)\((?:AT_FDCWD, )?"(\/[^"]*)"/g),
    ].map(([, path = '']) => {
      const found = installed.find(([here]) => path.startsWith(here))
      return found === undefined ? path : found[1] + path.slice(found[0].length)
    })
    expect(opened.length).toBeGreaterThan(20)
    const patterns = readable(parsed.stdout)
    const denied = opened.filter(
      (path) => !patterns.some((pattern) => pattern.test(path) || pattern.test(`${path}/`)),
    )
    expect([...new Set(denied)]).toEqual([])
  })
})
