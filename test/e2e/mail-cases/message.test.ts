/** What a text and a subject become: every byte that is typed arrives, whatever the locale and the server. */
import { describe, expect, it } from 'vitest'
import { runCase, testCases } from './case.ts'

const TO = ['-s', 'S', 'a@x.org']
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('a subject', () => {
  testCases([
    {
      name: 'the header of a template in Latin-1 keeps its characters, as its body does',
      args: ['-t'],
      stdin: latin1('To: J\xfcrgen <a@x.org>\nSubject: Gr\xfc\xdfe\nCc: Zo\xc3\xab <c@x.org>\n\nb\xfc\n'),
      recipients: ['a@x.org', 'c@x.org'],
      to: ['Jürgen <a@x.org>'],
      cc: ['Zoë <c@x.org>'],
      subject: 'Grüße',
      text: 'bü\n',
    },
    {
      name: 'A14 cannot add a field',
      args: ['-s', 'S1\nX-Inj: 1', 'a@x.org'],
      lines: ['Subject: S1 X-Inj: 1'],
      notInHeader: /^X-Inj/im,
    },
    {
      name: 'A17 and a text in UTF-8 arrive, whatever the locale says',
      args: ['-s', 'Grüße aus Köln', 'a@x.org'],
      stdin: latin1('h\xc3\xa9llo\n'),
      subject: 'Grüße aus Köln',
      charset: /^utf-8$/i,
      header: /^Content-Transfer-Encoding: (?:quoted-printable|base64)\r$/m,
      text: 'héllo\n',
    },
  ])

  it('A18 is encoded in words that any program can read', async () => {
    const subject = 'wörd '.repeat(30).trimEnd()
    const site = await runCase({ name: '', args: ['-s', `${subject} `, 'a@x.org'], subject })
    const text = site.received[0]?.data.toString('latin1') ?? ''
    const header = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')
    expect(Math.max(...header.map((line) => line.length))).toBeLessThanOrEqual(78)
    const words = header.join('\n').match(/=\?[^?]+\?[BQ]\?[^?]*\?=/gi) ?? []
    expect(words.length).toBeGreaterThan(1)
    expect(Math.max(...words.map((word) => word.length))).toBeLessThanOrEqual(75)
    const utf8 = new TextDecoder('utf-8', { fatal: true })
    for (const word of words) {
      const [, , encoding = '', encoded = ''] = word.split('?')
      const bytes =
        encoding.toUpperCase() === 'B'
          ? Buffer.from(encoded, 'base64')
          : latin1(decodeBytes(encoded.replaceAll('_', ' ')))
      expect(() => utf8.decode(bytes)).not.toThrow()
    }
  })

  it('A19 of 200 characters is folded, never within a word', async () => {
    const subject = 'word '.repeat(40).trimEnd()
    const site = await runCase({ name: '', args: ['-s', subject, 'a@x.org'], subject })
    const folded = /^Subject: [^\r]*(?:\r\n [^\r]*)*/m.exec(
      site.received[0]?.data.toString('latin1') ?? '',
    )?.[0]
    expect(folded?.replaceAll('\r\n', '')).toBe(`Subject: ${subject}`)
    expect(Math.max(...(folded ?? '').split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78)
  })
})

const decodeBytes = (text: string): string =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

describe('a text', () => {
  testCases([
    {
      name: 'A22 that is no UTF-8 keeps its bytes',
      args: TO,
      stdin: latin1('bad \xff\xfe bytes\n'),
      charset: /^(?:iso-8859-1|windows-1252)$/i,
      text: 'bad ÿþ bytes\n',
    },
    { name: 'A24 with CRLF is text', args: TO, stdin: 'a\r\nb\r\n', text: 'a\nb\n' },
    {
      name: 'A25 with a line of 1500 characters',
      args: TO,
      stdin: `${'x'.repeat(1500)}\n`,
      text: `${'x'.repeat(1500)}\n`,
    },
    { name: 'A26 without a line end at its end', args: TO, stdin: 'x', text: /^x\n?$/ },
    { name: 'A27 with a dot alone on a line', args: TO, stdin: 'l1\n.\nl2\n', text: 'l1\n.\nl2\n' },
    {
      name: 'A28 with a dot alone on a line, although "dot" is set',
      args: TO,
      stdin: 'l1\n.\nl2\n',
      files: { rc: 'set dot\n' },
      env: { MAILRC: 'DIR/rc' },
      text: 'l1\n.\nl2\n',
    },
    { name: 'A30 with a line that begins with From', args: TO, stdin: 'From here\n', text: 'From here\n' },
    {
      name: 'A31 without a byte is sent, and a notice says so',
      args: TO,
      stdin: '',
      stderr: /^mq-mail: [^\n]*(?:empty|null)[^\n]*\n$/i,
      text: /^\n?$/,
    },
    {
      name: 'A34 that cannot be read because the input is closed is the same',
      args: TO,
      through: ['sh', '-c', 'exec "$@" <&-', 'sh'],
      stderr: /^mq-mail: [^\n]*(?:empty|null)[^\n]*\n$/i,
      text: /^\n?$/,
    },
    {
      name: 'A30 with tildes is not obeyed',
      args: TO,
      stdin: '~s other\n~b two@x.org\n~!touch DIR/p\n~.\nend\n',
      subject: 'S',
      text: '~s other\n~b two@x.org\n~!touch DIR/p\n~.\nend\n',
    },
    { name: 'A22 with a NUL keeps it', args: TO, stdin: 'a\0b\nc\n', text: 'a\0b\nc\n' },
  ])
})
