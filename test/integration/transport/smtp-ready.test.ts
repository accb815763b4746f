/** Asking whether a message could be sent: one connection, which the next message uses. */
import { afterEach, describe, expect, it } from 'vitest'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { STALL } from '../../helpers/scripted-server.ts'
import { DEAD_PORT } from '../../helpers/still-port.ts'
import { openBench, verdictOf } from './attempts.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'

const bench = openBench()
afterEach(() => bench.clear())

describe('a transport that is asked whether it is ready', () => {
  it('logs in, and uses the connection for the next message', async () => {
    const script = { extensions: ['AUTH PLAIN'], auth: '235 2.7.0 ok' }
    const login = { username: 'ann', password: 'hunter22', insecureAuth: true }
    const { server, transport } = await bench.open(script, login)
    expect(await transport.ready()).toBeUndefined()
    expect(server.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'AUTH'])
    expect(await transport.ready()).toBeUndefined()
    expect((await transport.send(deliveryTo('a@x')))[0]?.status).toBe('delivered')
    expect(server.connections).toBe(1)
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
  })

  it('says why not, after one attempt', async () => {
    const { server, transport } = await bench.open({ banner: { drop: '554 5.7.1 go away' } })
    expect(await transport.ready()).toEqual({
      status: 'deferred',
      scope: 'account',
      trouble: 'connection',
      reason: '554 5.7.1 go away',
      code: 554,
      enhanced: '5.7.1',
    })
    expect(server.connections).toBe(1)
  })

  it('says that the login is refused, and that nobody is there', async () => {
    const login = { username: 'ann', password: 'hunter22', insecureAuth: true }
    const refusing = await bench.open({ extensions: ['AUTH PLAIN'] }, login)
    expect(verdictOf(await refusing.transport.ready())).toBe('temporary account login')
    expect(refusing.server.connections).toBe(1)
    const gone = new SmtpTransport(settingsFor(DEAD_PORT))
    expect(verdictOf(await gone.ready())).toBe('temporary account connection')
  })

  it('is not ready when it is interrupted or takes too long', async () => {
    const control = new AbortController()
    const { transport } = await bench.open({
      banner: () => {
        setImmediate(() => control.abort())
        return STALL
      },
    })
    expect(verdictOf(await transport.ready(control.signal))).toBe('temporary host')
    const slow = await bench.open({ banner: STALL }, { timeouts: { ...LONG, banner: 30, command: 30 } })
    expect(verdictOf(await slow.transport.ready())).toBe('temporary account connection')
  })

  it('has its connection replaced when that dies before the message', async () => {
    const { server, transport } = await bench.open({
      mail: ({ connection }) => (connection === 1 ? { drop: '421 4.4.2 idle' } : undefined),
    })
    expect(await transport.ready()).toBeUndefined()
    expect((await transport.send(deliveryTo('a@x')))[0]?.status).toBe('delivered')
    expect(server.connections).toBe(2)
  })
})
