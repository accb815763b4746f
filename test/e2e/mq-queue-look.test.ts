/**
 * The commands of mq-queue that look: show, cat, log, stats, shape and top. None of them changes anything.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { snapshot } from '../helpers/queue-dir.ts'
import { BIN } from '../helpers/run-command.ts'
import { addForeignFile, filledSite, idOf, moveTo, objectsOf } from './mq-queue-site.ts'

const HAS_SCRIPT = existsSync('/usr/bin/script')

/**
 * Runs a command on a terminal and types a key once it has shown something.
 *
 * @param command what follows the directory of the commands in a shell, with the quote that closes it
 * @returns everything that reached the terminal
 */
async function onTerminal(site: MailSite, command: string, shown: string, key: string): Promise<string> {
  const line = `'${process.execPath}' '${BIN}${command}`
  const child = spawn('script', ['-qfc', line, '/dev/null'], {
    env: { ...process.env, MAILQUEUE_CONF: site.config, TERM: 'xterm', SHELL: '/bin/sh' },
  })
  const chunks: Buffer[] = []
  let typed = false
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (typed || !Buffer.concat(chunks.slice(-3)).includes(shown)) return
    typed = true
    child.stdin.write(key)
  })
  await new Promise((resolve) => child.once('close', resolve))
  child.stdin.destroy()
  return Buffer.concat(chunks).toString()
}

const ONE_OF_EACH = ['one@d.ex', 'defer@d.ex', 'reject@d.ex', 'held@d.ex']

describe('mq-queue show', () => {
  it('tells why a message is held, and with which codes a recipient was refused', async () => {
    const site = await filledSite()
    const held = await site.run('mq-queue', ['show', idOf(site, 'held@d.ex')])
    expect(held.stdout).toMatch(/^State: +held\nHeld because: +put into hold\/ by hand$/m)
    expect(held.stdout).toMatch(/^Account: +default$/m)
    expect(held.stdout).not.toMatch(/^(Next attempt|Batch|Expires):/m)
    const failed = await site.run('mq-queue', ['show', idOf(site, 'reject@d.ex')])
    expect(failed.stdout).toMatch(/^State: +failed$/m)
    expect(failed.stdout).toMatch(/^ {2}reject@d\.ex: failed \(550 5\.1\.1 no such user\)$/m)
  })

  it('prints with --json the object of list and the header', async () => {
    const site = await openSite()
    const stdin =
      'From: a@s.ex\nSubject: folded\n text\u009b1m\nX-Empty:\nX-Same: 1\nx-same: 2\n\nbody: no field\n'
    await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin })
    const { code, stdout } = await site.run('mq-queue', ['show', '--json', idOf(site, 'one@d.ex')])
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u)
    const [{ headers, ...rest } = {}, ...others] = objectsOf(stdout)
    expect(others).toEqual([])
    expect([rest]).toEqual(objectsOf((await site.run('mq-queue', ['list', '--json'])).stdout))
    expect(headers).toEqual(
      expect.arrayContaining([
        { name: 'Subject', value: 'folded text\u009b1m' },
        { name: 'X-Empty', value: '' },
        { name: 'X-Same', value: '1' },
        { name: 'x-same', value: '2' },
      ]),
    )
    expect(headers).not.toContainEqual(expect.objectContaining({ name: 'body' }))
  })
})

describe('mq-queue cat', () => {
  it.each(ONE_OF_EACH)('prints the message to %s byte for byte', async (recipient) => {
    const site = await filledSite()
    const result = await site.run('mq-queue', ['cat', idOf(site, recipient)])
    expect(result).toMatchObject({ code: 0, stdout: M0_WIRE, stderr: '' })
  })

  it('changes nothing in bytes that are no text, however many there are', async () => {
    const site = await openSite({ smtp_port: '1' })
    const odd = Buffer.from(
      Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10 && byte !== 13),
    )
    const lines = Buffer.concat(Array.from({ length: 3000 }, () => Buffer.concat([odd, Buffer.from('\r\n')])))
    await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin: Buffer.concat([Buffer.from(M0), lines]) })
    const stored = site.queued()[0]?.message ?? 'none'
    expect(stored.length).toBeGreaterThan(700_000)
    const shell = spawn(
      'sh',
      ['-c', '"$0" "$1/mq-queue" cat "$2" | od -An -v -tx1', process.execPath, BIN, idOf(site, 'one@d.ex')],
      {
        env: { ...process.env, MAILQUEUE_CONF: site.config },
      },
    )
    const chunks: Buffer[] = []
    shell.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((resolve) => shell.once('close', resolve))
    const bytes = Buffer.from(Buffer.concat(chunks).toString().replaceAll(/\s/g, ''), 'hex')
    expect(bytes.equals(Buffer.from(stored, 'latin1'))).toBe(true)
  })

  it('prints with --envelope what the queue knows', async () => {
    const site = await filledSite()
    const id = idOf(site, 'one@d.ex')
    const { code, stdout } = await site.run('mq-queue', ['cat', '--envelope', id])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Sender: +b@t\.ex$/m)
    expect(stdout).toMatch(/^Recipients:\n {2}one@d\.ex: pending\n {2}two@e\.ex: pending\n$/m)
    expect(stdout).not.toContain('Subject')
  })
})

