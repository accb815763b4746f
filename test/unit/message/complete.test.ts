/** What is added to a header, what goes, and that the rest keeps its bytes. */
import { describe, expect, it } from 'vitest'
import { completeHeader, type HeaderFacts, type HeaderPolicy } from '../../../src/message/complete.ts'
import { formatDate } from '../../../src/message/date.ts'
import { splitHeader } from '../../../src/message/header-block.ts'
import { seeded } from './seeded.ts'

const now = Date.parse('2026-11-21T19:28:27Z')
const facts: HeaderFacts = {
  sender: 'alice@h.example',
  from: { name: 'Alice A.', address: 'alice@h.example' },
  now,
  domain: 'h.example',
}
const headerOf = (text: string) => splitHeader(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')).header

const ALL_OFF: HeaderPolicy = {
  setFrom: 'off',
  setDate: 'off',
  setMessageId: 'off',
  setTo: 'off',
  removeBcc: false,
}

function complete(
  text: string,
  changes: Partial<HeaderFacts> = {},
  policy?: HeaderPolicy,
): { lines: string[]; id: string | undefined } {
  const { bytes, messageId } = completeHeader(headerOf(text), { ...facts, ...changes }, policy)
  const whole = bytes.toString('latin1')
  expect(whole).toMatch(/^(?:[^\r\n]+\r\n)*\r\n$/)
  return { lines: whole.split('\r\n').slice(0, -2), id: messageId }
}

describe('completeHeader', () => {
  it('adds From, Date and Message-ID at the end, in this order', () => {
    const { lines, id } = complete('Subject: s\nTo: a@x\n')
    expect(lines).toEqual([
      'Subject: s',
      'To: a@x',
      'From: "Alice A." <alice@h.example>',
      `Date: ${formatDate(now)}`,
      `Message-ID: ${id ?? ''}`,
    ])
    expect(id).toMatch(/^<[^<>@ ]+@h\.example>$/)
  })

  it('makes a whole header out of none', () => {
    expect(complete('').lines.map((line) => line.split(':')[0])).toEqual(['From', 'Date', 'Message-ID'])
  })

  it('leaves a complete header byte for byte', () => {
    const text = 'DATE : x\nfrom: root (Cron Daemon)\n\tfolded\nMessage-id: <X@y>\nSubject:  J\xf6\xc3\xb6 \n'
    expect(complete(text)).toEqual({ lines: text.split('\n').slice(0, -1), id: '<X@y>' })
  })

  it('takes the address alone when there is no name', () => {
    expect(complete('', { from: { address: 'a@x' } }).lines[0]).toBe('From: a@x')
  })

  it('writes an address with other letters as UTF-8', () => {
    const { lines } = complete('', { from: { name: '\u00dc', address: '\u00fc@x' } })
    expect(lines[0]).toBe('From: =?UTF-8?B?w5w=?= <\xc3\xbc@x>')
  })

  it('names the mailer daemon for the null sender', () => {
    expect(complete('', { sender: '' }).lines[0]).toBe('From: MAILER-DAEMON <MAILER-DAEMON@h.example>')
    expect(complete('From: a@x\n', { sender: '' }).lines[0]).toBe('From: a@x')
  })

  it('removes Bcc and Resent-Bcc however they are written', () => {
    const text = 'Bcc: a@x,\n b@x\nTo: c@x\nBCC : d@x\nresent-bcc\t:\n e@x\nBcc-Note: f@x\n'
    expect(complete(text).lines.slice(0, 2)).toEqual(['To: c@x', 'Bcc-Note: f@x'])
    expect(
      complete(text)
        .lines.join()
        .match(/[abde]@x/),
    ).toBe(null)
  })

  it('adds Resent-Date and Resent-Message-ID only to a message that is resent', () => {
    const names = (text: string) => complete(text).lines.map((line) => line.split(':')[0])
    const full = 'From: a@x\nDate: x\nMessage-ID: <i@x>\n'
    expect(names(full)).toEqual(['From', 'Date', 'Message-ID'])
    expect(names(`${full}Resent-To: b@x\n`).slice(3)).toEqual([
      'Resent-To',
      'Resent-Date',
      'Resent-Message-ID',
    ])
    expect(names(`${full}Resent-Bcc: b@x\n`).slice(3)).toEqual(['Resent-Date', 'Resent-Message-ID'])
    expect(names(`${full}RESENT-DATE: x\nResent-Message-id: <r@x>\n`).length).toBe(5)
    expect(complete(`${full}Resent-To: b@x\n`).id).toBe('<i@x>')
    expect(names(`${full}Resent-By: b@x\n`)).toEqual(['From', 'Date', 'Message-ID', 'Resent-By'])
  })

  it('changes nothing when it runs on its own result', () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(8); count > 0; count -= 1) {
        text += random.pick([
          'To: a@x\n',
          'From: b@x\n',
          'Bcc : c@x\n',
          'X:\n \xff\n',
          'date: x\n',
          'Resent-Cc: d@x\n',
        ])
      }
      const once = completeHeader(headerOf(text), facts)
      const twice = completeHeader(splitHeader(once.bytes).header, facts)
      expect(twice, `seed ${seed}`).toEqual(once)
    }
  })
})

