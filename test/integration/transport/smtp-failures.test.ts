/** What the SMTP transport makes of servers that refuse, at each step of a transaction. */
import { afterEach, describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../src/config/config.ts'
import { bufferContent } from '../../../src/message/content.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { DROP, startScriptedServer, type Script, type ScriptedServer } from '../../helpers/scripted-server.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { deliveryTo, settingsFor } from './settings.ts'

const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function connect(
  script: Script,
  others: Partial<SmtpSettings> = {},
): Promise<{ server: ScriptedServer; transport: SmtpTransport }> {
  const server = await startScriptedServer(script)
  const transport = new SmtpTransport(settingsFor(server.port, others))
  cleanUp.push(
    () => server.close(),
    () => transport.close(),
  )
  return { server, transport }
}

/** Runs one attempt against a server and returns "status scope code" for each recipient. */
async function outcomes(script: Script, recipients: string | string[] = 'a@x'): Promise<string[]> {
  const { transport } = await connect(script)
  const results = await transport.send(deliveryTo(recipients))
  return results.map((one) =>
    one.status === 'delivered' || one.status === 'in-doubt'
      ? one.status
      : [one.status, one.scope, one.code].filter((part) => part !== undefined).join(' '),
  )
}

describe('a session that cannot be started', () => {
  it.each<[string, Script, string]>([
    ['a 4xx greeting', { banner: '450 4.3.2 later' }, 'deferred account 450'],
    ['a 5xx greeting', { banner: { drop: '554 5.7.1 go away' } }, 'deferred account 554'],
    ['a silent close', { banner: DROP }, 'deferred account'],
    ['a greeting that is none', { banner: 'HTTP/1.1 400 Bad Request' }, 'deferred account'],
    ['EHLO and HELO refused', { ehlo: '502 no', helo: '504 no' }, 'deferred account 504'],
    ['421 to EHLO', { ehlo: '421 4.3.2 busy' }, 'deferred account 421'],
  ])('blames the account for %s', async (_, script, expected) => {
    expect(await outcomes(script)).toEqual([expected])
  })

  it('falls back to HELO when only EHLO is refused', async () => {
    expect(await outcomes({ ehlo: '502 5.5.1 no' })).toEqual(['delivered'])
  })

  it('names host and port when nobody listens', async () => {
    const transport = new SmtpTransport(settingsFor(DEAD_PORT))
    const [outcome] = await transport.send(deliveryTo('a@x'))
    expect(outcome).toEqual({
      status: 'deferred',
      recipient: 'a@x',
      scope: 'account',
      reason: `cannot connect to 127.0.0.1 port ${DEAD_PORT}: connect ECONNREFUSED 127.0.0.1:${DEAD_PORT}`,
      trouble: 'connection',
    })
  })
})

describe.each([
  ['with PIPELINING', ['PIPELINING']],
  ['without PIPELINING', ['HELP']],
])('a refused transaction %s', (_, extensions) => {
  it.each<[string, Script, string]>([
    ['MAIL 5xx', { mail: '550 5.7.1 not you' }, 'failed message 550'],
    ['MAIL 4xx', { mail: '451 4.3.0 later' }, 'deferred message 451'],
    ['MAIL 530', { mail: '530 5.7.0 Authentication required' }, 'deferred account 530'],
    ['MAIL 421', { mail: { drop: '421 4.3.2 closing' } }, 'deferred account 421'],
    ['MAIL quota', { mail: '550 5.4.5 daily limit' }, 'deferred account 550'],
    ['RCPT 503', { rcpt: '503 5.5.1 need MAIL' }, 'deferred message 503'],
    ['DATA 5xx', { data: '554 5.7.1 no' }, 'failed message 554'],
    ['DATA 4xx', { data: '451 4.3.0 no' }, 'deferred message 451'],
    ['dot 5xx', { dot: '554 5.7.1 spam' }, 'failed message 554'],
    ['dot 4xx', { dot: '451 4.7.1 greylisted' }, 'deferred message 451'],
    ['dot 421', { dot: { drop: '421 4.3.2 closing' } }, 'deferred account 421'],
    ['dot 552 too big', { dot: '552 5.3.4 too big' }, 'failed message 552'],
  ])('%s', async (_title, script, expected) => {
    expect(await outcomes({ extensions, ...script }, ['a@x', 'b@x'])).toEqual([expected, expected])
  })

  it('keeps the own reply of each recipient when all are refused', async () => {
    const replies: Record<string, string> = { 'a@x': '550 5.1.1 no', 'b@x': '451 4.2.0 later' }
    const script: Script = { extensions, rcpt: ({ address }) => replies[address] }
    expect(await outcomes(script, ['a@x', 'b@x'])).toEqual(['failed recipient 550', 'deferred recipient 451'])
  })

  it('keeps the own reply of a recipient when the message is refused later', async () => {
    const rcpt: Script['rcpt'] = ({ address }) => (address === 'a@x' ? '550 5.1.1 no' : undefined)
    const script: Script = { extensions, rcpt, dot: '451 4.3.0 later' }
    expect(await outcomes(script, ['a@x', 'b@x'])).toEqual(['failed recipient 550', 'deferred message 451'])
  })

  it('uses the connection again after RSET', async () => {
    const { server, transport } = await connect({
      extensions,
      mail: ({ transaction }) =>
        transaction === 1 && server.commands.length < 3 ? '451 4.3.0 x' : undefined,
    })
    expect((await transport.send(deliveryTo('a@x')))[0]?.status).toBe('deferred')
    expect((await transport.send(deliveryTo('b@x')))[0]?.status).toBe('delivered')
    expect(server.connections).toBe(1)
    expect(server.commands).toContain('RSET')
  })
})

describe('refusals without asking', () => {
  it('does not send a message larger than the server takes', async () => {
    const { server, transport } = await connect({ extensions: ['SIZE 100'] })
    const content = bufferContent(Buffer.alloc(101, 'x'))
    const [outcome] = await transport.send(deliveryTo('a@x', { content }))
    expect(outcome).toMatchObject({ status: 'failed', scope: 'message', enhanced: '5.3.4' })
    expect(server.commands).toEqual(['EHLO client.example'])
  })

  it('fails only the recipients that need SMTPUTF8, and never sends their bytes', async () => {
    const { server, transport } = await connect({ extensions: ['8BITMIME'] })
    const results = await transport.send(deliveryTo(['jürgen@x', 'b@x', 'a<b@x']))
    expect(results).toMatchObject([
      { status: 'failed', scope: 'recipient', enhanced: '5.6.7' },
      { status: 'delivered' },
      { status: 'failed', scope: 'recipient', enhanced: '5.1.3' },
    ])
    expect(server.commands.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<b@x>'])
  })

  it('fails all recipients of a sender that needs SMTPUTF8', async () => {
    const { server, transport } = await connect({ extensions: ['8BITMIME'] })
    const envelope = { sender: 'jürgen@x', recipients: ['a@x', 'b@x'] }
    const results = await transport.send(deliveryTo('a@x', { envelope }))
    expect(results.map((one) => one.status === 'failed' && one.enhanced)).toEqual(['5.6.7', '5.6.7'])
    expect(server.commands).toEqual(['EHLO client.example'])
  })

  it('sends foreign addresses when the server takes them', async () => {
    const { server, transport } = await connect({ extensions: ['SMTPUTF8', '8BITMIME'] })
    expect((await transport.send(deliveryTo('jürgen@x')))[0]?.status).toBe('delivered')
    expect(server.transactions[0]?.params).toBe('SMTPUTF8')
    expect(server.commands).toContain(`RCPT TO:<${Buffer.from('jürgen@x').toString('latin1')}>`)
  })
})
