/** The queue, exit codes, and the other names of the command. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, M0_WIRE, openSite } from '../../helpers/mail-site.ts'
import { BIN, runCommand } from '../../helpers/run-command.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../../helpers/without-root.ts'
import { runCase, testCases } from './case.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const LINE = /^mq-sendmail: [^\n]+\n$/
const NOT_SENT = { code: 64, recipients: [], stderr: LINE }
const ACCOUNT = { smtp_username: 'u', smtp_password: 'p', tls: 'off', insecure_auth: 'yes' }
const MAILQ =
  /^-Queue ID-[^\n]*\n[0-9A-F]+ +\d+ [A-Z]\w\w [A-Z]\w\w [ \d]\d [\d:]{8} {2}[^\n]+\n[^\n]*\n? *one@d\.ex\n\n-- \d+ Kbytes in 1 Request\.\n$/

describe('a mail that cannot be sent', () => {
  testCases([
    {
      name: 'E01 is queued in silence',
      args: ['-i', 'one@d.ex'],
      settings: DOWN,
      recipients: [],
      queue: ['new one@d.ex=deferred'],
    },
    {
      name: 'E03 is queued when its recipient is deferred',
      args: ['-i', 'defer@d.ex'],
      recipients: [],
      queue: ['new defer@d.ex=deferred'],
    },
    {
      name: 'E04 is queued when the password is refused',
      args: ['-i', 'one@d.ex'],
      settings: ACCOUNT,
      script: { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 no' },
      recipients: [],
      queue: ['new one@d.ex=deferred'],
    },
    {
      name: 'E05 is not even tried with -odq',
      args: ['-odq', 'one@d.ex'],
      recipients: [],
      queue: ['new one@d.ex'],
    },
    {
      name: 'E19 ends with 78 when there is no configuration',
      args: ['one@d.ex'],
      env: { MAILQUEUE_CONF: '/nonexistent' },
      code: 78,
      recipients: [],
      stderr: LINE,
    },
    {
      name: 'E19 ends with 78 when the configuration is wrong',
      args: ['one@d.ex'],
      settings: { spool: 'perhaps' },
      code: 78,
      recipients: [],
      stderr: LINE,
    },
  ])

  it.runIf(canRunWithoutRoot())('E02 ends with 75 or 77 in a directory that is closed to it', async () => {
    const site = await openSite(DOWN)
    mkdirSync(site.queueDir, { mode: 0o700 })
    chmodSync(site.directory, 0o755)
    chmodSync(site.config, 0o644)
    if (process.getuid?.() !== 0) chmodSync(site.queueDir, 0o500)
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0, env: WITHOUT_ROOT })
    expect([75, 77]).toContain(result.code)
    expect(result.stderr).toMatch(LINE)
    chmodSync(site.queueDir, 0o700)
    expect(site.queue()).toEqual([])
  })
})

describe('the queue', () => {
  testCases([
    { name: 'E06 is empty', args: ['-bp'], recipients: [], stdout: 'Mail queue is empty\n' },
    {
      name: 'E06 is empty for mailq',
      args: [],
      program: 'mailq',
      recipients: [],
      stdout: 'Mail queue is empty\n',
    },
    { name: 'E10 -q30m does not wait', args: ['-q30m'], ...NOT_SENT },
    { name: 'E11 -q takes no recipients', args: ['-q', 'one@d.ex'], ...NOT_SENT },
    { name: 'E11 -bp takes no recipients', args: ['-bp', 'one@d.ex'], ...NOT_SENT },
    ...['-bd', '-bD', '-bt', '-bz'].map((mode) => ({
      name: `E18 ${mode} is no mode`,
      args: [mode],
      ...NOT_SENT,
    })),
  ])

  it('E07 is listed in the shape of Postfix, and E08 -q delivers it once', async () => {
    const site = await runCase({
      name: '',
      args: ['-i', 'one@d.ex'],
      settings: DOWN,
      recipients: [],
      queue: ['new one@d.ex=deferred'],
    })
    const listing = await site.run('mq-sendmail', ['-bp'])
    expect(listing).toMatchObject({ code: 0, stderr: '' })
    expect(listing.stdout).toMatch(MAILQ)
    site.configure({})
    expect(await site.run('mq-sendmail', ['-q'])).toEqual(QUIET)
    expect(await site.run('mq-sendmail', ['-q'])).toEqual(QUIET)
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    expect(site.queue()).toEqual([])
  })
})

describe('the name of the command', () => {
  testCases([
    { name: 'E12 sendmail sends', args: ['-t', '-i'], program: 'sendmail' },
    { name: 'E12 send-mail sends', args: ['one@d.ex'], program: 'send-mail' },
    {
      name: 'E12 newaliases checks the aliases',
      args: [],
      program: 'newaliases',
      recipients: [],
      stdout: /: 0 aliases\n$/,
    },
    { name: 'E12 runq runs the queue', args: [], program: 'runq', recipients: [] },
  ])
})

describe('standard input', () => {
  it('E23 that cannot be read ends with 65', async () => {
    const site = await openSite()
    const script = join(site.directory, 'closed.cjs')
    // A directory in the place of standard input.
    writeFileSync(
      script,
      `const { spawnSync } = require('node:child_process')
       const { openSync } = require('node:fs')
       const [, , command, ...args] = process.argv
       const result = spawnSync(process.execPath, [command, ...args], { stdio: [openSync('/', 'r'), 'inherit', 'inherit'] })
       process.exit(result.status)`,
    )
    const result = await runCommand(relative(BIN, script), [join(BIN, 'mq-sendmail'), 'one@d.ex'], {
      config: site.config,
    })
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(result.stderr).toMatch(LINE)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })
})

describe('a server that pipelines', () => {
  testCases([
    {
      name: 'E28 and refuses one of two gives the other one the whole mail, once',
      args: ['reject@d.ex', 'one@d.ex'],
      script: { extensions: ['PIPELINING', '8BITMIME'] },
      code: 67,
      stderr: /reject@d\.ex was refused/,
      body: 'body\r\n',
      queue: ['failed reject@d.ex=failed'],
    },
    {
      name: 'E28 and goes away after 354 never has an empty mail',
      args: ['reject@d.ex', 'one@d.ex'],
      script: { extensions: ['PIPELINING'], data: { just: 'drop' } },
      code: 67,
      recipients: [],
      stderr: /reject@d\.ex was refused/,
      queue: ['new reject@d.ex=failed one@d.ex=deferred'],
    },
  ])
})
