/** A delivery report is one for people, programs and mail readers, and nothing foreign changes its structure. */
import { spawnSync } from 'node:child_process'
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { formatDate } from '../../../../src/message/date.ts'
import { composeDeliveryReport } from '../../../../src/message/report/delivery-report.ts'
import type { DeliveryReport } from '../../../../src/message/report/facts.ts'
import { readReport, valueOf } from './report-reader.ts'
import { composedReport, NOON, ORIGINAL_HEADER, sampleReport } from './sample-report.ts'

const header = (text: string) => ({ header: Buffer.from(text) })
const types = (report: ReturnType<typeof composedReport>) => report.parts.map(({ type }) => type)

describe('the header of a report', () => {
  it('says who sends it to whom, about which message, and that no person did', () => {
    const { header: fields } = composedReport()
    expect(fields.all.map(({ raw }) => raw.replace(/\r\n/g, '')).slice(0, -1)).toEqual([
      'From: Mail Delivery System <MAILER-DAEMON@h.ex>',
      'To: ann@s.ex',
      'Subject: Undelivered mail: Lunch',
      `Date: ${formatDate(NOON)}`,
      'Message-ID: <1795.M1P2Q3R4.h-1@h.ex>',
      'In-Reply-To: <one@s.ex>',
      'References: <one@s.ex>',
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
    ])
  })

  it('is the same when the report is made again', () => {
    expect(composeDeliveryReport(sampleReport())).toEqual(composeDeliveryReport(sampleReport()))
  })

  it.each([
    ['delayed', 'Delayed mail: Lunch'],
    ['relayed', 'Relayed mail: Lunch'],
  ] as const)('has the subject of its kind: %s', (kind, subject) => {
    expect(valueOf(composedReport({ kind }).header, 'subject')).toBe(subject)
  })

  const word = `=?UTF-8?Q?${'=C3=A4'.repeat(9)}?=`
  it.each([
    ['From: a@b\r\n\r\n', 'Undelivered mail'],
    ['Subject:\r\n\r\n', 'Undelivered mail'],
    ['Subject: a\r\n  b\r\n\r\n', 'Undelivered mail: a b'],
    ['Subject: a\0\x1b[2J\u202eb\x7f\r\n\r\n', 'Undelivered mail: a [2J b'],
    ['Subject: =?UTF-8?Q?J=C3=B6rg?=\r\n\r\n', 'Undelivered mail: =?UTF-8?Q?J=C3=B6rg?='],
    [`Subject: ${'long '.repeat(99)}\r\n\r\n`, `Undelivered mail: ${'long '.repeat(40).trim()}...`],
    [`Subject: ${'x'.repeat(5000)}\r\n\r\n`, `Undelivered mail: ${'x'.repeat(200)}...`],
    [`Subject: ${`${word} `.repeat(9)}\r\n\r\n`, `Undelivered mail: ${word} ${word} ${word} ...`],
    [`Subject: =?UTF-8?B?${'x'.repeat(5000)}?=\r\n\r\n`, 'Undelivered mail: ...'],
  ])('has a short clean subject for %j', (original, subject) => {
    expect(valueOf(composedReport({ original: header(original) }).header, 'subject')).toBe(subject)
  })

  it('has a subject in any language', async () => {
    const original = header('Subject: J\u00f6rg \u65e5\u672c\r\n\r\n')
    const mail = await simpleParser(composeDeliveryReport(sampleReport({ original })))
    expect(mail.subject).toBe('Undelivered mail: J\u00f6rg \u65e5\u672c')
  })

  it.each([
    'From: a@b\r\n\r\n',
    'Message-ID: none\r\n\r\n',
    'Message-ID: <a\u00f6@b>\r\n\r\n',
    `Message-ID: <${'x'.repeat(2000)}@b>\r\n\r\n`,
    'no header at all\r\n',
    ' folded from nothing\r\n',
    '',
  ])('refers to nothing when the original has no usable Message-ID: %j', (original) => {
    const report = composedReport({ original: header(original) })
    expect(report.header.fields('in-reply-to')).toEqual([])
    expect(report.header.fields('references')).toEqual([])
    expect(report.parts).toHaveLength(3)
  })

  it.each([
    ['b\u00fccher.ex', 'xn--bcher-kva.ex'],
    ['', 'localhost'],
    ['a b', 'localhost'],
    ['a.ex>\r\nBcc: x@y', 'localhost'],
  ])('names the domain %j as %s', (domain, written) => {
    const report = composedReport({ domain })
    expect(valueOf(report.header, 'from')).toBe(`Mail Delivery System <MAILER-DAEMON@${written}>`)
    expect(valueOf(report.header, 'message-id')).toBe(`<1795.M1P2Q3R4.h-1@${written}>`)
  })

  it.each([
    ['"a,b"@s.ex', '"a,b"@s.ex'],
    ['ann@b\u00fccher.ex', 'ann@xn--bcher-kva.ex'],
    ['j\u00f6rg@b\u00fccher.ex', 'j\u00f6rg@b\u00fccher.ex'],
    ['a@s.ex\r\nBcc: x@y', 'a@s.ex Bcc: x@y'],
  ])('is for %j', (to, written) => {
    const report = composedReport({ to })
    expect(valueOf(report.header, 'to')).toBe(written)
    expect(report.header.fields('bcc')).toEqual([])
  })
})

