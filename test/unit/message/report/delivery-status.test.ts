/** The fields of a delivery report that programs read (RFC 3464). */
import { describe, expect, it } from 'vitest'
import { formatDate } from '../../../../src/message/date.ts'
import type { ReportedRecipient, ReportKind } from '../../../../src/message/report/facts.ts'
import { composedReport, NOON } from './sample-report.ts'

function fieldsOf(recipient: Partial<ReportedRecipient>, kind: ReportKind = 'failed') {
  const given = { recipient: 'ben@d.ex', reason: 'it failed', ...recipient }
  return composedReport({ kind, recipients: [given] }).status[1] ?? {}
}

describe('the status', () => {
  it.each<[ReportKind, Partial<ReportedRecipient>, string]>([
    ['failed', {}, '5.0.0'],
    ['failed', { enhanced: '5.1.1' }, '5.1.1'],
    ['failed', { enhanced: '4.7.26' }, '5.7.26'],
    ['failed', { enhanced: '2.0.0' }, '5.0.0'],
    ['failed', { enhanced: '5.1' }, '5.0.0'],
    ['failed', { enhanced: '5.1.1\r\nAction: relayed' }, '5.0.0'],
    ['failed', { expired: true }, '5.4.7'],
    ['failed', { expired: true, enhanced: '4.0.0' }, '5.4.7'],
    ['failed', { expired: true, enhanced: '4.2.2' }, '4.2.2'],
    ['failed', { expired: true, enhanced: '5.2.2' }, '4.2.2'],
    ['delayed', {}, '4.0.0'],
    ['delayed', { enhanced: '4.4.1' }, '4.4.1'],
    ['delayed', { enhanced: '5.7.1' }, '4.7.1'],
    ['delayed', { expired: true }, '4.0.0'],
    ['relayed', {}, '2.0.0'],
    ['relayed', { enhanced: '2.1.5' }, '2.1.5'],
  ])('of %s and %j is %s', (kind, recipient, status) => {
    expect(fieldsOf(recipient, kind)).toMatchObject({ action: kind, status })
  })
})

describe('the address', () => {
  it.each([
    ['ben@d.ex', 'rfc822; ben@d.ex'],
    ['"a, b  (c)"@d.ex', 'rfc822; "a, b  (c)"@d.ex'],
    [`${'x'.repeat(64)}@${'y'.repeat(189)}`, `rfc822; ${'x'.repeat(64)}@${'y'.repeat(189)}`],
    ['j\u00f6rg+a=b@d.ex', String.raw`utf-8; j\x{F6}rg\x{2B}a\x{3D}b@d.ex`],
    ['"\u65e5 \\""@\u672c.ex', String.raw`utf-8; "\x{65E5}\x{20}\x{5C}""@\x{672C}.ex`],
    ['\u{1f600}@d.ex', String.raw`utf-8; \x{1F600}@d.ex`],
    ['a\r\nStatus: 2.0.0', String.raw`utf-8; a\x{0D}\x{0A}Status:\x{20}2.0.0`],
  ])('%j is written in ASCII', (recipient, written) => {
    expect(fieldsOf({ recipient })['final-recipient']).toBe(written)
  })

  it.each([
    [undefined, undefined],
    ['rfc822;root@h.ex', 'rfc822; root@h.ex'],
    [String.raw`utf-8;j\x{F6}rg;x@h.ex`, String.raw`utf-8; j\x{F6}rg;x@h.ex`],
    ['rfc822;a\r\nStatus: 2.0.0\u00fc', 'rfc822; a Status: 2.0.0?'],
  ])('that the sender named, %j, is told as it was given', (original, written) => {
    expect(fieldsOf({ original })['original-recipient']).toBe(written)
  })
})

describe('the diagnostic code', () => {
  it.each<[Partial<ReportedRecipient>, string | undefined]>([
    [{ reason: '550 5.1.1 no such user', code: 550 }, 'smtp; 550 5.1.1 no such user'],
    [{ reason: 'no such user', code: 550 }, 'smtp; 550 no such user'],
    [{ reason: '', code: 550 }, undefined],
    [{ reason: 'the server cannot be reached' }, 'x-mailqueue; the server cannot be reached'],
    [{ reason: '550 J\u00f6rg', code: 550 }, 'smtp; =?UTF-8?Q?550_J=C3=B6rg?='],
    [{ reason: `550 ${'x'.repeat(5000)}`, code: 550 }, `smtp; 550 ${'x'.repeat(796)}...`],
    [{ reason: '' }, undefined],
  ])('of %j is %j', (recipient, written) => {
    expect(fieldsOf(recipient)['diagnostic-code']).toBe(written)
  })

  it.each([
    ['mx.d.ex', 'dns; mx.d.ex'],
    ['192.0.2.1', 'dns; [192.0.2.1]'],
    ['2001:db8::1', 'dns; [IPv6:2001:db8::1]'],
  ])('comes with the host %s when it replied, and alone when it did not', (remoteHost, written) => {
    expect(fieldsOf({ remoteHost, code: 550 })['remote-mta']).toBe(written)
    expect(fieldsOf({ remoteHost })).not.toHaveProperty('remote-mta')
  })
})

describe('the times and the name of the message', () => {
  it('are told where they mean something', () => {
    const times = { lastAttempt: NOON, retryUntil: NOON + 5000 }
    expect(fieldsOf(times, 'delayed')).toMatchObject({
      'last-attempt-date': formatDate(NOON),
      'will-retry-until': formatDate(NOON + 5000),
    })
    expect(fieldsOf(times, 'failed')).not.toHaveProperty('will-retry-until')
    expect(fieldsOf({})).not.toHaveProperty('last-attempt-date')
    expect(composedReport({ envid: 'a+b=c d' }).status[0]).toEqual({
      'original-envelope-id': 'a+b=c d',
      'reporting-mta': 'dns; mail.h.ex',
      'arrival-date': formatDate(NOON - 3_600_000),
      'x-mailqueue-queue-id': '1795.M1P2Q3R4.h',
    })
  })

  it('come once, and each recipient after them in order', () => {
    const recipients = ['a@d.ex', 'b@d.ex', 'c@d.ex'].map((recipient) => ({ recipient, reason: '' }))
    expect(composedReport({ recipients }).status.map((fields) => fields['final-recipient'])).toEqual([
      undefined,
      'rfc822; a@d.ex',
      'rfc822; b@d.ex',
      'rfc822; c@d.ex',
    ])
  })
})