describe('a message that is printed on a terminal', () => {
  it.skipIf(!HAS_SCRIPT)('does not drive it', async () => {
    const site = await openSite()
    const stdin = `Subject: s\n\n${'x'.repeat(300_000)}\nt\x1b[2Jü\u009b1m\n`
    await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin })
    const seen = await onTerminal(site, `mq-queue' cat ${idOf(site, 'one@d.ex')}; echo end`, 'end', '')
    expect(seen).toContain('\r\n\r\nxxx')
    expect(seen).toContain('xxx\r\nt?[2Jü?1m\r\nend\r\n')
    expect(seen).not.toMatch(/[^\P{Cc}\r\n]/u)
  })
})

describe('mq-queue log', () => {
  it('tells in lines what became of a message', async () => {
    const site = await filledSite()
    const { code, stdout } = await site.run('mq-queue', ['log', idOf(site, 'defer@d.ex')])
    expect(code).toBe(0)
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
    expect(stdout).toMatch(
      new RegExp(
        `^${time}  queued        from a@s\\.ex\\n${time}  attempt       counted\\n${time}  deferred      defer@d\\.ex \\(451 4\\.2\\.0 try again later\\)\\n$`,
      ),
    )
  })

  it('prints with --json the events as they are stored, and nothing where there is none', async () => {
    const site = await filledSite()
    const { stdout } = await site.run('mq-queue', ['log', '--json', idOf(site, 'reject@d.ex')])
    expect(objectsOf(stdout)).toMatchObject([
      { event: 'attempt' },
      { event: 'failed', recipient: 'reject@d.ex', code: 550, enhanced: '5.1.1' },
    ])
    const fresh = await site.run('mq-queue', ['log', '--json', idOf(site, 'one@d.ex')])
    expect(fresh).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })
})

