/** How the SMTP transport uses its connections: reuse, limits, dead ones, several transactions a message. */
import { afterEach, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../src/config/config.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { DROP, STALL, startScriptedServer, type Script } from '../../helpers/scripted-server.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'

const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function connect(script: Script, others: Partial<SmtpSettings> = {}) {
  const server = await startScriptedServer(script)
  const transport = new SmtpTransport(settingsFor(server.port, others))
  cleanUp.push(
    () => server.close(),
    () => transport.close(),
  )
  const statusOf = async (recipient: string): Promise<string | undefined> =>
    (await transport.send(deliveryTo(recipient)))[0]?.status
  return { server, transport, statusOf }
}

describe('connections', () => {
  it('are named by host and port', () => {
    expect(new SmtpTransport(settingsFor(587)).name).toBe('smtp://127.0.0.1:587')
  })

  it('are reused, up to the configured number of transactions', async () => {
    const { server, statusOf } = await connect({}, { messagesPerConnection: 3 })
    for (let n = 0; n < 7; n++) expect(await statusOf(`r${n}@x`)).toBe('delivered')
    expect(server.transactions.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 2, 2, 3])
  })

  it('are never more than configured', async () => {
    const { server, statusOf } = await connect({}, { connections: 2, messagesPerConnection: 1000 })
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => statusOf(`r${n}@x`)))
    expect(new Set(all)).toEqual(new Set(['delivered']))
    expect(server.connections).toBe(2)
  })

  it('are no more than the server wants', async () => {
    const banner: Script['banner'] = ({ connection }) =>
      connection > 1 ? { drop: '421 4.7.0 too many connections from you' } : undefined
    const { server, statusOf } = await connect({ banner }, { connections: 3 })
    expect(await statusOf('first@x')).toBe('delivered')
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => statusOf(`r${n}@x`)))
    expect(new Set(all)).toEqual(new Set(['delivered']))
    expect(server.connections).toBeLessThanOrEqual(3)
  })

  it('are waited for only until the attempt is interrupted', async () => {
    const { transport, statusOf } = await connect(
      { mail: STALL },
      { connections: 1, timeouts: { ...LONG, command: 200, data: 1 } },
    )
    const busy = statusOf('a@x')
    const control = new AbortController()
    const waiting = transport.send(deliveryTo('b@x'), control.signal)
    setImmediate(() => control.abort())
    expect(await waiting).toMatchObject([{ status: 'deferred', scope: 'host' }])
    expect(await busy).toBe('deferred')
  })

  it('can still be opened after the system has refused to open any, by those who waited, too', async () => {
    const server = await startScriptedServer({})
    // No address: Node.js throws when it is to connect from there.
    const settings = { ...settingsFor(server.port, { connections: 2 }), sourceIp: 'nowhere' }
    const transport = new SmtpTransport(settings)
    cleanUp.push(
      () => server.close(),
      () => transport.close(),
    )
    const refused = await Promise.all([1, 2, 3, 4, 5].map((n) => transport.send(deliveryTo(`r${n}@x`))))
    for (const [outcome] of refused) {
      expect(outcome).toMatchObject({ status: 'deferred', scope: 'host' })
      expect(outcome).toHaveProperty('reason', expect.stringContaining('nowhere'))
    }
    expect(await transport.ready()).toMatchObject({ status: 'deferred', scope: 'host' })
    Object.assign(settings, { sourceIp: undefined })
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => transport.send(deliveryTo(`r${n}@x`))))
    expect(all.map(([outcome]) => outcome?.status)).toEqual(Array(5).fill('delivered'))
    expect(server.connections).toBe(2)
  })

  it('are given back by a message that breaks off in the middle', async () => {
    const { transport, statusOf } = await connect({}, { connections: 1 })
    const breaksOff = deliveryTo('a@x')
    const envelope = {
      ...breaksOff.envelope,
      get body(): '8bitmime' {
        throw new Error('broken')
      },
    }
    await expect(transport.send({ ...breaksOff, envelope })).rejects.toThrow('broken')
    expect(await statusOf('b@x')).toBe('delivered')
  })

  it('end with QUIT when they are not used', async () => {
    let said: () => void = () => undefined
    const quit = new Promise<void>((resolve) => (said = resolve))
    const { server, statusOf } = await connect({
      quit: () => {
        said()
        return undefined
      },
    })
    expect(await statusOf('a@x')).toBe('delivered')
    await quit
    expect(server.commands.at(-1)).toBe('QUIT')
    expect(await statusOf('b@x')).toBe('delivered')
    expect(server.connections).toBe(2)
  })

  it('end with QUIT when the transport is closed', async () => {
    const { server, transport, statusOf } = await connect({})
    await Promise.all([statusOf('a@x'), statusOf('b@x')])
    await transport.close()
    expect(server.commands.filter((line) => line === 'QUIT')).toHaveLength(2)
  })
})

