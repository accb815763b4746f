/** Promises of src/plugins/hooks.ts: order, isolation, the limit, the strongest answer. */
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { nullLogger, type LogFields, type Logger } from '../../../src/logging/logger.ts'
import type { PluginEvent, PluginHandler, PluginHooks, PluginSignal } from '../../../src/plugins/contract.ts'
import { createHooks } from '../../../src/plugins/hooks.ts'

const EVENT: PluginEvent = {
  message: {
    envelope: { sender: 'a@site.example', recipients: ['b@site.example'] },
    queueId: 'q1',
    retries: 1,
    body: () => Readable.from([Buffer.from('text')]),
  },
  result: [{ status: 'deferred', recipient: 'b@site.example', scope: 'recipient', reason: '451 later' }],
}

let logged: LogFields[]
let complaints: string[]
let log: Logger

beforeEach(() => {
  logged = []
  complaints = []
  log = { ...nullLogger, error: (event, fields) => void logged.push({ event, ...fields }) }
})

const hooksWithin = (limit: number, handlers: readonly PluginHandler[]): PluginHooks =>
  createHooks(
    handlers.map((handler, index) => ({ plugin: `p${index}`, signal: 'failed', handler })),
    { log, complain: (line) => complaints.push(line), limit },
  )

const hooksOf = (...handlers: PluginHandler[]): PluginHooks => hooksWithin(10_000, handlers)

const never: PluginHandler = () => new Promise(() => undefined)
// plug-ins are JavaScript: what the types forbid comes all the same
const answering = (value: unknown): PluginHandler =>
  Reflect.get({ handler: () => value }, 'handler') as PluginHandler

describe('emit', () => {
  it('runs the handlers of the signal one after the other, in order, and no others', async () => {
    const calls: string[] = []
    const slow: PluginHandler = async () => {
      await Promise.resolve()
      calls.push('slow')
      return undefined
    }
    const quick = (name: string, signal: PluginSignal) => ({
      plugin: name,
      signal,
      handler: () => void calls.push(name),
    })
    const subscriptions = [{ plugin: 's', signal: 'failed', handler: slow } as const, quick('a', 'failed')]
    const hooks = createHooks([...subscriptions, quick('b', 'queued')], {
      log,
      complain: expect.fail.bind(expect),
    })
    await hooks.emit('failed', EVENT)
    expect(calls).toEqual(['slow', 'a'])
    expect(await hooks.emit('expired', EVENT)).toBeUndefined()
  })

  it.each([
    [[undefined, undefined], undefined],
    [['hold', undefined], 'hold'],
    [['hold', 'discard', undefined], 'discard'],
    [['discard', 'hold'], 'discard'],
    [[null], undefined],
  ])('of the answers %j the strongest wins: %s', async (answers, expected) => {
    expect(await hooksOf(...answers.map(answering)).emit('failed', EVENT)).toBe(expected)
    expect(logged).toEqual([])
  })

  it('logs a handler that throws or rejects, and goes on with the next', async () => {
    const hooks = hooksOf(
      () => {
        throw new Error('boom')
      },
      () => Promise.reject(new Error('late boom')),
      () => 'hold',
    )
    expect(await hooks.emit('failed', EVENT)).toBe('hold')
    expect(logged).toEqual([
      { event: 'plugin.failed', plugin: 'p0', signal: 'failed', reason: 'boom' },
      { event: 'plugin.failed', plugin: 'p1', signal: 'failed', reason: 'late boom' },
    ])
    expect(complaints[0]).toBe('plug-in p0 failed at "failed" and was ignored: boom')
  })

  it('logs an answer that means nothing and ignores it', async () => {
    expect(await hooksOf(answering('DISCARD'), answering(true)).emit('failed', EVENT)).toBeUndefined()
    expect(logged.map(({ reason }) => reason)).toEqual([
      'the handler returned "DISCARD"; it may return "discard", "hold" or nothing',
      'the handler returned a boolean; it may return "discard", "hold" or nothing',
    ])
  })

  it('leaves a handler behind that hangs, and does not call it a fourth time', async () => {
    const hooks = hooksWithin(20, [never, () => 'discard'])
    for (const attempt of [1, 2, 3, 4, 5]) {
      expect(await hooks.emit('failed', EVENT), `attempt ${attempt}`).toBe('discard')
    }
    expect(logged.map(({ reason }) => reason)).toEqual([
      'no answer within 0.02 s',
      'no answer within 0.02 s',
      'no answer within 0.02 s; the handler is not called again',
    ])
    expect(complaints).toHaveLength(1)
  })

  it('shows every handler its own frozen copy of the event', async () => {
    const seen: PluginEvent[] = []
    const spoil: PluginHandler = (event) => {
      seen.push(event)
      Reflect.set(event.message.envelope, 'sender', 'x')
      Reflect.set(event.result, 'length', 0)
      Reflect.set(event.result[0] ?? {}, 'status', 'delivered')
      return undefined
    }
    await hooksOf(spoil, spoil).emit('failed', EVENT)
    expect(seen[1]?.message.envelope).toEqual({ sender: 'a@site.example', recipients: ['b@site.example'] })
    expect(seen[1]?.result).toEqual(EVENT.result)
    expect(EVENT.result).toHaveLength(1)
  })

  it('gives the handler the bytes of the message', async () => {
    let text = ''
    const read: PluginHandler = async ({ message }) => {
      for await (const chunk of message.body()) text += String(chunk)
      return undefined
    }
    await hooksOf(read).emit('failed', EVENT)
    expect(text).toBe('text')
  })
})
