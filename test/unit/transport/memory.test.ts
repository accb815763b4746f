import { describe, expect, it } from 'vitest'
import { MemoryTransport } from '../../../src/transport/memory.ts'
import { deliveryTo } from '../../integration/transport/settings.ts'

describe('MemoryTransport', () => {
  it('keeps the message with the recipients that took it', async () => {
    const transport = new MemoryTransport((recipient) =>
      recipient === 'b@x' ? { status: 'in-doubt', recipient, reason: 'who knows' } : undefined,
    )
    const outcomes = await transport.send(deliveryTo(['a@x', 'b@x'], { id: 'Q7' }))
    expect(outcomes).toEqual([
      { status: 'delivered', recipient: 'a@x', reply: '250 2.0.0 kept' },
      { status: 'in-doubt', recipient: 'b@x', reason: 'who knows' },
    ])
    expect(transport.messages).toEqual([
      {
        sender: 'sender@a.example',
        recipients: ['a@x'],
        data: Buffer.from('Subject: test\r\n\r\nHello.\r\n'),
        id: 'Q7',
      },
    ])
  })

  it('announces the last byte for a message refused as a whole, but not when all recipients are', async () => {
    let announced = 0
    const beforeLastByte = (): void => {
      announced++
    }
    const refuse = (scope: 'message' | 'recipient') =>
      new MemoryTransport((recipient) => ({ status: 'failed', recipient, scope, reason: 'no' }))
    await refuse('recipient').send(deliveryTo('a@x', { beforeLastByte }))
    expect(announced).toBe(0)
    await refuse('message').send(deliveryTo('a@x', { beforeLastByte }))
    expect(announced).toBe(1)
  })
})
