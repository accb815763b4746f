/** The checker finds a planted violation of every kind, and nothing in what is as it should be. */
import { describe, expect, it } from 'vitest'
import type { RecordedTransaction } from '../helpers/scripted-server.ts'
import { violations } from './checker.ts'
import type { Evidence, Stored, Submission } from './evidence.ts'

const WIRE = Buffer.from('Subject: s\r\n\r\nbody\r\n')
const AT = Date.parse('2026-11-21T20:12:00Z')
const time = (seconds: number): string => new Date(AT + seconds * 1000).toISOString()

function submission(changes: Partial<Submission> = {}): Submission {
  const base = { key: 'k1', sender: 'a+k1@s.example', recipients: ['k1-0@d.example'], wire: WIRE, code: 0 }
  return { ...base, ...changes }
}

function transaction(changes: Partial<RecordedTransaction> = {}): RecordedTransaction {
  return {
    connection: 1,
    mailFrom: 'a+k1@s.example',
    params: '',
    rcptTo: ['k1-0@d.example'],
    data: WIRE,
    dotReceived: true,
    accepted: true,
    reply: '250 2.0.0 ok',
    startedAt: AT,
    dotAt: AT + 10,
    ...changes,
  }
}

const UNANSWERED = { accepted: false, reply: '' } as const
const REFUSED = { accepted: false, reply: '451 4.3.0 later' } as const

function stored(changes: Partial<Stored> = {}): Stored {
  return {
    folder: 'failed',
    id: 'ABC',
    unique: 'u1',
    name: 'u1,N=1,P=5',
    sender: 'a+k1@s.example',
    recipients: { 'k1-0@d.example': 'failed' },
    bytes: WIRE,
    ...changes,
  }
}

/** What a quiet day leaves, with changes. */
function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    submissions: [submission()],
    deletions: [],
    planted: [],
    transactions: [transaction()],
    refusals: [],
    stored: [],
    elsewhere: [],
    removed: [],
    unreadable: [],
    corrupt: [],
    journals: [],
    disturbed: [],
    interrupted: 0,
    settled: true,
    postmaster: POSTMASTER,
    ...changes,
  }
}

const doubt = { event: 'in-doubt', recipients: ['k1-0@d.example'], time: time(1) }
const delivered = { event: 'delivered', recipients: ['k1-0@d.example'], time: time(2) }
const failed = { event: 'failed', recipient: 'k1-0@d.example', code: 550, time: time(2) }
const expired = { event: 'expire', recipients: ['k1-0@d.example'], time: time(2) }
const renewed = { event: 'requeue', time: time(3) }
const deletion = { unique: 'u1', recipients: ['k1-0@d.example'], sure: true, at: AT }
const POSTMASTER = 'postmaster@s.example'
function report(recipient: string, action = 'failed'): Buffer {
  const head = 'From: MAILER-DAEMON@s.example\r\nContent-Type: multipart/report; boundary=b'
  const status = `Final-Recipient: rfc822; ${recipient}\r\nAction: ${action}`
  return Buffer.from(`${head}\r\n\r\n--b\r\n\r\n${status}\r\n\r\n--b--\r\n`)
}
const REPORT = report('k1-0@d.example')
const DELAYED = report('k1-0@d.example', 'delayed')
const reported = (data = REPORT): RecordedTransaction =>
  transaction({ mailFrom: '', rcptTo: ['a+k1@s.example'], data })
const storedReport = (bytes: Buffer, to: string, unique = 'u2'): Stored =>
  stored({ unique, name: `${unique},N=1`, sender: '', recipients: { [to]: 'failed' }, bytes })

