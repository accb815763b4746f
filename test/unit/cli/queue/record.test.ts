/** A queued message as JSON: the names of postqueue -j, in an order that stays. */
import { describe, expect, it } from 'vitest'
import { MESSAGE_MEMBERS, messageRecord, RECIPIENT_MEMBERS } from '../../../../src/cli/queue/record.ts'
import { QUEUED, queuedMessage, recipientState } from './sample-message.ts'

const asWritten = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('a message as JSON', () => {
  it('has what is known, and no member without a value', () => {
    expect(asWritten(messageRecord(queuedMessage(), QUEUED))).toEqual({
      queue_name: 'incoming',
      queue_id: 'DF9F6E636D13',
      arrival_time: QUEUED / 1000,
      message_size: 125,
      forced_expire: false,
      sender: 'ann@s.ex',
      status: 'waiting',
      attempts: 0,
      next_attempt: QUEUED / 1000 + 60,
      account: 'default',
      recipients: [{ address: 'ben@d.ex', status: 'pending' }],
    })
  })

  it('has the members of the table in its order, and so has each recipient', () => {
    const record = messageRecord(queuedMessage(), QUEUED)
    expect(Object.keys(record)).toEqual(Object.keys(MESSAGE_MEMBERS))
    const [recipient] = record.recipients as object[]
    expect(Object.keys(recipient ?? {})).toEqual(Object.keys(RECIPIENT_MEMBERS))
  })

  it.each([
    [{ place: 'new' }, 'incoming', 'waiting'],
    [{ place: 'new', lastAttempt: QUEUED }, 'deferred', 'waiting'],
    [{ place: 'cur' }, 'active', 'active'],
    [{ place: 'hold', held: 'asked' }, 'hold', 'held'],
    [{ place: 'failed' }, 'failed', 'failed'],
  ] as const)('of %j is in the queue %s and %s', (changes, name, status) => {
    const record = messageRecord(queuedMessage(changes), QUEUED)
    expect(record).toMatchObject({ queue_name: name, status })
    expect(record.next_attempt === null).toBe(status !== 'waiting')
  })

  it('says why a recipient waits or failed, each under the name Postfix has for it', () => {
    const refusal = { reason: '451 4.2.0 later', code: 451, enhanced: '4.2.0' }
    const recipients = [
      recipientState('a@d.ex', { ...refusal, status: 'deferred' }),
      recipientState('b@d.ex', { status: 'failed', reason: '550 no' }),
      recipientState('c@d.ex', { status: 'delivered', reason: '250 ok', remoteId: 'Q1' }),
    ]
    expect(asWritten(messageRecord(queuedMessage({ recipients }), QUEUED).recipients)).toEqual([
      {
        address: 'a@d.ex',
        delay_reason: '451 4.2.0 later',
        status: 'deferred',
        last_reply: '451 4.2.0 later',
        code: 451,
        enhanced: '4.2.0',
      },
      { address: 'b@d.ex', bounce_reason: '550 no', status: 'failed', last_reply: '550 no' },
      { address: 'c@d.ex', status: 'delivered', last_reply: '250 ok', remote_queue_id: 'Q1' },
    ])
  })

  it('has the null sender under the name Postfix gives it, and tells when its own time is over', () => {
    const message = queuedMessage({
      envelope: { sender: '', recipients: ['b@d.ex'] },
      expires: QUEUED + 1000,
    })
    expect(messageRecord(message, QUEUED)).toMatchObject({ sender: 'MAILER-DAEMON', forced_expire: false })
    expect(messageRecord(message, QUEUED + 1000)).toMatchObject({ forced_expire: true })
  })
})
