/** The border between "not sent" and "nobody knows": connections that break around the last byte. */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { SmtpTimeouts } from '../../../src/config/config.ts'
import { fileContent, type MessageContent } from '../../../src/message/content.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import type { Delivery } from '../../../src/transport/transport.ts'
import { ownTime } from '../../helpers/own-time.ts'
import {
  DROP,
  RESET,
  STALL,
  startScriptedServer,
  type Script,
  type ScriptedServer,
} from '../../helpers/scripted-server.ts'
import { deliveryTo, LONG, settingsFor } from './settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-doubt-'))
const BIG = Buffer.alloc(3_000_000, 'abcdefgh\r\n')
writeFileSync(join(directory, 'big'), BIG)
/** More than the system's socket buffers take. */
const HUGE = 50_000_000
writeFileSync(join(directory, 'huge'), Buffer.alloc(HUGE, 'abcdefgh\r\n'))
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Attempted {
  readonly outcomes: RecipientOutcome[]
  readonly announced: number
  readonly server: ScriptedServer
}

async function attempt(
  script: Script,
  delivery: Delivery = deliveryTo('a@x'),
  options: { timeouts?: Partial<SmtpTimeouts>; signal?: AbortSignal } = {},
): Promise<Attempted> {
  const server = await startScriptedServer(script)
  const timeouts = { ...LONG, ...options.timeouts }
  const transport = new SmtpTransport(settingsFor(server.port, { timeouts }))
  cleanUp.push(
    () => server.close(),
    () => transport.close(),
  )
  let announced = 0
  const beforeLastByte = (): void => {
    announced++
    delivery.beforeLastByte?.()
  }
  const outcomes = await transport.send({ ...delivery, beforeLastByte }, options.signal)
  return { outcomes, announced, server }
}

function bigContent(): MessageContent {
  const content = fileContent(openSync(join(directory, 'big'), 'r'), 0, BIG.length)
  cleanUp.push(() => content.close())
  return content
}

describe('after the last byte', () => {
  it.each<[string, Script]>([
    ['the connection is closed', { dot: DROP }],
    ['the connection is reset', { dot: RESET }],
    ['something comes that is no reply', { dot: 'I am a teapot' }],
    ['a reply comes that is not final', { dot: '354 go on' }],
    ['the connection is closed while the message is under way', { cutBodyAfter: 1 }],
  ])('the outcome is in doubt when %s', async (_, script) => {
    const { outcomes, announced } = await attempt(script)
    expect(outcomes.map(({ status }) => status)).toEqual(['in-doubt'])
    expect(announced).toBe(1)
  })

  it('is in doubt when no reply comes in time', async () => {
    const { outcomes } = await attempt({ dot: STALL }, undefined, { timeouts: { dot: 50 } })
    expect(outcomes).toEqual([
      {
        status: 'in-doubt',
        recipient: 'a@x',
        reason: 'the message was sent, but no reply came within 50 ms',
      },
    ])
  })

  it('waits for a late reply as long as it may', async () => {
    let release: () => void = () => undefined
    const after = new Promise<void>((resolve) => (release = resolve))
    const pass = ownTime()
    const short = { timeouts: { command: 100, data: 100, block: 100 } }
    const lateReply = (): void => {
      pass(1000)
      release()
    }
    const delivery = deliveryTo('a@x', { beforeLastByte: () => setImmediate(lateReply) })
    const { outcomes } = await attempt({ dot: { after, reply: '250 OK id=late-1' } }, delivery, short)
    expect(outcomes).toEqual([
      { status: 'delivered', recipient: 'a@x', reply: '250 OK id=late-1', remoteId: 'late-1' },
    ])
  })

  it('believes a refusal even if the connection ends in the middle of its line', async () => {
    const { outcomes } = await attempt({ dot: { rawDrop: '554 5.7.1 spa' } })
    expect(outcomes).toMatchObject([{ status: 'failed', scope: 'message', code: 554 }])
  })

  it('does not believe half a positive reply', async () => {
    const { outcomes } = await attempt({ dot: { rawDrop: '250 2.0.0 Ok: que' } })
    expect(outcomes.map(({ status }) => status)).toEqual(['in-doubt'])
  })

  it('concerns only the recipients that were accepted', async () => {
    const rcpt: Script['rcpt'] = ({ address }) => (address === 'a@x' ? '550 5.1.1 no' : undefined)
    const { outcomes } = await attempt({ rcpt, dot: DROP }, deliveryTo(['a@x', 'b@x']))
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'in-doubt'])
  })

  it('is in doubt when interrupted', async () => {
    const control = new AbortController()
    const delivery = deliveryTo('a@x', { beforeLastByte: () => setImmediate(() => control.abort()) })
    const { outcomes } = await attempt({ dot: STALL }, delivery, { signal: control.signal })
    expect(outcomes).toEqual([{ status: 'in-doubt', recipient: 'a@x', reason: 'interrupted' }])
  })

  it('waits for the reply although interrupted when the delivery asks for it', async () => {
    const control = new AbortController()
    let release: (() => void) | undefined
    const reply = { after: new Promise<void>((resolve) => (release = resolve)), reply: '250 2.0.0 Ok' }
    control.signal.addEventListener('abort', () => release?.())
    const delivery = deliveryTo('a@x', {
      awaitReply: true,
      beforeLastByte: () => setImmediate(() => control.abort()),
    })
    const { outcomes } = await attempt({ dot: reply }, delivery, { signal: control.signal })
    expect(outcomes).toMatchObject([{ status: 'delivered', recipient: 'a@x' }])
  })
})