describe('the checker is content with', () => {
  it.each<[string, Partial<Evidence>]>([
    ['a message that the server has', {}],
    ['a message in failed/ whose sender was told', { transactions: [reported()], stored: [stored()] }],
    [
      'a message in failed/ whose sender is told later',
      { settled: false, transactions: [], stored: [stored()] },
    ],
    [
      'a second report after a crash',
      { interrupted: 1, transactions: [reported(), reported()], stored: [stored()] },
    ],
    [
      'a message that was not accepted from its caller',
      { submissions: [submission({ code: 75 })], transactions: [] },
    ],
    ['a caller that was killed', { submissions: [submission({ code: null })], transactions: [] }],
    ['a second copy after a doubt', { transactions: [transaction(), transaction()], journals: [[doubt]] }],
    ['a refused copy before the accepted one', { transactions: [transaction(REFUSED), transaction()] }],
    [
      'a message that an administrator deleted',
      { transactions: [], removed: [stored()], deletions: [deletion] },
    ],
    [
      'a message taken out of the queue again because its caller was told to keep it',
      { submissions: [submission({ code: 75 })], transactions: [], removed: [stored({ folder: 'new' })] },
    ],
    [
      'a failure that was reported to the sender',
      {
        transactions: [reported()],
        removed: [stored()],
      },
    ],
    [
      'a report that did not reach the sender, nor the postmaster',
      {
        stored: [
          storedReport(REPORT, 'a+k1@s.example'),
          storedReport(report('a+k1@s.example'), POSTMASTER, 'u3'),
        ],
      },
    ],
    [
      'a second report of a message that was sent again',
      { transactions: [reported(), reported()], stored: [stored()], journals: [[expired, renewed]] },
    ],
    [
      'a report that an administrator deleted',
      {
        transactions: [],
        stored: [stored()],
        removed: [storedReport(REPORT, 'a+k1@s.example')],
        deletions: [{ ...deletion, unique: 'u2', recipients: ['a+k1@s.example'] }],
      },
    ],
    ['a delay of which the sender was told', { transactions: [transaction(), reported(DELAYED)] }],
    [
      'a message that is in another queue',
      { transactions: [], elsewhere: [stored({ folder: 'new' })], removed: [stored({ folder: 'cur' })] },
    ],
    [
      'a bad file in corrupt/',
      { planted: ['bad,N=1'], corrupt: ['bad,N=1:1,p1r2.3', 'bad,N=1:1,p1r2.3.reason'] },
    ],
    [
      'a bad file that no run has come to yet',
      {
        settled: false,
        planted: ['bad,N=1'],
        stored: [stored({ folder: 'new', name: 'bad,N=1', sender: 'x@s.example', recipients: {} })],
      },
    ],
    [
      'waiting messages while the faults go on',
      { settled: false, transactions: [], stored: [stored({ folder: 'new' })] },
    ],
    [
      'a refusal that the server said',
      {
        transactions: [reported()],
        stored: [stored()],
        journals: [[failed]],
        refusals: [{ mailFrom: 'a+k1@s.example', address: 'k1-0@d.example', reply: '550 5.1.1 nobody' }],
      },
    ],
  ])('%s', (_what, changes) => {
    expect(violations(evidence(changes))).toEqual([])
  })
})

