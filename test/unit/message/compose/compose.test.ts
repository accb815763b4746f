/**
 * Composed messages: exact bytes where the form is ours, and what a mail reader sees (by mailparser) where it
 * is encoded.
 */
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import type { MailParts } from '../../../../src/message/compose/compose.ts'
import { formatDate } from '../../../../src/message/date.ts'
import { composed } from './composed.ts'

const DATE = Date.UTC(2026, 10, 21, 12, 0, 0)

function parts(changes: Partial<MailParts> = {}): MailParts {
  return {
    from: 'Cron Daemon <root@h.example>',
    to: ['a@x.org'],
    cc: [],
    subject: 'S',
    headers: [],
    body: Buffer.from('hello\n'),
    date: DATE,
    messageId: '<id@h.example>',
    ...changes,
  }
}

interface Composed {
  readonly raw: string
  readonly lines: readonly string[]
  readonly body: string
}

async function compose(changes: Partial<MailParts> = {}): Promise<Composed> {
  const raw = (await composed(parts(changes))).toString('latin1')
  const end = raw.indexOf('\r\n\r\n')
  return { raw, lines: raw.slice(0, end).split('\r\n'), body: raw.slice(end + 4) }
}

/** The value of a field, unfolded; several of one name are joined by a bar. */
function field({ lines }: Composed, name: string): string | undefined {
  const unfolded = lines
    .join('\r\n')
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
  const found = unfolded.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
  return found.length === 0 ? undefined : found.map((line) => line.slice(name.length + 2)).join('|')
}

describe('a plain ASCII message', () => {
  it('has exactly these bytes', async () => {
    const message = await composed(
      parts({
        to: ['a@x.org', 'Bob B <bob@x.org>'],
        cc: ['"C, D" <c@x.org>'],
        subject: 'Disk full',
        body: Buffer.from('a\n\n.\nb'),
      }),
    )
    expect(message.toString()).toBe(
      [
        `Date: ${formatDate(DATE)}`,
        'From: Cron Daemon <root@h.example>',
        'To: a@x.org, Bob B <bob@x.org>',
        'Cc: "C, D" <c@x.org>',
        'Subject: Disk full',
        'Message-ID: <id@h.example>',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=us-ascii',
        'Content-Transfer-Encoding: 7bit',
        '',
        'a',
        '',
        '.',
        'b',
        '',
      ].join('\r\n'),
    )
  })

  it('keeps lines of 998 octets, lines that begin with From and control characters as they are', async () => {
    const text = `${'x'.repeat(998)}\r\nFrom here\r\n\u001b[1mbold\t \r\n`
    const composed = await compose({ body: Buffer.from(text) })
    expect(field(composed, 'Content-Transfer-Encoding')).toBe('7bit')
    expect(composed.body).toBe(text)
  })

  it('may have no body, no subject and no sender', async () => {
    const { raw } = await compose({ from: '', subject: '', body: Buffer.alloc(0) })
    expect(raw).toBe(
      `Date: ${formatDate(DATE)}\r\nTo: a@x.org\r\nMessage-ID: <id@h.example>\r\nMIME-Version: 1.0\r\n` +
        'Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n',
    )
  })

  it('names no program that made it', async () => {
    expect((await compose()).raw).not.toMatch(/x-mailer|user-agent|nodemailer/i)
  })
})