describe('the words of a report', () => {
  const words = (changes: Partial<DeliveryReport>) =>
    composedReport(changes).parts[0]?.content.toString() ?? ''
  const [refused] = sampleReport().recipients

  it('say of a failure what the server said, and what comes back', () => {
    const text = words({ original: { header: Buffer.from(ORIGINAL_HEADER), body: Buffer.from('x\r\n') } })
    expect(text).toContain(
      'Your message could not be delivered to the recipients below. It is not tried\r\nagain by itself.',
    )
    expect(text).toContain('  ben@d.ex\r\n    The server mx.d.ex said: 550 5.1.1 no such user\r\n')
    expect(text).toMatch(/The message is\s+attached\./)
    expect(text).toContain('  Queue id:  1795.M1P2Q3R4.h\r\n')
    expect(words({})).toMatch(/The header of the\s+message\s+is\s+attached\./)
  })

  it('say of a delay that nothing has to be done, and when it ends', () => {
    const text = words({
      kind: 'delayed',
      recipients: [
        { recipient: 'ben@d.ex', reason: 'the server cannot be reached', retryUntil: NOON + 1000 },
      ],
    })
    expect(text).toMatch(/There is no need to send\s+it again\./)
    expect(text).toContain(
      `  ben@d.ex\r\n    the server cannot be reached\r\n    Tried until: ${formatDate(NOON + 1000)}\r\n`,
    )
  })

  it('say that the message became too old, and that no further success is told', () => {
    expect(words({ recipients: [{ recipient: 'b@d.ex', reason: '', expired: true }] })).toContain(
      '  b@d.ex\r\n    Given up: the message became too old to be tried again.\r\n\r\n',
    )
    const stopped = { recipient: 'b@d.ex', reason: '', expired: true, stopped: true } as const
    expect(words({ recipients: [stopped] })).toContain(
      '  b@d.ex\r\n    Given up by an administrator of this mail system.\r\n\r\n',
    )
    expect(words({ kind: 'relayed' })).toMatch(/does\s+not report deliveries/)
  })

  it('tell the postmaster why he gets the report, and not to send the message again', () => {
    const text = words({ to: 'postmaster@h.ex', toPostmaster: true })
    expect(text).toContain('A message could not be delivered')
    expect(text).toContain('The message has no return address, so the postmaster gets this report.')
    expect(text).not.toMatch(/[Yy]our|send/)
  })

  it.each(['failed', 'delayed', 'relayed'] as const)('stay in lines of 76 ASCII characters: %s', (kind) => {
    const reason = `550 ${'some words of a server that likes to talk '.repeat(40)}`
    const recipients = refused === undefined ? [] : [{ ...refused, reason }, refused]
    const report = composedReport({ kind, recipients })
    const lines = report.parts[0]?.content.toString('latin1').split('\r\n') ?? []
    expect(report.parts[0]?.type).toBe('text/plain; charset=us-ascii')
    expect(lines.filter((line) => line.length > 76 || /[^ -~]/.test(line))).toEqual([])
  })

  it('keep long words whole and other languages readable', () => {
    const url = `https://d.ex/${'x'.repeat(100)}`
    const report = composedReport({
      recipients: [{ recipient: 'j\u00f6rg@d.ex', reason: `550 abgelehnt \u65e5\u672c ${url}`, code: 550 }],
    })
    expect(report.parts[0]?.type).toBe('text/plain; charset=utf-8')
    expect(report.parts[0]?.content.toString()).toContain(`\u65e5\u672c\r\n    ${url}\r\n`)
    expect(report.parts[0]?.content.toString()).toContain('  j\u00f6rg@d.ex\r\n')
  })
})