describe('before the last byte', () => {
  it('is not sent when the connection breaks in the middle of a large message', async () => {
    const delivery = deliveryTo('a@x', { content: bigContent() })
    const { outcomes, announced, server } = await attempt({ cutBodyAfter: 100_000 }, delivery)
    expect(outcomes).toMatchObject([{ status: 'deferred', scope: 'message' }])
    expect(announced).toBe(0)
    expect(server.transactions[0]?.dotReceived).toBe(false)
  })

  it('streams a large message exactly', async () => {
    const { outcomes, announced, server } = await attempt({}, deliveryTo('a@x', { content: bigContent() }))
    expect(outcomes[0]?.status).toBe('delivered')
    expect(announced).toBe(1)
    expect(server.transactions[0]?.data.equals(BIG)).toBe(true)
    expect(server.transactions[0]?.params).toBe('SIZE=3000000')
  })

  it('never completes a large message when the announcement throws', async () => {
    const beforeLastByte = (): void => {
      throw new Error('no space left')
    }
    const delivery = deliveryTo(['a@x', 'b@x'], { content: bigContent(), beforeLastByte })
    const { outcomes, server } = await attempt({}, delivery)
    expect(outcomes).toMatchObject([
      { status: 'deferred', scope: 'host', reason: 'no space left' },
      { status: 'deferred', scope: 'host', reason: 'no space left' },
    ])
    expect(server.transactions[0]?.dotReceived).toBe(false)
  })

  it('cuts the message when the server answers in the middle of it', async () => {
    const delivery = deliveryTo('a@x', { content: bigContent() })
    const early = { data: { raw: '354 go on\r\n552 5.3.4 enough\r\n' } }
    const { outcomes, announced, server } = await attempt(early, delivery)
    expect(outcomes).toMatchObject([{ status: 'failed', scope: 'message', code: 552 }])
    expect(announced).toBe(0)
    expect(server.transactions[0]?.dotReceived).toBe(false)
  })

  it('does not believe a server that takes the message before it has it', async () => {
    const delivery = deliveryTo('a@x', { content: bigContent() })
    const { outcomes, announced } = await attempt({ data: { raw: '354 go on\r\n250 fine\r\n' } }, delivery)
    expect(outcomes).toMatchObject([{ status: 'deferred', scope: 'message' }])
    expect(announced).toBe(0)
  })

  it('is a failure of the message when the server stops taking it', async () => {
    const content = fileContent(openSync(join(directory, 'huge'), 'r'), 0, HUGE)
    cleanUp.push(() => content.close())
    const delivery = deliveryTo('a@x', { content })
    const { outcomes } = await attempt({ stopReading: true }, delivery, { timeouts: { block: 100 } })
    expect(outcomes).toEqual([
      {
        status: 'deferred',
        recipient: 'a@x',
        scope: 'message',
        reason: 'the server stopped taking the message within 100 ms',
      },
    ])
  })

  it('is deferred for this machine when interrupted while the server is silent', async () => {
    for (const step of ['banner', 'ehlo', 'mail', 'rcpt', 'data'] as const) {
      const control = new AbortController()
      const interrupting = (): typeof STALL => {
        setImmediate(() => control.abort())
        return STALL
      }
      const { outcomes } = await attempt({ [step]: interrupting }, undefined, { signal: control.signal })
      expect(outcomes, step).toMatchObject([{ status: 'deferred', scope: 'host' }])
    }
  })
})

describe('a server that is silent', () => {
  it.each([
    ['banner', { banner: 50, command: 50 }],
    ['ehlo', { banner: 50, command: 50 }],
    ['mail', { command: 50, data: 50 }],
    ['rcpt', { command: 50, data: 50 }],
    ['data', { command: 50, data: 50 }],
  ] as const)('at %s is a failure of the account', async (step, timeouts) => {
    const { outcomes, announced } = await attempt({ [step]: STALL }, undefined, { timeouts })
    expect(outcomes).toMatchObject([{ status: 'deferred', scope: 'account' }])
    expect(announced).toBe(0)
  })
})
