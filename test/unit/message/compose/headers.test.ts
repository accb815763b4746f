/**
 * Fields a caller brings along: they replace generated ones, they never appear twice where once is right, and
 * they cannot add lines.
 */
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { composed } from './composed.ts'

type Headers = [string, string][]

async function compose(headers: Headers, body = 'hello\n'): Promise<string> {
  const message = await composed({
    from: 'root@h.example',
    to: ['a@x.org'],
    cc: ['c@x.org'],
    subject: 'S',
    headers,
    body: Buffer.from(body),
    date: 0,
    messageId: '<id@h.example>',
  })
  return message.toString('latin1')
}

/** All fields of one name, in any case, as they stand in the message. */
function fields(raw: string, name: string): string[] {
  const header = raw.slice(0, raw.indexOf('\r\n\r\n') + 2)
  return (
    header.match(new RegExp(`^${name}:.*\r\n(?:[ \t].*\r\n)*`, 'gim'))?.map((each) => each.trimEnd()) ?? []
  )
}

describe('own fields', () => {
  it('with many addresses and no blank between them are folded', async () => {
    const many = Array.from({ length: 80 }, (_, i) => `user${i}@some.example`)
    const raw = await compose([['Reply-To', many.join(',')]])
    const replyTo = (await simpleParser(Buffer.from(raw))).replyTo?.value.map(({ address }) => address)
    expect(replyTo).toEqual(many)
    expect(Math.max(...raw.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(78)
  })

  it('stand behind the generated ones, each time they are given', async () => {
    const raw = await compose([
      ['X-Foo', 'bar'],
      ['x-foo', 'b  c'],
      ['Reply-To', 'r@x.org'],
    ])
    expect(raw).toContain(
      'Message-ID: <id@h.example>\r\nX-Foo: bar\r\nx-foo: b  c\r\nReply-To: r@x.org\r\nMIME-Version: 1.0',
    )
  })

  it.each<[string, string, string]>([
    ['From', 'from', 'Me <me@x.org>'],
    ['To', 'TO', 'undisclosed-recipients:;'],
    ['Cc', 'cc', 'other@x.org'],
    ['Subject', 'subject', 'mine'],
    ['Date', 'date', 'Thu, 01 Jan 1970 00:00:00 +0000'],
    ['Message-ID', 'Message-Id', '<own@x.org>'],
    ['Content-Type', 'Content-type', 'text/html; charset=UTF-8'],
  ])('replace the generated %s', async (name, spelling, value) => {
    expect(fields(await compose([[spelling, value]]), name)).toEqual([`${name}: ${value}`])
  })

  it('that may appear once appear once: the last counts, address lists become one', async () => {
    const raw = await compose([
      ['From', 'one@x.org'],
      ['From', 'two@x.org'],
      ['Cc', 'c1@x.org'],
      ['CC', 'c2@x.org'],
      ['MIME-Version', '1.0'],
    ])
    expect(fields(raw, 'From')).toEqual(['From: two@x.org'])
    expect(fields(raw, 'Cc')).toEqual(['Cc: c1@x.org, c2@x.org'])
    expect(fields(raw, 'MIME-Version')).toEqual(['MIME-Version: 1.0'])
  })

  it('never include Bcc', async () => {
    const raw = await compose([
      ['Bcc', 'secret@x.org'],
      ['BCC', 'secret@x.org'],
      ['Resent-Bcc', 'secret@x.org'],
    ])
    expect(raw).not.toMatch(/bcc\s*:|secret@/i)
  })

  it('are encoded by what they are when they are not ASCII', async () => {
    const raw = await compose([
      ['X-Note', 'Grüße'],
      ['Subject', 'Größe'],
      ['Reply-To', 'Jörg <j@x.org>'],
    ])
    expect(raw).toMatch(/^[\0-\x7f]*$/)
    const parsed = await simpleParser(raw)
    expect(fields(raw, 'X-Note')[0]).toMatch(/^X-Note: =\?UTF-8\?[QB]\?\S+\?=$/)
    expect(parsed.subject).toBe('Größe')
    expect(parsed.replyTo?.value).toEqual([{ address: 'j@x.org', name: 'Jörg' }])
  })

  it.each<[string, string]>([
    ['X-A', '1\n\nearly body'],
    ['X-A', '1\rX-B: 2'],
    ['X-A', 'a\0b'],
    ['X-A: 1\nX-B', '2'],
    ['X A', '1'],
    ['', '1'],
    ['Content-Type', 'text/plain; name="ü"'],
    ['Message-ID', `<${'x'.repeat(2000)}@x>`],
  ])('that would break the message are refused: %j %j', async (name, value) => {
    await expect(compose([[name, value]])).rejects.toMatchObject({
      name: 'MailError',
      code: 'MESSAGE_MALFORMED',
    })
  })

  it('of one name may be tens of thousands', async () => {
    const many = Array.from({ length: 40_000 }, (_, index): [string, string] => ['X-A', String(index)])
    const written = fields(await compose(many), 'X-A')
    expect([written.length, written.at(-1)]).toEqual([40_000, 'X-A: 39999'])
  })

  it('of words that are almost too long are read once, not once for each character', async () => {
    // 4 MB, and each word one character short of what would have to be encoded.
    const words = Array.from({ length: 4500 }, () => 's'.repeat(899))
    const [subject] = fields(await compose([['Subject', words.join(' ')]]), 'Subject')
    expect(subject?.split('\r\n ')).toEqual([`Subject: ${words[0] ?? ''}`, ...words.slice(1)])
  })
})

describe('own MIME fields', () => {
  const html: Headers = [['Content-Type', 'text/html; charset=UTF-8']]

  it('make a single part of the type given', async () => {
    const raw = await compose(html, '<b>é</b>\n')
    const parsed = await simpleParser(raw)
    expect(parsed.html).toBe('<b>é</b>\n')
    expect(fields(raw, 'Content-Transfer-Encoding')).toEqual(['Content-Transfer-Encoding: quoted-printable'])
  })

  it('are told the charset when they do not say it', async () => {
    const raw = await compose([['Content-Type', 'text/html']], '<b>é</b>\n')
    expect(fields(raw, 'Content-Type')).toEqual(['Content-Type: text/html; charset=utf-8'])
  })

  it('that declare 8bit get an encoding every server takes', async () => {
    const raw = await compose(
      [...html, ['Content-transfer-encoding', '8bit'], ['MIME-Version', '1.0']],
      'hello é\n',
    )
    expect(fields(raw, 'Content-Transfer-Encoding')).toEqual(['Content-Transfer-Encoding: quoted-printable'])
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toBe('hello =C3=A9\r\n')
  })

  it.each<[string, string, string]>([
    ['base64', 'aGVsbG8=\n', 'aGVsbG8=\r\n'],
    ['Base64', 'not base64!\n', 'bm90IGJhc2U2NCENCg==\r\n'],
    ['quoted-printable', 'h=C3=A9=\n\n', 'h=C3=A9=\r\n\r\n'],
    ['quoted-printable', 'a=b\n', 'a=3Db\r\n'],
  ])(
    'that declare %s keep a body that is so, and encode one that is not: %j',
    async (encoding, body, expected) => {
      const raw = await compose([['Content-Transfer-Encoding', encoding]], body)
      expect(fields(raw, 'Content-Transfer-Encoding')).toEqual([
        `Content-Transfer-Encoding: ${encoding.toLowerCase()}`,
      ])
      expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toBe(expected)
    },
  )

  it('of a multipart leave the body alone', async () => {
    const body = '--b\r\n\r\nhé\r\n--b--\r\n'
    const raw = await compose([['Content-Type', 'multipart/mixed; boundary=b']], body)
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toBe(Buffer.from(body).toString('latin1'))
    expect(fields(raw, 'Content-Transfer-Encoding')).toEqual(['Content-Transfer-Encoding: 8bit'])
  })

  it('of another type keep every byte', async () => {
    const raw = await compose([['Content-Type', 'application/octet-stream']], 'a\nb\r\nc')
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toBe('YQpiDQpj\r\n')
  })
})