describe('completeHeader with a policy', () => {
  const made = (text: string, policy: Partial<HeaderPolicy>, changes: Partial<HeaderFacts> = {}) =>
    complete(
      text,
      { from: { address: 'me@s.ex' }, recipients: ['a@x', 'b@x'], ...changes },
      {
        ...ALL_OFF,
        ...policy,
      },
    ).lines

  it('adds and removes nothing when all is off', () => {
    const text = 'To: a@x\nBcc: b@x\nResent-Bcc: c@x\nResent-To: d@x\n'
    expect(made(text, {})).toEqual(text.split('\n').slice(0, -1))
  })

  it('adds each field by its own option', () => {
    expect(made('', { setFrom: 'auto' })).toEqual(['From: me@s.ex'])
    expect(made('', { setDate: 'auto' })).toEqual([`Date: ${formatDate(now)}`])
    expect(made('', { setMessageId: 'auto' })).toEqual([expect.stringMatching(/^Message-ID: <[^ ]+>$/)])
    expect(made('Resent-To: a@x\n', { setDate: 'auto' }).slice(1)).toEqual([
      `Date: ${formatDate(now)}`,
      `Resent-Date: ${formatDate(now)}`,
    ])
  })

  it.each([
    ['To: x@x\nFrom: root (Cron Daemon)\nX: 1\n', ['To: x@x', 'From: me@s.ex (Cron Daemon)', 'X: 1']],
    ['from:  =?UTF-8?Q?J=C3=B6?=\n <root@h>\n', ['From: =?UTF-8?Q?J=C3=B6?=', ' <me@s.ex>']],
    ['From: J\xc3\xb6 <root>\n', ['From: J\xc3\xb6 <me@s.ex>']],
    ['From: a@x, B <b@x>\n', ['From: me@s.ex']],
    ['From: a@x\nX: 1\nFrom: b@x\n', ['From: me@s.ex', 'X: 1']],
    ['From: g: A <a@x>, b@x;\n', ['From: A <me@s.ex>']],
    ['From: not an address\n', ['From: me@s.ex']],
    ['From: <>\n', ['From: me@s.ex']],
    ['From: Shop  <me@S.EX>\n', ['From: Shop  <me@S.EX>']],
    ['X: 1\n', ['X: 1', 'From: me@s.ex']],
  ])('makes %j name the sender', (text, lines) => {
    expect(made(text, { setFrom: 'on' })).toEqual(lines)
  })

  it('gives From the name that is known, whatever it was', () => {
    const from = { name: '\u00dc', address: 'me@s.ex' }
    expect(made('From: "Old" <a@x>\n', { setFrom: 'on' }, { from })).toEqual([
      'From: =?UTF-8?B?w5w=?= <me@s.ex>',
    ])
  })

  it('leaves From of the null sender alone', () => {
    expect(made('From: a@x\n', { setFrom: 'on' }, { sender: '' })).toEqual(['From: a@x'])
    expect(made('', { setFrom: 'on' }, { sender: '' })).toEqual([
      'From: MAILER-DAEMON <MAILER-DAEMON@h.example>',
    ])
  })

  const BOTH = ['To: a@x,', ' b@x']
  const NOBODY = 'To: undisclosed-recipients:;'
  it.each<[HeaderPolicy['setTo'], string, readonly string[]]>([
    ['auto', 'X: 1\n', ['X: 1', ...BOTH]],
    ['auto', 'To: c@x\n', ['To: c@x']],
    ['auto', 'Cc: c@x\n', ['Cc: c@x', ...BOTH]],
    ['auto', 'X: 1\nBcc: b@x\n', ['X: 1', NOBODY]],
    ['auto', 'Bcc:\nX: 1\n', ['X: 1', ...BOTH]],
    ['on', 'X: 1\nTo: root\nY: 1\nCC: c@x\n', ['X: 1', ...BOTH, 'Y: 1']],
    ['on', 'X: 1\n', ['X: 1', ...BOTH]],
    ['on', 'To: c@x\nBcc: b@x\n', ['To: c@x']],
    ['on', 'Cc: c@x\nBcc: b@x\n', ['Cc: c@x']],
    ['on', 'Bcc: b@x\n', [NOBODY]],
    ['undisclosed_recipients', 'Cc: c@x\nX: 1\nTo: b@x\nBcc: b@x\n', [NOBODY, 'X: 1']],
    ['undisclosed_recipients', '', [NOBODY]],
    ['on', 'To: c@x\nResent-To: b@x\n', ['To: c@x', 'Resent-To: b@x']],
    ['off', 'X: 1\n', ['X: 1']],
  ])('with set_to_header = %s makes of %j the fields %j', (setTo, text, lines) => {
    expect(made(text, { setTo, removeBcc: true })).toEqual(lines)
  })

  it('names nobody when nobody may be named', () => {
    expect(made('', { setTo: 'on' }, { recipients: [] })).toEqual([NOBODY])
    expect(made('To: c@x\n', { setTo: 'on' }, { recipients: [] })).toEqual(['To: c@x'])
  })
})
