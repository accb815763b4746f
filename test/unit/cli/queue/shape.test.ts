/** The table of domains and ages. */
import { describe, expect, it } from 'vitest'
import { addToShape, shapeRecord, shapeText, type Shape } from '../../../../src/cli/queue/shape.ts'
import type { QueuedMessage } from '../../../../src/queue/store.ts'
import { QUEUED, queuedMessage, recipientState } from './sample-message.ts'

const MINUTE = 60_000

function shapeOf(messages: readonly QueuedMessage[], bySender = false): Shape {
  const shape: Shape = new Map()
  for (const message of messages) addToShape(shape, message, bySender, QUEUED)
  return shape
}

const to = (minutes: number, ...recipients: string[]): QueuedMessage =>
  queuedMessage({
    queuedAt: QUEUED - minutes * MINUTE,
    recipients: recipients.map((each) => recipientState(each)),
  })

describe('the shape of a queue', () => {
  it('counts each recipient in the column of the age of its message', () => {
    const shape = shapeOf([to(4.9, 'a@one.ex', 'b@ONE.ex'), to(5, 'a@one.ex'), to(1280, 'a@two.example')])
    expect(shapeText(shape, 9)).toBe(
      [
        '            T 5 10 20 40 80 160 320 640 1280 1280+',
        '      TOTAL 4 2  1  0  0  0   0   0   0    0     1',
        '     one.ex 3 2  1  0  0  0   0   0   0    0     0',
        'two.example 1 0  0  0  0  0   0   0   0    0     1',
        '',
      ].join('\n'),
    )
  })

  it('has the same numbers as JSON', () => {
    expect(shapeRecord(shapeOf([to(30, 'a@one.ex')]), 9)).toEqual({
      minutes: [5, 10, 20, 40, 80, 160, 320, 640, 1280],
      total: { total: 1, counts: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] },
      domains: [{ domain: 'one.ex', total: 1, counts: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] }],
    })
  })

  it('counts only those who do not have their message, and each message once by sender', () => {
    const message = queuedMessage({
      recipients: [
        recipientState('a@one.ex', { status: 'delivered' }),
        recipientState('b@two.ex', { status: 'deferred' }),
      ],
    })
    expect([...shapeOf([message]).keys()]).toEqual(['two.ex'])
    const report = queuedMessage({ envelope: { sender: '', recipients: ['a@one.ex'] } })
    expect([...shapeOf([message, report], true).keys()]).toEqual(['s.ex', 'MAILER-DAEMON'])
  })

  it('says how many domains are left out, and is only sums for an empty queue', () => {
    expect(shapeText(shapeOf([to(1, 'a@one.ex', 'a@two.ex', 'b@two.ex')]), 1)).toMatch(
      /\ntwo\.ex 2 [^\n]*\nand 1 more domains\n$/,
    )
    expect(shapeText(new Map(), 9)).toMatch(/^ +T 5 [^\n]*\nTOTAL 0 0 [^\n]*\n$/)
  })
})