describe('the checker finds', () => {
  it.each<[string, Partial<Evidence>, RegExp[]]>([
    [
      'a failure that nobody was told of',
      { transactions: [], stored: [stored()] },
      [/^bounces: .*never told about k1-0@d\.example/],
    ],
    [
      'a storm of reports',
      { transactions: [reported(), reported(), reported()], stored: [stored()] },
      [/^bounces: .*told 3 times about k1-0@d\.example/],
    ],
    [
      'a failure of which the sender only heard that it is a delay',
      { transactions: [reported(DELAYED)], stored: [stored()] },
      [/^bounces: .*never told about k1-0@d\.example/],
    ],
    [
      'a failure whose report was lost in the queue',
      { transactions: [], stored: [stored()], removed: [storedReport(REPORT, 'a+k1@s.example')] },
      [/^bounces: .*never told about k1-0@d\.example/],
    ],
    [
      'a report that failed and nobody was told of',
      { stored: [storedReport(REPORT, 'a+k1@s.example')] },
      [/^bounces: the postmaster was never told .* a\+k1@s\.example/],
    ],
    [
      'a storm of delays',
      { transactions: [transaction(), reported(DELAYED), reported(DELAYED)] },
      [/^bounces: .*told 2 times that k1-0@d\.example has to wait/],
    ],
    [
      'a message that is still held',
      { transactions: [], stored: [stored({ folder: 'hold', recipients: { 'k1-0@d.example': 'pending' } })] },
      [/^I2: hold\/.* never finished/],
    ],
    [
      'changed bytes in another queue',
      { elsewhere: [stored({ bytes: Buffer.from('other') })] },
      [/^I4: the queue held changed bytes/],
    ],
    ['exit code 0 for nothing', { transactions: [] }, [/^I1: .*neither served nor queued/]],
    [
      'exit code 0 when the server never answered',
      { transactions: [transaction(UNANSWERED)] },
      [/^I1: .*neither served nor queued/],
    ],
    [
      'exit code 0 with one of two recipients forgotten',
      { submissions: [submission({ recipients: ['k1-0@d.example', 'k1-1@d.example'] })] },
      [/^I1: .*k1-1@d\.example/],
    ],
    [
      'a lost message',
      { transactions: [], removed: [stored({ folder: 'cur' })] },
      [/^I1: /, /^I2: .*removed from the queue/],
    ],
    [
      'a lost message whose caller was killed',
      { submissions: [submission({ code: null })], transactions: [], removed: [stored({ folder: 'cur' })] },
      [/^I2: .*removed from the queue/],
    ],
    [
      'two places',
      { transactions: [reported()], stored: [stored(), stored({ folder: 'hold', name: 'other' })] },
      [/^I2: .*two places: failed\/u1,N=1,P=5 hold\/other/, /^I2: hold\/other was never finished/],
    ],
    ['a message in corrupt/', { corrupt: ['u1,N=1', 'u1,N=1.reason'] }, [/^I2: u1,N=1 is in corrupt/]],
    ['a message that cannot be read', { unreadable: ['u1,N=1'] }, [/^I2: u1,N=1 .*cannot be read/]],
    [
      'a claim that was never taken back',
      { transactions: [], stored: [stored({ folder: 'cur', recipients: { 'k1-0@d.example': 'pending' } })] },
      [/^I2: cur\/.* never finished/],
    ],
    [
      'a copy after a deletion',
      { transactions: [transaction({ startedAt: AT + 1000 })], deletions: [deletion] },
      [/^I2: .*deleted/],
    ],
    [
      'a duplicate without a doubt',
      { transactions: [transaction(), transaction()] },
      [/^I3: .*2 copies of k1, with 0 in doubt/],
    ],
    [
      'a third copy with one doubt',
      {
        transactions: [transaction(UNANSWERED), transaction(UNANSWERED), transaction()],
        journals: [[doubt]],
      },
      [/^I3: .*3 copies of k1, with 1 in doubt/],
    ],
    [
      'a copy after the record of the delivery',
      {
        transactions: [transaction(), transaction({ startedAt: AT + 9000 })],
        journals: [[doubt, delivered]],
      },
      [/^I3: .*after it was recorded as delivered/],
    ],
    [
      'changed bytes on the wire',
      { transactions: [transaction({ data: Buffer.from('other') })] },
      [/^I4: .*changed bytes of k1/],
    ],
    [
      'changed bytes in the queue',
      { transactions: [reported()], stored: [stored({ bytes: Buffer.from('other') })] },
      [/^I4: the queue held changed bytes/],
    ],
    [
      'changed bytes in what was removed',
      { removed: [stored({ folder: 'cur', bytes: Buffer.from('other') })] },
      [/^I4: the queue held changed bytes/],
    ],
    [
      'a message of nobody',
      { transactions: [transaction(), transaction({ mailFrom: 'x@s.example', rcptTo: ['y@d.example'] })] },
      [/^I4: .*<x@s\.example> that nobody submitted/],
    ],
    [
      'mail from nobody that is no report',
      { transactions: [transaction(), transaction({ mailFrom: '', rcptTo: ['a+k1@s.example'] })] },
      [/^I4: .*<> that nobody submitted/],
    ],
    ['a bad file that is still there', { planted: ['bad'] }, [/^I5: the bad file bad is not in corrupt/]],
    ['a bad file without a reason', { planted: ['bad'], corrupt: ['bad'] }, [/^I5: bad .*without a reason/]],
    [
      'a listing that writes',
      { disturbed: ['mq-queue list changed new'] },
      [/^I6: mq-queue list changed new/],
    ],
    [
      'a false record of a delivery',
      { transactions: [transaction(UNANSWERED), reported()], stored: [stored()], journals: [[delivered]] },
      [/^I7: .*recorded as delivered, but the server never accepted/],
    ],
    [
      'a false record of a refusal',
      { transactions: [reported()], stored: [stored()], journals: [[failed]] },
      [/^I7: .*refused with 550, which the server never said/],
    ],
  ])('%s', (_what, changes, expected) => {
    const found = violations(evidence(changes))
    expect(found).toHaveLength(expected.length)
    expected.forEach((pattern, place) => expect(found[place]).toMatch(pattern))
  })
})
