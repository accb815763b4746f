/** What a client is told of a message: 250 only when nobody is forgotten. */
import { describe, expect, it } from 'vitest'
import { formatReply } from '../../../../src/cli/smtp-session/reply.ts'
import { verdict } from '../../../../src/cli/smtp-session/verdict.ts'
import type { SubmitResult } from '../../../../src/delivery/submit.ts'
import { MailError } from '../../../../src/errors/mail-error.ts'
import type { Refused } from '../../../../src/message/outcome.ts'

const NOTHING: SubmitResult = {
  sent: [],
  queued: [],
  refused: [],
  reported: [],
  unaccepted: [],
  queueId: undefined,
  problem: undefined,
}

const refused = (recipient: string, more: Partial<Refused> = {}): Refused => ({
  status: 'failed',
  recipient,
  scope: 'recipient',
  reason: '550 5.1.1 no such user',
  enhanced: '5.1.1',
  ...more,
})

const said = (result: Partial<SubmitResult>): string => formatReply(verdict({ ...NOTHING, ...result }))

const full = new MailError('QUEUE_FULL', 'no space left')
const missing = new MailError('CONFIG_MISSING', 'there is no queue')

describe('verdict', () => {
  it.each<[string, string, Partial<SubmitResult>]>([
    ['all sent', '250 2.0.0 Ok: sent\r\n', { sent: ['a@d.ex'] }],
    ['queued', '250 2.0.0 Ok: queued as AB12\r\n', { sent: ['a@d.ex'], queued: ['b@d.ex'], queueId: 'AB12' }],
    ['discarded by a plug-in', '250 2.0.0 Ok: discarded\r\n', {}],
    [
      'neither sent nor queued',
      '451 4.3.5 there is no queue\r\n',
      { unaccepted: ['a@d.ex'], problem: missing },
    ],
    ['a full disk', '452 4.3.1 no space left\r\n', { unaccepted: ['a@d.ex'], problem: full }],
    [
      'sent to one and not queued for the other',
      '452-4.3.1 no space left\r\n452-4.3.0 c@d.ex was refused: 550 5.1.1 no such user\r\n' +
        '452 4.3.0 it was not taken for b@d.ex; others have it\r\n',
      { sent: ['a@d.ex'], refused: [refused('c@d.ex')], unaccepted: ['b@d.ex'], problem: full },
    ],
    [
      'refused for all',
      '554-5.1.1 a@d.ex was refused: 550 5.1.1 no such user\r\n554 5.0.0 b@d.ex was refused: 554 no\r\n',
      { refused: [refused('a@d.ex'), { ...refused('b@d.ex'), reason: '554 no', enhanced: '4.0.0' }] },
    ],
    [
      'refused for one, and nobody tells the sender',
      '554-5.1.1 b@d.ex was refused: 550 5.1.1 no such user\r\n' +
        '554 5.0.0 for all others the message was sent: do not send it to them again\r\n',
      { sent: ['a@d.ex'], refused: [refused('b@d.ex')], queueId: 'AB12' },
    ],
    [
      'refused for one, and a report tells the sender',
      '250-2.0.0 Ok: sent, kept as AB12\r\n250-2.0.0 b@d.ex was refused: 550 5.1.1 no such user\r\n' +
        '250 2.0.0 a delivery report says so too\r\n',
      { sent: ['a@d.ex'], refused: [refused('b@d.ex')], reported: ['b@d.ex'], queueId: 'AB12' },
    ],
    [
      'refused for two, and a report tells of one',
      '554-5.1.1 b@d.ex was refused: 550 5.1.1 no such user\r\n' +
        '554-5.1.1 c@d.ex was refused: 550 5.1.1 no such user\r\n' +
        '554 5.0.0 for all others the message was sent: do not send it to them again\r\n',
      { sent: ['a@d.ex'], refused: [refused('b@d.ex'), refused('c@d.ex')], reported: ['b@d.ex'] },
    ],
  ])('tells of a message that was %s', (_, reply, result) => {
    expect(said(result)).toBe(reply)
  })

  it('never lets the words of a server end a line', () => {
    const reason = '550 5.1.1 no\r\n250 2.0.0 Ok\u2028x\u0000'
    expect(said({ refused: [refused('a@d.ex', { reason })] })).toBe(
      '554 5.1.1 a@d.ex was refused: 550 5.1.1 no 250 2.0.0 Ok x\r\n',
    )
  })
})
