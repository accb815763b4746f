/**
 * mq-sendmail -bs when a session ends before it should, over whatever it is spoken: a message that was answered 250
 * arrives once, and one that was not complete never does.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { DOWN, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { BIN } from '../helpers/run-command.ts'
import { STALL } from '../helpers/scripted-server.ts'
import { openDialogue, type SmtpDialogue } from '../helpers/smtp-dialogue.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, Try, WIRE, type Point } from './crash-rig.ts'

const OPENING = ['EHLO c', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>'] as const
const SESSION = `${[...OPENING, 'DATA'].join('\r\n')}\r\n${M0_WIRE}.\r\nQUIT\r\n`

const delivered = (site: MailSite) =>
  site.received.map(({ mailFrom, rcptTo, data }) => [mailFrom, rcptTo, data.toString()])
const ONCE = [['a@s.ex', ['one@d.ex'], M0_WIRE]]

async function opened(site: MailSite): Promise<SmtpDialogue> {
  const client = openDialogue(site)
  await client.hear()
  await client.sayAll(...OPENING)
  return client
}

describe('a client that leaves', () => {
  it.each([
    ['after RCPT', ''],
    ['after 354', 'DATA\r\n'],
    ['in the header', 'DATA\r\nSubject: x'],
    ['in the body', `DATA\r\n${M0_WIRE}`],
    ['after the dot and before its line end', `DATA\r\n${M0_WIRE}.`],
    ['after the dot and half of its line end', `DATA\r\n${M0_WIRE}.\r`],
    ['after a dot between bare LFs', `DATA\r\n${M0_WIRE}\n.\n`],
  ])('%s sends nothing, and 65 says so', async (_, last) => {
    const site = await openSite()
    const stdin = `${OPENING.join('\r\n')}\r\n${last}`
    const { code, stderr } = await site.run('mq-sendmail', ['-bs'], { stdin })
    expect(code).toBe(65)
    expect(stderr).toBe(
      'mq-sendmail: the client left in the middle of a message from <a@s.ex>, which was not sent\n',
    )
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it.each([
    ['at once', ''],
    ['after EHLO', 'EHLO c\r\n'],
    ['after RSET', `${OPENING.join('\r\n')}\r\nRSET\r\n`],
    ['in a command', 'EHLO c\r\nMAIL FROM:<a@s.ex>'],
  ])('%s is no failure', async (_, stdin) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-bs'], { stdin })).toMatchObject({ code: 0, stderr: '' })
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('after a message without a session has made a mistake, and 65 says so', async () => {
    const site = await openSite()
    const { code, stderr } = await site.run('mq-sendmail', ['-bs'], { stdin: M0_WIRE })
    expect(code).toBe(65)
    expect(stderr).toMatch(/^mq-sendmail: the input ended with what is no SMTP command; [^\n]*\n$/)
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('and does not hear the reply has sent its message once', async () => {
    const site = await openSite()
    const client = await opened(site)
    await client.say('DATA')
    client.child.stdout?.destroy()
    client.write(`${M0_WIRE}.\r\n`)
    const { code, stderr } = await client.result
    expect(stderr).toMatch(
      /^mq-sendmail: the message was taken \(sent\); its reply could not be written: [^\n]*EPIPE[^\n]*\n$/,
    )
    expect(code).toBe(0)
    expect(delivered(site)).toEqual(ONCE)
    expect(site.queue()).toEqual([])
  })

  it('and has more to send than it can hear of is told with 75 that the rest was not taken', async () => {
    const site = await openSite()
    const client = await opened(site)
    await client.say('DATA')
    client.child.stdout?.destroy()
    client.write(`${M0_WIRE}.\r\n${SESSION}`)
    const { code, stderr } = await client.result
    expect(stderr).toMatch(
      /^mq-sendmail: the message was taken [^\n]*; the messages after it were not taken\n$/,
    )
    expect(code).toBe(75)
    expect(delivered(site)).toEqual(ONCE)
    expect(site.queue()).toEqual([])
  })

  it('and hears nothing at all has sent nothing', async () => {
    const site = await openSite()
    const client = await opened(site)
    client.child.stdout?.destroy()
    client.write(`DATA\r\n${M0_WIRE}.\r\n`)
    expect(await client.result).toMatchObject({ code: 65 })
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })
})

describe('replies that cannot be written', () => {
  it('end the session with 75', async () => {
    const site = await openSite()
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [join(BIN, 'mq-sendmail'), '-bs'], {
      env: { MAILQUEUE_CONF: site.config, HOME: '/nonexistent' },
      stdio: ['pipe', full, 'pipe'],
    })
    closeSync(full)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(SESSION)
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(75)
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  const TAKEN =
    /^mq-sendmail: the message was taken \(queued as \w+\); its reply could not be written: [^\n]*EFBIG[^\n]*\n$/
  it.each([
    ['250 2.0.0 Ok: queued', DOWN, 0, TAKEN, ['new one@d.ex=deferred']],
    [
      '554 5.7.1',
      {},
      69,
      /^mq-sendmail: one@d\.ex was refused: [^\n]*\n[^\n]*not taken for everybody; [^\n]*\n$/,
      ['failed one@d.ex=failed'],
    ],
    ['221', DOWN, 0, /^$/, ['new one@d.ex=deferred']],
  ])('(%s) change nothing about a message that was decided', async (lost, settings, code, said, queue) => {
    const script = { dot: '554 5.7.1 spam' }
    const before = (await (await openSite(settings, script)).run('mq-sendmail', ['-bs'], { stdin: SESSION }))
      .stdout
    const site = await openSite(settings, script)
    const space = 8192 - before.indexOf(`\n${lost}`) - 1
    const replies = openSync(site.write('replies', '.'.repeat(space)), 'a')
    // A file has at most 16 blocks of 512 octets.
    const limited = ['-c', 'ulimit -f 16; exec "$0" "$@"', process.execPath, join(BIN, 'mq-sendmail'), '-bs']
    const child = spawn('sh', limited, {
      env: { MAILQUEUE_CONF: site.config, HOME: '/nonexistent', NODE_DISABLE_COMPILE_CACHE: '1' },
      stdio: ['pipe', replies, 'pipe'],
    })
    closeSync(replies)
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(SESSION)
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(code)
    expect(stderr).toMatch(said)
    expect(site.queue()).toEqual(queue)
  })
})

describe.each(['SIGTERM', 'SIGHUP'] as const)('%s', (signal) => {
  it('between two messages ends the session with 421', async () => {
    const site = await openSite()
    const client = openDialogue(site)
    await client.hear()
    await client.say('EHLO c')
    client.child.kill(signal)
    expect(await client.hear()).toMatch(/^421 4\.3\.2 /)
    const { code, stderr } = await client.result
    expect(code).toBe(75)
    expect(stderr).toMatch(/^mq-sendmail: the SMTP session was ended: [^\n]*\n$/)
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('in a message that is not complete forgets it', async () => {
    const site = await openSite()
    const client = await opened(site)
    await client.say('DATA')
    client.write(M0_WIRE)
    client.child.kill(signal)
    expect(await client.hear()).toMatch(/^421 4\.3\.2 /)
    expect(await client.result).toMatchObject({ code: 75 })
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('while a message is being sent queues it, and takes no other', async () => {
    let asked = (): void => undefined
    const sending = new Promise<void>((resolve) => (asked = resolve))
    const rcpt = () => {
      asked()
      return STALL
    }
    const site = await openSite({}, { rcpt })
    const client = await opened(site)
    await client.say('DATA')
    client.write(`${M0_WIRE}.\r\n${SESSION}`)
    await sending
    client.child.kill(signal)
    expect(await client.hear()).toMatch(/^250 2\.0\.0 Ok: queued as /)
    expect(await client.hear()).toMatch(/^421 4\.3\.2 /)
    expect(await client.result).toMatchObject({ code: 75 })
    expect(site.received).toEqual([])
    expect(site.queued().map(({ folder, recipients, message }) => [folder, recipients, message])).toEqual([
      ['new', ['one@d.ex'], M0_WIRE],
    ])
  })
})

describe('a session that is killed after 250', () => {
  it('has the message in the queue exactly once', async () => {
    const site = await openSite(DOWN)
    const client = await opened(site)
    expect(await client.send(M0_WIRE)).toMatch(/^250 2\.0\.0 Ok: queued as /)
    client.child.kill('SIGKILL')
    expect(await client.result).toMatchObject({ signal: 'SIGKILL' })
    expect(site.queued().map(({ folder, message }) => [folder, message])).toEqual([['new', M0_WIRE]])
    site.configure({})
    expect(await site.run('mq-run', ['--all'])).toMatchObject({ code: 0 })
    expect(delivered(site)).toEqual(ONCE)
    expect(site.queue()).toEqual([])
  })

  it('has sent the message exactly once', async () => {
    const site = await openSite()
    const client = await opened(site)
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    client.child.kill('SIGKILL')
    await client.result
    expect(await site.run('mq-run', ['--all'])).toMatchObject({ code: 0 })
    expect(delivered(site)).toEqual(ONCE)
    expect(site.queue()).toEqual([])
  })
})

describe('a session that is killed, or whose disk fails, at any operation in the queue', () => {
  let sink: SmtpSink
  let tries = 0
  beforeAll(async () => {
    sink = await startSmtpSink()
  })
  afterAll(() => sink.close())

  async function tryAt(point: Point): Promise<boolean> {
    const attempt = new Try(sink)
    tries += 1
    const recipient = `bs${tries}@d.example`
    attempt.configure({ smtp_port: '1' })
    const dialogue = ['EHLO c', 'MAIL FROM:<a@s.example>', `RCPT TO:<${recipient}>`, 'DATA', ''].join('\r\n')
    const stuffed = WIRE.toString().replace(/^\./gm, '..')
    const { stdout, code } = await attempt.runAt(
      point,
      'mq-sendmail',
      ['-bs'],
      `${dialogue}${stuffed}.\r\nQUIT\r\n`,
    )
    const accepted = stdout.includes('\n250 2.0.0 Ok: ')
    const refused = /^45[12] 4\.\d\.\d /m.test(stdout)
    if (code === 0) expect(accepted !== refused, stdout).toBe(true)
    const doubtful = await attempt.settle()
    const copies = attempt.deliveries(recipient)
    if (accepted) expect(copies).toBeGreaterThanOrEqual(1)
    if (refused) expect(copies).toBe(0)
    expect(copies).toBeLessThanOrEqual(doubtful.has(recipient) ? 2 : 1)
    expect(attempt.holds()).toEqual([])
    const reached = attempt.operations().length >= point.at
    attempt.end()
    return reached
  }

  it.each([['before'], ['ENOSPC']])('keeps its word (%s)', async (how) => {
    expect(await forEveryPoint((at) => tryAt({ at, how }))).toBeGreaterThan(15)
  })
})

describe('standard input and output', () => {
  it('may be files', async () => {
    const site = await openSite()
    const said = join(site.directory, 'said')
    const [stdin, stdout] = [openSync(site.write('session', SESSION), 'r'), openSync(said, 'w')]
    const child = spawn(process.execPath, [join(BIN, 'mq-sendmail'), '-bs'], {
      env: { MAILQUEUE_CONF: site.config, HOME: '/nonexistent' },
      stdio: [stdin, stdout, 'inherit'],
    })
    for (const fd of [stdin, stdout]) closeSync(fd)
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
    expect(readFileSync(said, 'utf8')).toMatch(
      /\r\n354 [^\r]*\r\n250 2\.0\.0 Ok: sent\r\n221 2\.0\.0 Bye\r\n$/,
    )
    expect(delivered(site)).toEqual(ONCE)
    expect(site.queue()).toEqual([])
  })

  it('may be the one socket of a client, here nodemailer', async () => {
    const site = await openSite()
    let ended: (code: unknown) => void = () => undefined
    const code = new Promise((resolve) => (ended = resolve))
    const listener = createServer({ pauseOnConnect: true }, (socket) => {
      const child = spawn(process.execPath, [join(BIN, 'mq-sendmail'), '-bs'], {
        env: { MAILQUEUE_CONF: site.config, HOME: '/nonexistent' },
        stdio: [socket, socket, 'inherit'],
      })
      socket.destroy()
      child.once('close', ended)
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void listener.close())
    const { port } = listener.address() as AddressInfo
    const client = createTransport({
      host: '127.0.0.1',
      port,
      pool: true,
      maxConnections: 1,
      ignoreTLS: true,
    })
    const send = (to: string) => client.sendMail({ envelope: { from: 'a@s.ex', to }, raw: M0_WIRE })
    expect((await send('one@d.ex')).response).toBe('250 2.0.0 Ok: sent')
    await expect(send('reject@d.ex')).rejects.toMatchObject({ responseCode: 554 })
    expect((await send('bob')).response).toBe('250 2.0.0 Ok: sent')
    client.close()
    expect(await code).toBe(0)
    expect(delivered(site)).toEqual([...ONCE, ['a@s.ex', ['bob@h.example'], M0_WIRE]])
    expect(site.queue()).toEqual(['failed reject@d.ex=failed'])
  })
})