describe('a reused connection that is dead', () => {
  it.each<[string, Script]>([
    [
      'closed at MAIL',
      { mail: ({ connection, transaction }) => (connection === 1 && transaction === 2 ? DROP : undefined) },
    ],
    [
      'ended with 421 at MAIL',
      {
        mail: ({ connection, transaction }) =>
          connection === 1 && transaction === 2 ? { drop: '421 4.4.2 idle' } : undefined,
      },
    ],
    [
      'closed at DATA',
      { data: ({ connection, transaction }) => (connection === 1 && transaction === 2 ? DROP : undefined) },
    ],
  ])('is replaced silently when it was %s', async (_, script) => {
    const { server, statusOf } = await connect({ extensions: ['HELP'], ...script })
    expect(await statusOf('a@x')).toBe('delivered')
    expect(await statusOf('b@x')).toBe('delivered')
    expect(server.connections).toBe(2)
    const arrived = server.transactions.filter(({ accepted }) => accepted)
    expect(arrived.flatMap(({ rcptTo }) => rcptTo)).toEqual(['a@x', 'b@x'])
  })

  it('is replaced only once', async () => {
    const mail: Script['mail'] = ({ line }) => (line.includes('sender') && dropping ? DROP : undefined)
    let dropping = false
    const { server, statusOf } = await connect({ mail })
    expect(await statusOf('a@x')).toBe('delivered')
    dropping = true
    expect(await statusOf('b@x')).toBe('deferred')
    expect(server.connections).toBe(2)
  })

  it('is not replaced on a fresh connection', async () => {
    const { server, statusOf } = await connect({ mail: DROP })
    expect(await statusOf('a@x')).toBe('deferred')
    expect(server.connections).toBe(1)
  })

  it('is not replaced once the message was handed over', async () => {
    const { server, statusOf } = await connect({
      dot: ({ transaction }) => (transaction === 2 ? DROP : undefined),
    })
    expect(await statusOf('a@x')).toBe('delivered')
    expect(await statusOf('b@x')).toBe('in-doubt')
    expect(server.connections).toBe(1)
  })
})

describe('a message with many recipients', () => {
  const list = (count: number): string[] => Array.from({ length: count }, (_, n) => `r${n}@x`)

  it('goes out in transactions of the configured size, each told before the next begins', async () => {
    const { server, transport } = await connect({}, { maxRecipients: 4 })
    const told: string[] = []
    const delivery = deliveryTo(list(10), {
      beforeLastByte: () => told.push('last byte'),
      onOutcomes: async (outcomes) => {
        told.push(`${outcomes.length} ${outcomes[0]?.recipient ?? ''}, ${server.transactions.length}`)
      },
    })
    const results = await transport.send(delivery)
    expect(results.map(({ status, recipient }) => `${status} ${recipient}`)).toEqual(
      list(10).map((one) => `delivered ${one}`),
    )
    expect(server.transactions.map(({ rcptTo }) => rcptTo.length)).toEqual([4, 4, 2])
    expect(told).toEqual(['last byte', '4 r0@x, 1', 'last byte', '4 r4@x, 2', 'last byte'])
    expect(server.connections).toBe(1)
  })

  it('is not continued when its outcomes cannot be stored', async () => {
    const { server, transport } = await connect({}, { maxRecipients: 1 })
    const onOutcomes = async (): Promise<void> => Promise.reject(new Error('disk full'))
    const results = await transport.send(deliveryTo(list(3), { onOutcomes }))
    expect(results).toMatchObject([
      { status: 'delivered' },
      { status: 'deferred', scope: 'host', reason: 'disk full' },
      { status: 'deferred', scope: 'host', reason: 'disk full' },
    ])
    expect(server.transactions).toHaveLength(1)
  })

  it.each([['PIPELINING'], ['HELP']])('is split where the server has enough (%s)', async (extension) => {
    const rcpt: Script['rcpt'] = (): string | undefined =>
      (server.transactions.at(-1)?.rcptTo.length ?? 0) >= 3 ? '452 4.5.3 Too many recipients' : undefined
    const { server, transport } = await connect({
      extensions: [extension],
      rcpt: (context) => (typeof rcpt === 'function' ? rcpt(context) : rcpt),
    })
    const results = await transport.send(deliveryTo(list(8)))
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['delivered']))
    expect(server.transactions.map(({ rcptTo }) => rcptTo)).toEqual([
      ['r0@x', 'r1@x', 'r2@x'],
      ['r3@x', 'r4@x', 'r5@x'],
      ['r6@x', 'r7@x'],
    ])
  })

  it('is deferred when not even one recipient is taken', async () => {
    const { server, transport } = await connect({ rcpt: '452 4.5.3 Too many recipients' })
    const results = await transport.send(deliveryTo(list(3)))
    for (const one of results)
      expect(one).toMatchObject({ status: 'deferred', scope: 'recipient', code: 452 })
    expect(server.transactions).toHaveLength(1)
  })

  it('stops after a failure that is not about a recipient, and says the same for the rest', async () => {
    const dot: Script['dot'] = ({ transaction }) => (transaction === 2 ? '451 4.3.0 no' : undefined)
    const { server, transport } = await connect({ dot }, { maxRecipients: 2 })
    const results = await transport.send(deliveryTo(list(6)))
    expect(results.map(({ status }) => status)).toEqual([
      'delivered',
      'delivered',
      'deferred',
      'deferred',
      'deferred',
      'deferred',
    ])
    expect(server.transactions).toHaveLength(2)
  })

  it('goes on when all recipients of one transaction are refused', async () => {
    const rcpt: Script['rcpt'] = ({ address }) => (address < 'r2' ? '550 5.1.1 no' : undefined)
    const { transport } = await connect({ rcpt }, { maxRecipients: 2 })
    const results = await transport.send(deliveryTo(list(4)))
    expect(results.map(({ status }) => status)).toEqual(['failed', 'failed', 'delivered', 'delivered'])
  })
})