/** Texts that try to be more than a text. */
const HOSTILE: readonly (readonly [string, string])[] = [
  [
    'fields and a part',
    '550 no\r\nBcc: all@d.ex\r\n\r\n--=_1795.M1P2Q3R4.h-1\r\nContent-Type: text/html\r\n\r\nx',
  ],
  ['the end of the message', '550 no\n.\nQUIT\n'],
  ['controls of a terminal, and turned text', '550 \0\x1b]0;title\x07 \u202edeliver \u2066no\u2069'],
  ['a word without end', `550 ${'x'.repeat(5000)}`],
  ['a long text of emoji', `550 ${'\u{1f600}'.repeat(2500)}`],
  ['half a character', '550 \ud800 half'],
  ['the boundary', '--=_1795.M1P2Q3R4.h-1--'],
  ['an encoded line break', '=?UTF-8?Q?=0D=0ABcc:?='],
]

describe('what comes from others', () => {
  it.each(HOSTILE)('adds no field, no line and no part: %s', async (_, text) => {
    const bytes = composeDeliveryReport(
      sampleReport({
        recipients: [
          { recipient: text, reason: text, code: 550, remoteHost: text, enhanced: text },
          { recipient: 'ben@d.ex', reason: text },
        ],
        reportingHost: text,
        queueId: text,
        key: text,
        envid: text,
        original: header(`Subject: ${text}\r\nMessage-ID: <${text}>\r\n\r\n`),
      }),
    )
    const report = readReport(bytes)
    expect(bytes.toString('latin1')).not.toMatch(/[^\r\n\t -~]/)
    expect(types(report).slice(1)).toEqual(['message/delivery-status', 'text/rfc822-headers'])
    expect(report.header.fields('bcc')).toEqual([])
    expect(report.parts[0]?.content.toString()).not.toMatch(/[^\P{C}\r\n]/u)
    expect(report.status.map(Object.keys)).toEqual([
      ['original-envelope-id', 'reporting-mta', 'arrival-date', 'x-mailqueue-queue-id'],
      ['final-recipient', 'action', 'status', 'remote-mta', 'diagnostic-code'],
      ['final-recipient', 'action', 'status', 'diagnostic-code'],
    ])
    const mail = await simpleParser(bytes)
    expect(mail.attachments).toHaveLength(1)
  })

  it('cannot end a part, even when an earlier report is returned', () => {
    const earlier = composeDeliveryReport(sampleReport())
    const end = earlier.indexOf('\r\n\r\n') + 4
    const report = composedReport({
      original: { header: earlier.subarray(0, end), body: earlier.subarray(end) },
    })
    expect(types(report)).toEqual([
      'text/plain; charset=us-ascii',
      'message/delivery-status',
      'message/rfc822',
    ])
    expect(report.parts[2]?.content).toEqual(earlier)
  })
})

const PYTHON = `
import email, email.policy, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
text, status, original = m.get_payload()
print(json.dumps([m.get_content_type(), m.get_param('report-type'), text.get_content_type(), status.get_content_type(),
  [dict(each.items()) for each in status.get_payload()], original.get_content_type(),
  original.get_payload()[0]['Subject'], len(m.defects)]))
`

describe('other programs', () => {
  it('mailparser shows the words and the fields, and the third part as an attachment', async () => {
    const mail = await simpleParser(composeDeliveryReport(sampleReport()))
    expect(mail.text).toContain('The server mx.d.ex said: 550 5.1.1 no such user')
    expect(mail.text).toContain('Final-Recipient: rfc822; ben@d.ex')
    expect(mail.subject).toBe('Undelivered mail: Lunch')
    expect(mail.inReplyTo).toBe('<one@s.ex>')
    expect(mail.attachments.map(({ contentType }) => contentType)).toEqual(['text/rfc822-headers'])
  })

  const hasPython = spawnSync('python3', ['-c', 'import email']).status === 0
  it.skipIf(!hasPython)('the email package of Python reads every field', () => {
    const original = { header: Buffer.from(ORIGINAL_HEADER), body: Buffer.from('Noon?\r\n') }
    const input = composeDeliveryReport(sampleReport({ original }))
    const { stdout, stderr } = spawnSync('python3', ['-c', PYTHON], { input, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      'multipart/report',
      'delivery-status',
      'text/plain',
      'message/delivery-status',
      [
        {
          'Reporting-MTA': 'dns; mail.h.ex',
          'Arrival-Date': formatDate(NOON - 3_600_000),
          'X-Mailqueue-Queue-ID': '1795.M1P2Q3R4.h',
        },
        {
          'Final-Recipient': 'rfc822; ben@d.ex',
          Action: 'failed',
          Status: '5.1.1',
          'Remote-MTA': 'dns; mx.d.ex',
          'Diagnostic-Code': 'smtp; 550 5.1.1 no such user',
          'Last-Attempt-Date': formatDate(NOON - 1000),
        },
      ],
      'message/rfc822',
      'Lunch',
      0,
    ])
  })
})
