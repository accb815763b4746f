/**
 * A message of 200 MB passes through every command that handles messages, byte for byte, and none of them ever
 * holds much of it in memory.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHashingServer, type HashingServer } from '../helpers/hashing-server.ts'
import { DOWN, openSite, type MailSite } from '../helpers/mail-site.ts'
import type { CommandResult } from '../helpers/run-command.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const MEGABYTE = 1024 * 1024
const PRELOAD = fileURLToPath(new URL('../helpers/report-memory.cjs', import.meta.url))

const HEADER =
  'From: a@s.ex\nTo: one@d.ex\nDate: Sat, 21 Nov 2026 20:12:00 +0000\nMessage-ID: <large@s.ex>\nSubject: large\n\n'
/** What a command may hold: it and what the garbage collector has not come to yet, but no whole message. */
const MOST = 190 * MEGABYTE
/** Lines that begin with dots, so that stuffing matters at whatever place the message is cut. */
const BLOCK = `.\n..two\n${'text '.repeat(14)}\n.${'x'.repeat(61)}\n\n${'0123456789'.repeat(7)}\n`

/** The message as the caller writes it, and as it goes over the wire. */
function largeMessage(octets: number): { given: Buffer; wire: { size: number; sha256: string } } {
  const count = Math.ceil(octets / BLOCK.length)
  const given = Buffer.allocUnsafe(HEADER.length + count * BLOCK.length)
  given.write(HEADER)
  for (let at = HEADER.length; at < given.length; at += BLOCK.length) given.write(BLOCK, at)
  const hash = createHash('sha256').update(wireOf(HEADER))
  const block = wireOf(BLOCK)
  for (let n = 0; n < count; n += 1) hash.update(block)
  return { given, wire: { size: wireOf(HEADER).length + count * block.length, sha256: hash.digest('hex') } }
}

const wireOf = (text: string): string => text.replace(/^\./gm, '..').replaceAll('\n', '\r\n')

/** The same message as a client of SMTP says it, with what it says before and after. */
function largeSession(octets: number): Buffer {
  const opening = 'EHLO c\r\nMAIL FROM:<a@s.ex>\r\nRCPT TO:<one@d.ex>\r\nDATA\r\n'
  const block = wireOf(BLOCK)
  const blocks = Buffer.alloc(Math.ceil(octets / BLOCK.length) * block.length, block)
  return Buffer.concat([Buffer.from(opening + wireOf(HEADER)), blocks, Buffer.from('.\r\nQUIT\r\n')])
}

/** The id of the only message, without reading it. */
function idOf(site: MailSite): string {
  const [name = ''] = readdirSync(join(site.queueDir, 'new'))
  return /R([0-9a-f]{12})\./.exec(name)?.[1] ?? ''
}

describe.skipIf(!existsSync('/proc/self/status'))('a message of 200 MB', () => {
  const { given, wire } = largeMessage(200 * MEGABYTE)
  const arrived = { sender: 'a@s.ex', recipients: ['one@d.ex'], ...wire }
  let server: HashingServer
  beforeAll(async () => {
    server = await startHashingServer()
  })
  afterAll(() => server.close())

  /** Runs a command and looks at the most memory it held, in octets. */
  async function run(
    site: MailSite,
    name: string,
    args: readonly string[],
    stdin?: Buffer,
  ): Promise<CommandResult & { memory: number }> {
    const file = join(site.directory, 'memory')
    const env = { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`, MQ_TEST_MEMORY_FILE: file }
    const result = await site.run(name, args, {
      env,
      timeout: 120_000,
      ...(stdin === undefined ? {} : { stdin }),
    })
    return { ...result, memory: Number(readFileSync(file, 'utf8')) * 1024 }
  }

  it('is sent by mq-sendmail', async () => {
    const site = await openSite({ smtp_port: String(server.port) })
    const before = server.messages.length
    const { memory, ...result } = await run(site, 'mq-sendmail', ['-i', '-f', 'a@s.ex', 'one@d.ex'], given)
    expect(result).toEqual(QUIET)
    expect(server.messages.slice(before)).toEqual([arrived])
    expect(memory).toBeLessThan(MOST)
  })

  it('is composed and sent by mq-mail', async () => {
    const site = await openSite({ smtp_port: String(server.port) })
    const before = server.messages.length
    const { memory, ...result } = await run(site, 'mq-mail', ['-s', 's', '-r', 'a@s.ex', 'one@d.ex'], given)
    expect(result).toEqual(QUIET)
    const arrivals = server.messages.slice(before)
    expect(arrivals).toMatchObject([{ sender: 'a@s.ex', recipients: ['one@d.ex'] }])
    // all that was typed is the body, behind a header of ours
    const header = (arrivals[0]?.size ?? 0) - wire.size
    expect(header).toBeGreaterThan(200)
    expect(header).toBeLessThan(400)
    expect(memory).toBeLessThan(MOST)
    expect(site.queue()).toEqual([])
  })

  it('is taken over SMTP by mq-sendmail -bs', async () => {
    const site = await openSite({ smtp_port: String(server.port) })
    const before = server.messages.length
    const session = largeSession(200 * MEGABYTE)
    const { memory, ...result } = await run(site, 'mq-sendmail', ['-bs'], session)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/\r\n250 2\.0\.0 Ok: sent\r\n221 [^\r]*\r\n$/)
    expect(server.messages.slice(before)).toEqual([arrived])
    expect(memory).toBeLessThan(MOST)
    expect(site.queue()).toEqual([])
  })

  it('is queued by mq-sendmail while the server is down, and sent by mq-run', async () => {
    const site = await openSite(DOWN)
    const before = server.messages.length
    const queued = await run(site, 'mq-sendmail', ['-i', '-f', 'a@s.ex', 'one@d.ex'], given)
    expect(queued).toMatchObject(QUIET)
    expect(queued.memory).toBeLessThan(MOST)
    expect(['tmp', 'new'].map((folder) => readdirSync(join(site.queueDir, folder)).length)).toEqual([0, 1])
    site.configure({ smtp_port: String(server.port) })
    const sent = await run(site, 'mq-run', [])
    expect(sent).toMatchObject(QUIET)
    expect(sent.memory).toBeLessThan(MOST)
    expect(server.messages.slice(before)).toEqual([arrived])
    expect(site.queue()).toEqual([])
  })

  it('is listed and, at its beginning, shown by mq-queue', async () => {
    const site = await openSite({ smtp_port: String(server.port) })
    expect(await run(site, 'mq-sendmail', ['-odq', '-i', '-f', 'a@s.ex', 'one@d.ex'], given)).toMatchObject(
      QUIET,
    )
    const list = await run(site, 'mq-queue', ['list'])
    expect(list).toMatchObject({ code: 0, stderr: '' })
    expect(list.stdout).toMatch(/^-- 2\d{5} Kbytes in 1 Request\.$/m)
    expect(list.memory).toBeLessThan(MOST)
    const show = await run(site, 'mq-queue', ['show', idOf(site)])
    expect(show).toMatchObject({ code: 0, stderr: '' })
    expect(show.stdout).toContain('\nSubject: large\n')
    expect(show.stdout).toContain(`\n${'0123456789'.repeat(7)}\n`)
    expect(show.stdout).toMatch(/\n\[only the first of 2\d\d MB was read\]\n$/)
    expect(show.memory).toBeLessThan(MOST)
  })
})
