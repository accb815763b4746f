/**
 * What the events of a journal mean for each recipient.
 */
import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../../../../src/queue/journal/event.ts'
import { isUnfinished, messageState } from '../../../../src/queue/journal/recipient-state.ts'

const META = {
  envelope: { sender: 's@x', recipients: ['a@x', 'b@x'] },
  queuedAt: 0,
  earlierAttempts: 2,
  lastAttempt: 50,
  expires: undefined,
  batch: undefined,
  account: 'default',
  server: undefined,
}
const fold = (...events: JournalEvent[]) =>
  messageState(
    META,
    events.map((event, place) => ({ ...event, time: 100 + place })),
  )
const statuses = (...events: JournalEvent[]): string[] =>
  fold(...events).recipients.map(({ status }) => status)

const delivered = (...recipients: string[]): JournalEvent => ({
  event: 'delivered',
  recipients,
  reply: 'Ok',
  remoteId: 'Q',
})
const refused = (event: 'deferred' | 'failed', recipient: string): JournalEvent => ({
  event,
  recipient,
  reason: 'no',
  class: 'recipient',
  code: 550,
})
const doubt = (...recipients: string[]): JournalEvent => ({ event: 'in-doubt', recipients, why: 'reset' })
const retry: JournalEvent = { event: 'retry', by: 'root', why: 'asked for' }

describe('the state of a message', () => {
  it('is pending for everybody without a journal, with the attempts of mailqueue-runner', () => {
    const state = fold()
    expect(state).toMatchObject({ attempts: 2, lastAttempt: 50 })
    expect(state.recipients.map(({ recipient, status }) => [recipient, status])).toEqual([
      ['a@x', 'pending'],
      ['b@x', 'pending'],
    ])
  })

  it('keeps each recipient apart', () => {
    expect(statuses(delivered('a@x'), refused('deferred', 'b@x'))).toEqual(['delivered', 'deferred'])
    expect(statuses(refused('failed', 'a@x'), doubt('b@x'))).toEqual(['failed', 'in-doubt'])
  })

  it('is that of the last event, except that delivered is for ever', () => {
    expect(statuses(refused('deferred', 'a@x'), doubt('a@x'), delivered('a@x'))[0]).toBe('delivered')
    expect(statuses(delivered('a@x'), doubt('a@x'), refused('failed', 'a@x'))[0]).toBe('delivered')
    expect(statuses(delivered('a@x'), { event: 'expire', recipients: ['a@x', 'b@x'], why: 'old' })).toEqual([
      'delivered',
      'expired',
    ])
  })

  it('carries the words, the codes and the remote queue id', () => {
    const [a, b] = fold(delivered('a@x'), refused('failed', 'b@x')).recipients
    expect(a).toMatchObject({ reason: 'Ok', remoteId: 'Q' })
    expect(b).toMatchObject({ reason: 'no', code: 550, remoteId: undefined })
  })

  it('is pending again after a retry for those who failed or expired, and for nobody else', () => {
    expect(statuses(refused('failed', 'a@x'), doubt('b@x'), retry)).toEqual(['pending', 'in-doubt'])
    expect(statuses({ event: 'expire', recipients: ['a@x'], why: 'old' }, delivered('b@x'), retry)).toEqual([
      'pending',
      'delivered',
    ])
  })

  it('counts the attempts that count, and dates them all', () => {
    const attempt = (counts: boolean): JournalEvent => ({ event: 'attempt', runner: 'p1', counts })
    expect(fold(attempt(true), attempt(false), attempt(true), attempt(false))).toMatchObject({
      attempts: 4,
      lastAttempt: 103,
    })
  })

  it('does not change by what an administrator did to the whole message, or by strangers', () => {
    const by = { by: 'root', why: 'x' }
    expect(statuses({ event: 'hold', ...by }, { event: 'release', ...by }, delivered('c@x'))).toEqual([
      'pending',
      'pending',
    ])
  })
})

describe('a recipient', () => {
  it.each([
    ['pending', true],
    ['deferred', true],
    ['in-doubt', true],
    ['delivered', false],
    ['failed', false],
    ['expired', false],
  ] as const)('who is %s may still get the message: %s', (status, expected) => {
    const rest = {
      recipient: 'a@x',
      reason: undefined,
      code: undefined,
      enhanced: undefined,
      remoteId: undefined,
    }
    expect(isUnfinished({ ...rest, status })).toBe(expected)
  })
})
