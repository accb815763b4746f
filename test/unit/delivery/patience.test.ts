/** What an attempt says of a transport that fails in a way that it should not. */
import { describe, expect, it } from 'vitest'
import { sendPatiently, withinTime } from '../../../src/delivery/patience.ts'
import { bufferContent } from '../../../src/message/content.ts'
import type { Delivery, Transport } from '../../../src/transport/transport.ts'

const DELIVERY: Delivery = {
  envelope: { sender: 'a@s.example', recipients: ['one@d.example', 'two@d.example'] },
  content: bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n')),
}

function failing(before: (delivery: Delivery) => void): Transport {
  return {
    name: 'failing',
    send: (delivery) => {
      before(delivery)
      return Promise.reject(new TypeError('a part of the program is missing'))
    },
    close: () => Promise.resolve(),
  }
}

describe('a transport that is broken', () => {
  it.each([undefined, 5000])('leaves all recipients to a later attempt (patience %s)', async (limit) => {
    const transport = failing(() => undefined)
    const inTime = limit === undefined ? transport : withinTime(transport, limit)
    const outcomes = await sendPatiently(inTime, DELIVERY, { awaitReply: true })
    const reason = expect.stringContaining('a part of the program is missing') as string
    expect(outcomes).toEqual(
      DELIVERY.envelope.recipients.map((recipient) => ({
        status: 'deferred',
        scope: 'host',
        recipient,
        reason,
      })),
    )
  })

  it('leaves them in doubt when the message may be there', async () => {
    let marks = 0
    const delivery = { ...DELIVERY, beforeLastByte: () => void (marks += 1) }
    const transport = failing(({ beforeLastByte }) => beforeLastByte?.())
    const outcomes = await sendPatiently(transport, delivery, { awaitReply: false })
    expect(outcomes.map(({ status }) => status)).toEqual(['in-doubt', 'in-doubt'])
    expect(marks).toBe(1)
  })

  it('leaves nobody in doubt when the mark could not be made', async () => {
    const beforeLastByte = (): never => {
      throw new Error('the disk is full')
    }
    const transport = failing((delivery) => delivery.beforeLastByte?.())
    const outcomes = await sendPatiently(
      { ...transport, send: (delivery) => Promise.resolve().then(() => transport.send(delivery)) },
      { ...DELIVERY, beforeLastByte },
      { awaitReply: true },
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['deferred', 'deferred'])
  })
})