describe('the body', () => {
  const cases: readonly (readonly [string, Buffer, string, string, string])[] = [
    ['UTF-8', Buffer.from('héllo = 1\n'), 'utf-8', 'quoted-printable', 'h=C3=A9llo =3D 1\r\n'],
    [
      'no UTF-8',
      Buffer.from('bad \xff\xfe bytes\n', 'latin1'),
      'iso-8859-1',
      'quoted-printable',
      'bad =FF=FE bytes\r\n',
    ],
    ['mostly non-ASCII', Buffer.from('жж\n'), 'utf-8', 'base64', '0LbQtg0K\r\n'],
    ['with a NUL', Buffer.from('a\0b\n'), 'us-ascii', 'base64', 'YQBiDQo=\r\n'],
    ['with CRLF line ends', Buffer.from('a\r\nb\r\n'), 'us-ascii', '7bit', 'a\r\nb\r\n'],
    ['with a lone CR', Buffer.from('a\rb\r\r\n'), 'us-ascii', 'quoted-printable', 'a=0Db=0D\r\n'],
    ['without a final line end', Buffer.from('é xx'), 'utf-8', 'quoted-printable', '=C3=A9 xx\r\n'],
  ]
  it.each(cases)('that is %s is labelled and encoded', async (_what, body, charset, encoding, expected) => {
    const composed = await compose({ body })
    expect(field(composed, 'Content-Type')).toBe(`text/plain; charset=${charset}`)
    expect(field(composed, 'Content-Transfer-Encoding')).toBe(encoding)
    expect(composed.body).toBe(expected)
  })

  it('with a line over 998 octets is sent in short lines and decodes to the original', async () => {
    const text = `${'x'.repeat(1500)}\nend  \n`
    const composed = await compose({ body: Buffer.from(text) })
    expect(field(composed, 'Content-Transfer-Encoding')).toBe('quoted-printable')
    expect(Math.max(...composed.raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78)
    expect((await simpleParser(Buffer.from(composed.raw, 'latin1'))).text).toBe(text)
  })

  it('at exactly one third of non-ASCII octets is still quoted-printable', async () => {
    const composed = await compose({ body: Buffer.from('\xe9\xe9ab\r\n', 'latin1') })
    expect(field(composed, 'Content-Transfer-Encoding')).toBe('quoted-printable')
  })
})

describe('the subject', () => {
  it('is encoded, folded and decodes exactly', async () => {
    const subject = 'wörd '.repeat(30).trim()
    const composed = await compose({ subject })
    expect(composed.raw).toMatch(/^[\0-\x7f]*$/)
    expect(Math.max(...composed.lines.map((line) => line.length))).toBeLessThanOrEqual(78)
    for (const word of composed.raw.match(/=\?.*?\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75)
    expect((await simpleParser(Buffer.from(composed.raw))).subject).toBe(subject)
  })

  it('of many ASCII words is folded at blanks and unfolds to the original', async () => {
    const subject = 'He said "go"; '.repeat(15).trim()
    const composed = await compose({ subject })
    expect(Math.max(...composed.lines.map((line) => line.length))).toBeLessThanOrEqual(78)
    expect(field(composed, 'Subject')).toBe(subject)
  })

  it.each(['x'.repeat(2000), `a${' '.repeat(200)}b`])('that cannot be folded is encoded', async (subject) => {
    const composed = await compose({ subject })
    expect(Math.max(...composed.lines.map((line) => line.length))).toBeLessThanOrEqual(78)
    expect(composed.lines.filter((line) => line.trim() === '')).toEqual([])
    expect((await simpleParser(Buffer.from(composed.raw))).subject).toBe(subject)
  })

  it('has a blank where a line break was', async () => {
    const composed = await compose({ subject: 'S1\r\nX-Inj: 1\n\nbody\n' })
    expect(field(composed, 'Subject')).toBe('S1 X-Inj: 1 body')
    expect(field(composed, 'X-Inj')).toBeUndefined()
  })
})

describe('addresses', () => {
  it('have names that are quoted or encoded as needed', async () => {
    const composed = await compose({
      from: 'Jörg <j@x.org>',
      to: ['"Doe, John" <d@x.org>, bob@x.org (Bob B)'],
    })
    expect(field(composed, 'From')).toMatch(/^=\?UTF-8\?[QB]\?\S+\?= <j@x\.org>$/)
    const from = (await simpleParser(Buffer.from(composed.raw))).from?.value
    expect(from).toEqual([{ address: 'j@x.org', name: 'Jörg' }])
    expect(field(composed, 'To')).toBe('"Doe, John" <d@x.org>, Bob B <bob@x.org>')
  })

  it('are written as given, with the domain in ASCII where the field can be', async () => {
    const composed = await compose({
      to: ['root', 'Al@EXAMPLE.org', '"a b"@x.org', 'u@bücher.example', 'a@10'],
    })
    expect(field(composed, 'To')).toBe('root, Al@EXAMPLE.org, "a b"@x.org, u@xn--bcher-kva.example, a@10')
  })

  it('are folded when there are many, and all are there', async () => {
    const to = Array.from({ length: 200 }, (_, i) => `User ${i} <user${i}@some.example>`)
    const composed = await compose({ to })
    expect(Math.max(...composed.lines.map((line) => line.length))).toBeLessThanOrEqual(78)
    expect(field(composed, 'To')).toBe(to.join(', '))
  })

  it.each(['a@x.org\nX-Inj: 1', 'a@x.org\r\n\r\nbody', '"a\nb" <a@x.org>', 'foo@@bar..x', '|cat', '/tmp/f'])(
    'that are none are refused: %j',
    async (bad) => {
      const error = { name: 'MailError', code: 'ADDRESS_INVALID' }
      await expect(compose({ to: [bad] })).rejects.toMatchObject(error)
      await expect(compose({ cc: [bad] })).rejects.toMatchObject(error)
      await expect(compose({ from: bad })).rejects.toMatchObject(error)
    },
  )
})
