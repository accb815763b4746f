/** A server that falls silent: each step ends by its own limit, and only behind the dot is there any doubt. */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { SmtpSettings, SmtpTimeouts } from '../../../src/config/config.ts'
import { fileContent } from '../../../src/message/content.ts'
import { STALL, type Script } from '../../helpers/scripted-server.ts'
import { ownTime } from '../../helpers/own-time.ts'
import { listener, openBench, verdictOf } from './attempts.ts'
import { deliveryTo, LONG } from './settings.ts'

const bench = openBench()
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-stalls-'))
/** More than the system's socket buffers take. */
const HUGE = 50_000_000
writeFileSync(join(directory, 'huge'), Buffer.alloc(HUGE, 'abcdefgh\r\n'))
afterEach(() => bench.clear())
afterAll(() => rmSync(directory, { recursive: true }))

const LOGGING_IN: Partial<SmtpSettings> = { username: 'ann', password: 'hunter22', insecureAuth: true }
const SHORT_SESSION = { banner: 40, command: 40 }
const SHORT_COMMANDS = { command: 40, data: 40 }

describe.each([['PIPELINING'], ['HELP']])('with %s, a server that is silent', (extension) => {
  const CONNECTION = 'temporary account connection'
  it.each<[string, Script, Partial<SmtpTimeouts>, Partial<SmtpSettings>, string]>([
    ['instead of greeting', { banner: STALL }, SHORT_SESSION, {}, CONNECTION],
    ['in the middle of its greeting', { banner: { raw: '220 my na' } }, SHORT_SESSION, {}, CONNECTION],
    ['after EHLO', { ehlo: STALL }, SHORT_SESSION, {}, CONNECTION],
    [
      'after STARTTLS',
      { extensions: ['STARTTLS'], starttls: STALL },
      SHORT_SESSION,
      { tls: 'require' },
      CONNECTION,
    ],
    [
      'in the TLS handshake',
      { extensions: ['STARTTLS'], starttls: { raw: '220 go\r\n' } },
      SHORT_SESSION,
      { tls: 'require' },
      CONNECTION,
    ],
    ['after AUTH', { extensions: ['AUTH PLAIN'], auth: STALL }, SHORT_SESSION, LOGGING_IN, CONNECTION],
    ['after MAIL', { mail: STALL }, SHORT_COMMANDS, {}, CONNECTION],
    ['after RCPT', { rcpt: STALL }, SHORT_COMMANDS, {}, CONNECTION],
    ['after DATA', { data: STALL }, SHORT_COMMANDS, {}, CONNECTION],
    ['after the dot', { dot: STALL }, { dot: 40 }, {}, 'in-doubt'],
    ['in the middle of its last reply', { dot: { raw: '250 2.0.0 O' } }, { dot: 40 }, {}, 'in-doubt'],
  ])('%s', async (_title, script, timeouts, settings, expected) => {
    const extensions = script.extensions ?? [extension]
    const { verdicts } = await bench.attempt(
      { ...script, extensions },
      { ...settings, timeouts: { ...LONG, ...timeouts } },
    )
    expect(verdicts).toEqual([expected])
  })

  it('only between its replies, of which there are many, is waited for', async () => {
    const pass = ownTime()
    const { log, replies } = listener()
    let before = 0
    let asked = 0
    // Each reply comes when three quarters of the limit (400) have passed since the client had the one before it.
    const late = async (count: number): Promise<void> => {
      while (replies() < before + count) await new Promise((resolve) => setImmediate(resolve))
      pass(300)
    }
    const script: Script = {
      extensions: [extension],
      mail: () => void (before = replies()),
      rcpt: () => ({ after: late((asked += 1)), reply: '250 ok' }),
    }
    const recipients = Array.from({ length: 12 }, (_, place) => `r${place}@x`)
    const { transport } = await bench.open(script, { timeouts: { ...LONG, command: 200, data: 200 } }, log)
    const outcomes = await transport.send(deliveryTo(recipients))
    expect(outcomes.map(verdictOf)).toEqual(recipients.map(() => 'delivered'))
  })

  it('while it should take the message', async () => {
    const content = fileContent(openSync(join(directory, 'huge'), 'r'), 0, HUGE)
    const { verdicts, server } = await bench.attempt(
      { stopReading: true, extensions: [extension] },
      { timeouts: { ...LONG, block: 100 } },
      deliveryTo('a@x', { content }),
    )
    expect(verdicts).toEqual(['temporary message'])
    expect(server.transactions[0]?.dotReceived).toBe(false)
    content.close()
  })

  it('after RSET, which costs the message nothing', async () => {
    const { server, transport } = await bench.open(
      { rset: STALL, dot: ({ transaction }) => (transaction === 1 ? '451 4.3.0 no' : undefined) },
      { timeouts: { ...LONG, command: 40 } },
    )
    expect((await transport.send(deliveryTo('a@x')))[0]?.status).toBe('deferred')
    expect((await transport.send(deliveryTo('b@x')))[0]?.status).toBe('delivered')
    expect(server.connections).toBe(2)
  })
})
