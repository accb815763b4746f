/**
 * What a command loads. Each part of Node.js named here costs more time than the command's own work, so a call loads
 * none that it does not need, and no more of its own code than the packs that are meant for it.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { M0, openSite } from '../helpers/mail-site.ts'
import { BIN } from '../helpers/run-command.ts'

const PRELOAD = fileURLToPath(new URL('../helpers/report-modules.cjs', import.meta.url))

const SLOW = [
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'http',
  'https',
  'net',
  'os',
  'perf_hooks',
  'readline',
  'stream',
  'tls',
  'tty',
  'worker_threads',
  'zlib',
]

interface Loaded {
  readonly builtin: readonly string[]
  readonly packs: readonly string[]
  readonly packages: readonly string[]
}

interface Call {
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
  /** Of the slow parts. */
  readonly needs: readonly string[]
  readonly packs: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  readonly queue: readonly string[]
}

const TO = ['-f', 'a@s.ex', 'one@d.ex']
const QUEUED = ['new one@d.ex']

const CALLS: readonly Call[] = [
  {
    title: 'mq-sendmail that says its version',
    command: 'mq-sendmail',
    args: ['--version'],
    needs: [],
    packs: ['mq-sendmail'],
    queue: [],
  },
  {
    title: 'mq-sendmail that queues',
    command: 'mq-sendmail',
    args: ['-odq', ...TO],
    // the directory for temporary files, while the queue has none
    needs: ['os'],
    packs: ['mq-sendmail'],
    queue: QUEUED,
  },
  {
    title: 'mq-sendmail that sends to a server without TLS',
    command: 'mq-sendmail',
    args: TO,
    // the protocol engine asks for the name of this host
    needs: ['net', 'os', 'stream'],
    packs: ['mq-sendmail', 'mq-sendmail.send'],
    queue: [],
  },
  {
    title: 'mq-mail that queues',
    command: 'mq-mail',
    args: ['-s', 'x', '-r', 'a@s.ex', 'one@d.ex'],
    settings: { spool: 'only' },
    // the composer wants them
    needs: ['os', 'stream'],
    packs: ['mq-mail'],
    queue: QUEUED,
  },
  {
    title: 'mq-run with an empty queue',
    command: 'mq-run',
    args: [],
    // the lock's package wants them
    needs: ['net', 'stream'],
    packs: ['mq-run'],
    queue: [],
  },
]

describe('a call loads only what it needs', () => {
  it.each(CALLS)('$title', async ({ command, args, needs, packs, settings, queue }) => {
    const site = await openSite(settings)
    const report = join(site.directory, 'modules.json')
    const env = { NODE_OPTIONS: `--require ${PRELOAD}`, MQ_TEST_MODULES_FILE: report }
    const result = await site.run(command, args, { env, stdin: M0 })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const loaded = JSON.parse(readFileSync(report, 'utf8')) as Loaded
    expect(loaded.builtin.filter((each) => SLOW.includes(each)).sort()).toEqual(needs)
    expect(loaded.packs).toEqual(packs)
    expect(loaded.packages).toEqual([])
    expect(site.queue()).toEqual(queue)
  })
})

describe('a program that is replaced while it runs', () => {
  const REPLACE: [string, (path: string) => void][] = [
    ['by nothing', (path) => rmSync(path)],
    ['by another version', (path) => writeFileSync(path, '(function(){return{}})')],
    ['by half a file', (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 5000))],
  ]

  async function replacedSite(pack: string, replace: (path: string) => void) {
    const site = await openSite()
    for (const folder of ['bin', 'dist/commands'])
      cpSync(join(BIN, '..', folder), join(site.directory, folder), { recursive: true })
    replace(join(site.directory, 'dist/commands', pack))
    return { site, copy: relative(BIN, join(site.directory, 'bin/mq-sendmail')) }
  }

  const BEFORE: [string, (path: string) => void][] = [
    ...REPLACE,
    ['by an older version', (path) => writeFileSync(path, '(function(){return{first:{},modules:{}}})')],
  ]

  it.each(BEFORE)(
    '%s before it begins leaves everything to its caller, who is to try again',
    async (_, replace) => {
      const { site, copy } = await replacedSite('mq-sendmail.cjs', replace)
      const result = await site.run(copy, TO, { stdin: M0 })
      expect(result).toMatchObject({ code: 75, stdout: '' })
      expect(result.stderr).toMatch(/^mq-sendmail: its program is incomplete[^\n]*; try again\n$/)
      expect(site.received).toEqual([])
      expect(site.queue()).toEqual([])
    },
  )

  it.each(REPLACE)('%s queues the mail that it cannot send any more', async (_, replace) => {
    const { site, copy } = await replacedSite('mq-sendmail.send.cjs', replace)
    const result = await site.run(copy, TO, { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(site.received).toEqual([])
    const listed = await site.run('mq-queue', ['list'])
    expect(listed.stdout).toContain(
      '(parts of this program are not there, perhaps because it was just replaced)',
    )
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it.each(REPLACE)(
    '%s leaves to its caller what it cannot even begin, who is to try again',
    async (_, replace) => {
      const { site, copy } = await replacedSite('mq-sendmail.late.cjs', replace)
      const result = await site.run(copy, ['-bs'], { stdin: 'QUIT\r\n' })
      expect(result).toMatchObject({ code: 75, stdout: '' })
      expect(result.stderr).toMatch(/^mq-sendmail: parts of this program are not there[^\n]*; try again\n$/)
      expect(site.received).toEqual([])
      expect(site.queue()).toEqual([])
    },
  )
})
