/**
 * What every transport has to do, as tests. The tests of a transport call this with a way to make one whose far
 * end refuses recipients containing `reject`, defers those containing `defer` and takes all others.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bufferContent, type MessageContent } from '../../../src/message/content.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { deliveryTo } from './settings.ts'

/** A transport and what arrived at its far end. */
export interface Subject {
  readonly transport: Transport
  /** Messages that were taken. */
  arrived(): readonly { sender: string; recipients: readonly string[]; data: Buffer }[]
  stop(): Promise<void>
}

const MESSAGE = Buffer.from('Subject: gr\u00fc\u00dfe\r\n\r\n.\r\n..two\r\nlast line\r\n', 'utf8')

function contentOf(data: Buffer): MessageContent & { closed: boolean } {
  const content = {
    ...bufferContent(data),
    closed: false,
    close: () => {
      content.closed = true
    },
  }
  return content
}

/** Declares the tests. */
export function describeTransport(name: string, start: () => Promise<Subject>): void {
  describe(`${name} keeps the contract of a transport`, () => {
    let subject: Subject
    beforeEach(async () => {
      subject = await start()
    })
    afterEach(() => subject.stop())

    it('delivers the exact bytes to all recipients, and leaves the content open', async () => {
      const content = contentOf(MESSAGE)
      const outcomes = await subject.transport.send(deliveryTo(['a@x.example', 'b@x.example'], { content }))
      expect(outcomes.map(({ status, recipient }) => [status, recipient])).toEqual([
        ['delivered', 'a@x.example'],
        ['delivered', 'b@x.example'],
      ])
      const expected = {
        sender: 'sender@a.example',
        recipients: ['a@x.example', 'b@x.example'],
        data: MESSAGE,
      }
      expect(subject.arrived()).toEqual([expected])
      expect(content.closed).toBe(false)
    })

    it('gives each recipient its own outcome, in the order of the envelope', async () => {
      const list = ['reject1@x', 'ok1@x', 'defer@x', 'ok2@x', 'reject2@x']
      const outcomes = await subject.transport.send(deliveryTo(list))
      expect(outcomes.map(({ recipient }) => recipient)).toEqual(list)
      expect(outcomes.map(({ status }) => status)).toEqual([
        'failed',
        'delivered',
        'deferred',
        'delivered',
        'failed',
      ])
      expect(outcomes[0]).toMatchObject({ scope: 'recipient', code: 550, enhanced: '5.1.1' })
      expect(outcomes[2]).toMatchObject({ scope: 'recipient', code: 451, enhanced: '4.2.0' })
      expect(subject.arrived().map(({ recipients }) => recipients)).toEqual([['ok1@x', 'ok2@x']])
    })

    it('sends nothing and announces nothing when all recipients are refused', async () => {
      let announced = false
      const beforeLastByte = (): void => {
        announced = true
      }
      const outcomes = await subject.transport.send(deliveryTo(['defer@x', 'reject@x'], { beforeLastByte }))
      expect(outcomes.map(({ status }) => status)).toEqual(['deferred', 'failed'])
      expect(subject.arrived()).toEqual([])
      expect(announced).toBe(false)
    })

    it('sends from the null sender', async () => {
      const envelope = { sender: '', recipients: ['a@x'] }
      const outcomes = await subject.transport.send(deliveryTo('a@x', { envelope }))
      expect(outcomes[0]?.status).toBe('delivered')
      expect(subject.arrived()[0]?.sender).toBe('')
    })

    it('announces start and last byte of the message once, before anything has arrived', async () => {
      const seen: string[] = []
      const note = (what: string) => (): void => {
        seen.push(`${what} after ${subject.arrived().length}`)
      }
      const hooks = { onBodyStart: note('start'), beforeLastByte: note('last byte') }
      await subject.transport.send(deliveryTo(['a@x', 'b@x'], hooks))
      expect(seen).toEqual(['start after 0', 'last byte after 0'])
      expect(subject.arrived().length).toBe(1)
    })

    it('delivers nothing when the announcement throws', async () => {
      const beforeLastByte = (): void => {
        throw new Error('the disk is full')
      }
      const outcomes = await subject.transport.send(deliveryTo(['a@x', 'b@x'], { beforeLastByte }))
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'deferred', scope: 'host', reason: 'the disk is full' })
      }
      await subject.transport.send(deliveryTo('c@x'))
      expect(subject.arrived().map(({ recipients }) => recipients)).toEqual([['c@x']])
    })

    it('delivers nothing when it is interrupted before', async () => {
      const outcomes = await subject.transport.send(deliveryTo('a@x'), AbortSignal.abort())
      expect(outcomes).toHaveLength(1)
      expect(outcomes[0]).toMatchObject({ status: 'deferred', scope: 'host' })
      expect(subject.arrived()).toEqual([])
    })

    it('can be used concurrently', async () => {
      const numbers = Array.from({ length: 40 }, (_, index) => index)
      const results = await Promise.all(numbers.map((n) => subject.transport.send(deliveryTo(`r${n}@x`))))
      expect(results.flat().map(({ status, recipient }) => `${status} ${recipient}`)).toEqual(
        numbers.map((n) => `delivered r${n}@x`),
      )
      expect(
        subject
          .arrived()
          .flatMap(({ recipients }) => recipients)
          .sort(),
      ).toEqual(numbers.map((n) => `r${n}@x`).sort())
    })

    it('can be closed twice', async () => {
      await subject.transport.send(deliveryTo('a@x'))
      await expect(subject.transport.close()).resolves.toBeUndefined()
      await expect(subject.transport.close()).resolves.toBeUndefined()
    })
  })
}
