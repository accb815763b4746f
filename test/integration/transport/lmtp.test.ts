/** LMTP: each recipient has an outcome of its own after the dot, also when the connection does not last. */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fileContent } from '../../../src/message/content.ts'
import { DROP, RESET, STALL, type Reaction, type Script } from '../../helpers/scripted-server.ts'
import { ownTime } from '../../helpers/own-time.ts'
import { listener, openBench, verdictOf } from './attempts.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'

const bench = openBench()
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-lmtp-'))
const BIG = Buffer.alloc(3_000_000, 'abcdefgh\r\n')
writeFileSync(join(directory, 'big'), BIG)
afterEach(() => bench.clear())
afterAll(() => rmSync(directory, { recursive: true }))

const LMTP = { protocol: 'lmtp' } as const
const ALL = ['a@x', 'b@x', 'c@x']

/** The reactions to the dot, by recipient. */
const dots =
  (reactions: Readonly<Record<string, Reaction>>): NonNullable<Script['dot']> =>
  ({ address }) =>
    reactions[address]

describe('LMTP', () => {
  it('is in the name of the transport', () => {
    expect(new SmtpTransport(settingsFor(24, LMTP)).name).toBe('lmtp://127.0.0.1:24')
  })

  it.each([['PIPELINING'], ['HELP']])(
    'gives each recipient the reply that is its own (%s)',
    async (extension) => {
      const dot = dots({
        'a@x': '250 2.0.0 Ok: queued as A1',
        'b@x': '550-5.2.1 no\n550 5.2.1 disabled',
        'c@x': '452 4.2.2 full',
      })
      const { outcomes, server } = await bench.attempt(
        { dot, extensions: [extension] },
        LMTP,
        deliveryTo(ALL),
      )
      expect(outcomes).toEqual([
        { status: 'delivered', recipient: 'a@x', reply: '250 2.0.0 Ok: queued as A1', remoteId: 'A1' },
        {
          status: 'failed',
          recipient: 'b@x',
          scope: 'recipient',
          reason: '550-5.2.1 no 5.2.1 disabled'.replace(' 5.2.1', ''),
          code: 550,
          enhanced: '5.2.1',
        },
        {
          status: 'deferred',
          recipient: 'c@x',
          scope: 'recipient',
          reason: '452 4.2.2 full',
          code: 452,
          enhanced: '4.2.2',
        },
      ])
      expect(server.commands[0]).toBe('LHLO client.example')
    },
  )

  it('does not take it for a success when all are refused', async () => {
    const { verdicts } = await bench.attempt({ dot: '550 5.2.1 no' }, LMTP, deliveryTo(ALL))
    expect(verdicts).toEqual(['permanent recipient', 'permanent recipient', 'permanent recipient'])
  })

  it('counts the replies of the accepted recipients only', async () => {
    const rcpt: NonNullable<Script['rcpt']> = ({ address }) =>
      address === 'a@x' ? '550 5.1.1 no' : undefined
    const dot = dots({ 'b@x': '451 4.3.0 later', 'c@x': '250 2.0.0 C' })
    const { outcomes } = await bench.attempt({ rcpt, dot }, LMTP, deliveryTo(ALL))
    expect(outcomes.map(verdictOf)).toEqual(['permanent recipient', 'temporary recipient', 'delivered'])
    expect(outcomes[2]).toMatchObject({ reply: '250 2.0.0 C' })
  })

  it('uses the connection for the next message', async () => {
    const { server, transport } = await bench.open({ dot: dots({ 'a@x': '550 5.2.1 no' }) }, LMTP)
    for (let n = 0; n < 3; n++) {
      const outcomes = await transport.send(deliveryTo(ALL))
      expect(outcomes.map(verdictOf)).toEqual(['permanent recipient', 'delivered', 'delivered'])
    }
    expect(server.connections).toBe(1)
  })

  it.each<[string, Reaction, string]>([
    ['closed', DROP, 'in-doubt'],
    ['reset', RESET, 'in-doubt'],
    ['ended with 421', { drop: '421 4.3.2 shutting down' }, 'temporary account connection'],
    ['ended in the middle of a refusal', { rawDrop: '550 5.2.1 dis' }, 'permanent recipient'],
    ['ended in the middle of a positive reply', { rawDrop: '250 2.0.0 O' }, 'in-doubt'],
  ])('keeps the replies that came before the connection was %s', async (_, reaction, second) => {
    const { outcomes } = await bench.attempt({ dot: dots({ 'b@x': reaction }) }, LMTP, deliveryTo(ALL))
    const [first] = outcomes
    // RST may overtake what was sent before it
    if (reaction === RESET) expect(['delivered', 'in-doubt']).toContain(first?.status)
    else expect(first?.status).toBe('delivered')
    expect(outcomes.slice(1).map(verdictOf)).toEqual([second, 'in-doubt'])
  })

  it('keeps the replies that came before the server fell silent', async () => {
    const pass = ownTime()
    const timeouts = { ...LONG, dot: 100 }
    let isSilent = false
    const isHeard = (): void => {
      if (isSilent) setImmediate(() => pass(200))
    }
    const script: Script = {
      dot: ({ address }) => {
        isSilent = address === 'b@x'
        return isSilent ? STALL : undefined
      },
    }
    const { transport } = await bench.open(script, { ...LMTP, timeouts }, listener(isHeard).log)
    const outcomes = await transport.send(deliveryTo(ALL))
    expect(outcomes.map(verdictOf)).toEqual(['delivered', 'in-doubt', 'in-doubt'])
  })

  it('is in doubt about a reply that is not final', async () => {
    const { verdicts } = await bench.attempt({ dot: dots({ 'b@x': '354 more' }) }, LMTP, deliveryTo(ALL))
    expect(verdicts).toEqual(['delivered', 'in-doubt', 'delivered'])
  })

  it('streams a large message, and does not believe replies in the middle of it', async () => {
    const content = fileContent(openSync(join(directory, 'big'), 'r'), 0, BIG.length)
    const { server, verdicts } = await bench.attempt({}, LMTP, deliveryTo(ALL, { content }))
    expect(verdicts).toEqual(['delivered', 'delivered', 'delivered'])
    expect(server.transactions[0]?.data.equals(BIG)).toBe(true)
    const early = { data: { raw: '354 go on\r\n250 a\r\n250 b\r\n250 c\r\n' } }
    const result = await bench.attempt(early, LMTP, deliveryTo(ALL, { content }))
    expect(result.verdicts).toEqual(['temporary message', 'temporary message', 'temporary message'])
    expect(result.server.transactions[0]?.dotReceived).toBe(false)
    content.close()
  })

  it('blames the account when the server speaks no LMTP', async () => {
    const { verdicts } = await bench.attempt({ ehlo: '500 5.5.1 what?', helo: '500 5.5.1 what?' }, LMTP)
    expect(verdicts).toEqual(['temporary account connection'])
  })
})

describe('LMTP with a server that others wrote', () => {
  it('goes out over TLS and after a login', async () => {
    const server = new SMTPServer({
      lmtp: true,
      logger: false,
      disableReverseLookup: true,
      onAuth: ({ username }, _session, callback) => callback(null, { user: username }),
      onData: (stream, _session, callback) => {
        stream.resume()
        const refused = Object.assign(new Error('5.2.2 mailbox full'), { responseCode: 552 })
        stream.once('end', () => callback(null, ['2.0.0 stored as 7', refused]))
      },
    })
    server.on('error', () => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const login = { username: 'ann', password: 'hunter22' }
    const transport = new SmtpTransport(settingsFor(port, { ...LMTP, ...login, tls: 'require' }))
    const outcomes = await transport.send(deliveryTo(['a@x', 'b@x']))
    await transport.close()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    expect(outcomes.map(verdictOf)).toEqual(['delivered', 'permanent recipient'])
    expect(outcomes).toMatchObject([{ reply: '250 2.0.0 stored as 7' }, { code: 552, enhanced: '5.2.2' }])
  })
})