describe('an id that no message has', () => {
  it.each(['show', 'cat', 'log'])('ends %s with 66 and one line', async (command) => {
    const site = await filledSite()
    const result = await site.run('mq-queue', [command, 'AAAAAAAAAAAA'])
    expect(result).toMatchObject({ code: 66, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: there is no message AAAAAAAAAAAA in the queue [^\n]+\n$/)
  })
})

describe('mq-queue stats', () => {
  it('counts messages and recipients, domains, senders and accounts', async () => {
    const site = await filledSite()
    addForeignFile(site)
    const { code, stdout } = await site.run('mq-queue', ['stats', '--json'])
    expect(code).toBe(0)
    expect(objectsOf(stdout)).toMatchObject([
      {
        queue: site.queueDir,
        places: {
          waiting: { messages: 2, octets: 2 * M0_WIRE.length },
          active: { messages: 0, octets: 0 },
          held: { messages: 1 },
          failed: { messages: 1 },
        },
        recipients: { pending: 2, deferred: 1, failed: 1, held: 1, delivered: 0, expired: 0, cancelled: 0 },
        domains: [
          { domain: 'd.ex', recipients: 3 },
          { domain: 'e.ex', recipients: 1 },
        ],
        sender_domains: [
          { domain: 'MAILER-DAEMON', messages: 1 },
          { domain: 's.ex', messages: 1 },
          { domain: 't.ex', messages: 1 },
        ],
        accounts: [{ account: 'default', messages: 3, breaker: 'closed' }],
        unreadable: 1,
        quarantined: 0,
      },
    ])
    const text = (await site.run('mq-queue', ['stats', '--top', '1'])).stdout
    expect(text).toMatch(/^waiting +2 +\d+ {2}\d+s$/m)
    expect(text).toMatch(/^Recipients: 2 pending, 1 deferred, 1 failed, 1 held$/m)
    expect(text).toMatch(/^ +3 {2}d\.ex\n +and 1 more$/m)
    expect(text).toMatch(/^Files that are no messages or cannot be read: 1$/m)
  })

  it('counts what the filters select, and tells the last run and a server that is down', async () => {
    const site = await filledSite({ smtp_port: '1' })
    await site.run('mq-run', ['--all'])
    const [record] = objectsOf((await site.run('mq-queue', ['stats', '--json', '--from', 'b@*'])).stdout)
    expect(record).toMatchObject({
      places: { waiting: { messages: 1 }, held: { messages: 0 } },
      accounts: [
        { messages: 1, trouble: 'connection', reason: expect.stringContaining('ECONNREFUSED') as string },
      ],
      last_run: { delivered: 0, stopped: expect.stringContaining('ECONNREFUSED') as string },
    })
    expect((await site.run('mq-queue', ['stats'])).stdout).toMatch(
      /^Last run: \d+s ago: 0 delivered, .*ECONNREFUSED/m,
    )
  })
})

describe('mq-queue shape', () => {
  it('shows domains and ages, by recipient and by sender', async () => {
    const site = await filledSite()
    const { stdout } = await site.run('mq-queue', ['shape'])
    expect(stdout).toMatch(
      /^ +T 5 10 20 40 80 160 320 640 1280 1280\+\nTOTAL 4 4 .*\n +d\.ex 3 3 .*\n +e\.ex 1 1 /,
    )
    const [record] = objectsOf(
      (await site.run('mq-queue', ['shape', '--sender', '--json', '--from', 'a*'])).stdout,
    )
    expect(record).toMatchObject({ total: { total: 1 }, domains: [{ domain: 's.ex', total: 1 }] })
    const failed = objectsOf((await site.run('mq-queue', ['shape', '--failed', '--json'])).stdout)
    expect(failed).toMatchObject([{ domains: [{ domain: 'd.ex', total: 1 }] }])
  })
})

describe('mq-queue top', () => {
  it('prints the counts once, or as often as asked, when nobody watches', async () => {
    const site = await filledSite()
    const once = await site.run('mq-queue', ['top'])
    expect(once).toMatchObject({ code: 0, stderr: '' })
    expect(once.stdout.match(/^State +Messages/gm)).toHaveLength(1)
    expect(once.stdout).not.toMatch(/[^\P{Cc}\n]/u)
    const twice = await site.run('mq-queue', ['top', '--count', '2', '--interval', '0.1s'])
    expect(twice.stdout.match(/^State +Messages/gm)).toHaveLength(2)
    expect((await site.run('mq-queue', ['top', '--interval', '0s'])).code).toBe(64)
  })

  it.skipIf(!HAS_SCRIPT).each(['q', '\x03'])(
    'draws on a terminal until %j is typed, and gives it back as it was',
    async (key) => {
      const site = await filledSite()
      const afterwards = `echo "ended with $?"; stty -a | grep -o -- '-*icanon'`
      const drawn = '\x1b[J'
      const seen = await onTerminal(site, `mq-queue' top --interval 1h; ${afterwards}`, drawn, key)
      expect(seen.startsWith('\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H')).toBe(true)
      expect(seen).toContain('Messages by account')
      expect(seen).toContain('\x1b[?7h\x1b[?25h\x1b[?1049lended with 0\r\nicanon\r\n')
    },
  )
})

describe('looking', () => {
  it('changes nothing, whatever is looked at', async () => {
    const site = await filledSite()
    moveTo(site, 'cur', 'one@d.ex')
    const ids = ONE_OF_EACH.map((recipient) => idOf(site, recipient))
    addForeignFile(site)
    rmSync(join(site.queueDir, 'notes'), { recursive: true, force: true })
    const before = snapshot(site.queueDir)
    const alone = [['list', '--all'], ['list', '--all', '--json'], ['stats'], ['shape'], ['top'], ['check']]
    const named = ids.flatMap((id) => [
      ['show', id],
      ['show', '--json', id],
      ['cat', id],
      ['log', id],
    ])
    for (const args of [...alone, ...named]) {
      const { code } = await site.run('mq-queue', args)
      expect({ args, code }).toEqual({ args, code: args[0] === 'check' ? 1 : 0 })
    }
    expect(snapshot(site.queueDir)).toEqual(before)
  })

  it('goes on past a message that cannot be read, and says so', async () => {
    const site = await filledSite()
    const unique =
      site
        .queued()
        .find(({ recipients }) => recipients.includes('one@d.ex'))
        ?.name.split(',')[0] ?? ''
    mkdirSync(join(site.queueDir, 'state', `${unique}.log`))
    const result = await site.run('mq-queue', ['list', '--json'])
    expect(objectsOf(result.stdout).map(({ sender }) => sender)).toHaveLength(2)
    expect(result.code).toBe(75)
    expect(result.stderr).toMatch(/^mq-queue: a message could not be read and is not shown: [^\n]+\n$/)
    expect((await site.run('mq-queue', ['check'])).stdout).toMatch(
      /^MAILQUEUE WARNING - 1 file cannot be read/,
    )
  })
})
