/** What a client is told of a message: 250 only when nobody is forgotten. */
import { describe, expect, it } from 'vitest'
import { formatReply } from '../../../../src/cli/smtp-session/reply.ts'
import { isReported, verdict } from '../../../../src/cli/smtp-session/verdict.ts'
import type { SubmitResult } from '../../../../src/delivery/submit.ts'
import { MailError } from '../../../../src/errors/mail-error.ts'
import type { Notify, RecipientRequest } from '../../../../src/message/envelope.ts'
import type { Refused } from '../../../../src/message/outcome.ts'

const NOTHING: SubmitResult = {
  sent: [],
  queued: [],
  refused: [],
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

const said = (result: Partial<SubmitResult>, reported = false): string =>
  formatReply(verdict({ ...NOTHING, ...result }, reported))

const full = new MailError('QUEUE_FULL', 'no space left')
const missing = new MailError('CONFIG_MISSING', 'there is no queue')

describe('verdict', () => {
  it.each<[string, string, Partial<SubmitResult>, boolean?]>([
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
      { sent: ['a@d.ex'], refused: [refused('b@d.ex')], queueId: 'AB12' },
      true,
    ],
  ])('tells of a message that was %s', (_, reply, result, reported) => {
    expect(said(result, reported)).toBe(reply)
  })

  it('never lets the words of a server end a line', () => {
    const reason = '550 5.1.1 no\r\n250 2.0.0 Ok\u2028x\u0000'
    expect(said({ refused: [refused('a@d.ex', { reason })] })).toBe(
      '554 5.1.1 a@d.ex was refused: 550 5.1.1 no 250 2.0.0 Ok x\r\n',
    )
  })
})

describe('isReported', () => {
  const settings = { bounce: 'dsn', postmaster: undefined, queueDir: '/queue' } as const
  const envelope = { sender: 'a@s.ex', recipients: ['b@d.ex'] }
  const asking = (...notify: Notify[]) => ({ ...envelope, reports: { notify } })

  it.each([
    [true, settings, envelope],
    [false, { ...settings, bounce: 'none' as const }, envelope],
    [false, { ...settings, queueDir: undefined }, envelope],
    [false, settings, { ...envelope, sender: '' }],
    [true, { ...settings, postmaster: 'p@s.ex' }, { ...envelope, sender: '' }],
    [true, settings, asking('failure')],
    [false, settings, asking('never')],
    [false, settings, asking('success')],
  ])('is %s with %j for %j', (reported, given, addressed) => {
    expect(isReported(given, addressed, { ...NOTHING, refused: [refused('b@d.ex')] })).toBe(reported)
  })

  it('asks about each recipient who was refused, and no other', () => {
    const recipients = new Map<string, RecipientRequest>([['c@d.ex', { notify: ['never'] }]])
    const two = { ...envelope, recipients: ['b@d.ex', 'c@d.ex'], reports: { recipients } }
    const result = (...names: string[]) => ({ ...NOTHING, refused: names.map((name) => refused(name)) })
    expect(isReported(settings, two, result('b@d.ex'))).toBe(true)
    expect(isReported(settings, two, result('b@d.ex', 'c@d.ex'))).toBe(false)
  })

  it('is false when the message could not be kept', () => {
    expect(isReported(settings, envelope, { ...NOTHING, problem: full })).toBe(false)
  })
})
