/** Attachments in composed messages: what a mail reader (mailparser) finds is what was attached, octet for octet. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser, type ParsedMail } from 'mailparser'
import { afterAll, describe, expect, it } from 'vitest'
import type { Attachment } from '../../../../src/message/compose/attachment.ts'
import { BodyStore } from '../../../../src/message/body-store.ts'
import type { MailParts } from '../../../../src/message/compose/compose.ts'
import { bufferContent } from '../../../../src/message/content.ts'
import { composed } from './composed.ts'
import { seeded } from '../seeded.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-attachments-'))
afterAll(() => rmSync(directory, { recursive: true }))

function file(name: string, bytes: Buffer | string): Attachment {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return { path }
}

const content = (bytes: Buffer | string, name: string, more: Partial<Attachment> = {}): Attachment => ({
  path: undefined,
  content: bufferContent(Buffer.from(bytes)),
  name,
  ...more,
})

interface Seen {
  readonly raw: string
  readonly mail: ParsedMail
}

async function compose(changes: Partial<MailParts>): Promise<Seen> {
  const bytes = await composed({
    from: 'a@x.org',
    to: ['b@x.org'],
    cc: [],
    headers: [],
    body: Buffer.from('hello\n'),
    date: 0,
    messageId: '<id@x.org>',
    ...changes,
  })
  const raw = bytes.toString('latin1')
  expect(raw).toMatch(/^[\0-\x7f]*$/)
  expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
  return { raw, mail: await simpleParser(bytes) }
}

const seen = ({ mail }: Seen) =>
  mail.attachments.map(({ filename, contentType, content: bytes }) => ({ filename, contentType, bytes }))

/** Every byte there is, and all that may be mistaken for a line end or a boundary. */
const AWKWARD = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\n--\r\n\n\n\r\r.\r\n..\r\nFrom \0'),
])

describe('a message with attachments', () => {
  it('has exactly this form', async () => {
    const { raw } = await compose({ attachments: [file('b.png', 'png'), file('u.txt', 'a\n')] })
    const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? ''
    expect(boundary).toMatch(/^=_[0-9a-f]{32}\.mixed$/)
    expect(raw.replaceAll(boundary, 'B').slice(raw.indexOf('MIME-Version'))).toBe(
      [
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed;',
        ' boundary="B"',
        'Content-Transfer-Encoding: 7bit',
        '',
        '--B',
        'Content-Type: text/plain; charset=us-ascii',
        'Content-Transfer-Encoding: 7bit',
        'Content-Disposition: inline',
        '',
        'hello',
        '',
        '--B',
        'Content-Type: image/png; name="b.png"',
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: attachment; filename="b.png"',
        '',
        'cG5n',
        '--B',
        'Content-Type: text/plain; charset=us-ascii; name="u.txt"',
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: attachment; filename="u.txt"',
        '',
        'YQo=',
        '--B--',
        '',
      ].join('\r\n'),
    )
  })

  it('brings all octets through, in either encoding, and none where there are none', async () => {
    const attachments = [
      content(AWKWARD, 'a.bin'),
      content(AWKWARD, 'b.bin', { encoding: 'quoted-printable' }),
      content('', 'empty.bin'),
      content('x\r\n \t', 'c.bin', { encoding: 'quoted-printable' }),
    ]
    const all = await compose({ attachments })
    expect(seen(all).map(({ bytes }) => bytes)).toEqual([
      AWKWARD,
      AWKWARD,
      Buffer.alloc(0),
      Buffer.from('x\r\n \t'),
    ])
    expect(all.mail.text).toBe('hello\n')
  })

  it('brings a large file through', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 1, AWKWARD)
    const [large] = seen(await compose({ attachments: [file('large.bin', bytes)] }))
    expect(large?.bytes.equals(bytes)).toBe(true)
  })

  it.skipIf(!existsSync('/proc/self/fd'))(
    'is not made when one cannot be read, and leaves nothing open',
    async () => {
      const large = file('large.bin', Buffer.alloc(3 * 1024 * 1024))
      const open = (): number => readdirSync('/proc/self/fd').length
      await compose({ attachments: [large, large] })
      const before = open()
      await compose({ attachments: [large, large] })
      const missing = { path: join(directory, 'missing') }
      await expect(compose({ attachments: [large, missing, large] })).rejects.toMatchObject({
        code: 'INPUT_MISSING',
        exitCode: 66,
      })
      expect(open()).toBe(before)
    },
  )

  it('without a text has no part for it, unless the caller says something about it', async () => {
    const attachments = [content('x', 'a.bin')]
    const bare = await compose({ body: Buffer.alloc(0), attachments })
    expect(bare.raw.match(/Content-Type: .*/g)).toEqual([
      'Content-Type: multipart/mixed;',
      'Content-Type: application/octet-stream; name="a.bin"',
    ])
    const headers: MailParts['headers'] = [['Content-Type', 'text/html']]
    expect((await compose({ body: Buffer.alloc(0), attachments, headers })).raw).toContain(
      'Content-Type: text/html\r\n',
    )
  })
})

describe('the type of an attachment', () => {
  const latin1 = Buffer.from('caf\xe9\n', 'latin1')
  it.each<[string, string | Buffer, string | undefined, string]>([
    ['a.PDF', 'x', undefined, 'application/pdf'],
    ['a.tar.gz', 'x', undefined, 'application/gzip'],
    ['a.csv', 'a,é\r\n', undefined, 'text/csv; charset=utf-8'],
    ['a.csv', latin1, undefined, 'application/octet-stream'],
    ['a.txt', 'a\0b', undefined, 'application/octet-stream'],
    ['noend', 'text\n', undefined, 'text/plain; charset=us-ascii'],
    ['noend', latin1, undefined, 'application/octet-stream'],
    ['.bashrc', 'é', undefined, 'text/plain; charset=utf-8'],
    ['a.eml', 'Subject: x\n\n', undefined, 'application/octet-stream'],
    ['a.txt', 'x', 'message/rfc822', 'application/octet-stream'],
    ['a.txt', latin1, 'text/html', 'text/html; charset=iso-8859-1'],
    ['a.txt', latin1, 'text/html; charset=koi8-r;', 'text/html; charset=koi8-r'],
    ['a.txt', 'x', 'image/x-own', 'image/x-own'],
  ])('%s with %j and %j is %s', async (name, bytes, type, expected) => {
    const more = type === undefined ? {} : { type }
    const { raw, mail } = await compose({ attachments: [content(bytes, name, more)] })
    const unfolded = raw.replace(/\r\n(?=[ \t])/g, '')
    expect(unfolded).toContain(`\r\nContent-Type: ${expected}; name="${name}"\r\n`)
    expect(mail.attachments[0]?.content).toEqual(Buffer.from(bytes))
  })

  it.each(['text', 'text/plain\r\nX: 1', 'text/plain; name=é', 'a b/c', `a/${'b'.repeat(400)}`])(
    '%j is refused',
    async (type) => {
      const error = { code: 'MESSAGE_MALFORMED', exitCode: 65 }
      await expect(compose({ attachments: [content('x', 'a', { type })] })).rejects.toMatchObject(error)
      await expect(compose({ bodyType: type })).rejects.toMatchObject(error)
      const alternative = { type, body: Buffer.from('x\n') }
      await expect(compose({ alternative })).rejects.toMatchObject(error)
    },
  )
})

describe('the name of an attachment', () => {
  const long = `${'long name with blanks '.repeat(9)}.txt`
  const longUnicode = `${'näme 名前 🎈'.repeat(20)}.txt`
  it.each<[string, string]>([
    ['plain.txt', 'plain.txt'],
    ['with  blanks and; semicolon=1.txt', 'with  blanks and; semicolon=1.txt'],
    ['say "hi".txt', 'say "hi".txt'],
    ["it's 100%.txt", "it's 100%.txt"],
    ['näme ü.txt', 'näme ü.txt'],
    ['日本語.pdf', '日本語.pdf'],
    ['🎈.png', '🎈.png'],
    [long, long],
    [longUnicode, longUnicode],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a\\b.txt', 'a_b.txt'],
    ['a\r\nX-Evil: 1\u0000\u001b[1m\u2028.txt', 'a_X-Evil: 1_[1m_.txt'],
    ['', 'attachment'],
    ['..', 'attachment'],
    [' \n ', '_'],
  ])('%j is read as %j', async (name, expected) => {
    const { raw, mail } = await compose({ attachments: [content('x', name)] })
    expect(mail.attachments.map(({ filename }) => filename)).toEqual([expected])
    for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
    expect(raw).not.toMatch(/^X-Evil/m)
  })

  it('that is not ASCII is also there for readers that know only encoded words', async () => {
    const { raw } = await compose({ attachments: [content('x', 'näme.txt')] })
    expect(raw).toContain('name="=?UTF-8?Q?n=C3=A4me=2Etxt?="')
    expect(raw).toContain("Content-Disposition: attachment; filename*=utf-8''n%C3%A4me.txt\r\n")
  })

  it('that looks like an encoded word is no such word', async () => {
    const { raw } = await compose({ attachments: [content('x', '=?UTF-8?Q?x?=')] })
    expect(raw).toContain('name="=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fx=3F=3D?="')
    expect(raw).toContain("filename*=utf-8''%3D%3FUTF-8%3FQ%3Fx%3F%3D")
  })

  it('is the last part of the path, of a link that of the link', async () => {
    mkdirSync(join(directory, 'deep'))
    const { path } = file('deep/real.txt', 'x')
    const link = join(directory, 'link.log')
    symlinkSync(path ?? '', link)
    expect(seen(await compose({ attachments: [{ path }, { path: link }] }))).toEqual([
      { filename: 'real.txt', contentType: 'text/plain', bytes: Buffer.from('x') },
      { filename: 'link.log', contentType: 'text/plain', bytes: Buffer.from('x') },
    ])
  })
})

describe('the text of a message with parts', () => {
  const attachments = [content('x', 'a.bin')]

  it.each<[string, string, string]>([
    ['Content-Type', 'text/html; charset=UTF-8', '<b>é</b>\n'],
    ['Content-Language', 'de', 'é\n'],
  ])('has the own %s of the caller', async (name, value, body) => {
    const { raw, mail } = await compose({ headers: [[name, value]], body: Buffer.from(body), attachments })
    const [, text = ''] = raw.split('\r\n--=_')
    expect(text).toContain(`\r\n${name}: ${value}\r\n`)
    expect(raw.match(new RegExp(`^${name}: ${value}`, 'gm'))).toHaveLength(1)
    expect(name === 'Content-Type' ? mail.html : mail.text).toBe(body)
  })

  it('that is a multipart of the caller is a part as it is', async () => {
    const body = Buffer.from('--b\n\nplain\n--b\nContent-Type: text/html\n\n<i>html</i>\n--b--\n')
    const headers: MailParts['headers'] = [['Content-Type', 'multipart/alternative; boundary=b']]
    const { mail } = await compose({ headers, body, attachments })
    expect([mail.text, mail.html]).toEqual(['plain', '<i>html</i>'])
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['a.bin'])
  })

  it.each(['multipart/mixed', 'multipart/mixed; boundary="absent"'])(
    'is plain text when it has not the form of the %s that is claimed',
    async (type) => {
      const { mail } = await compose({ headers: [['Content-Type', type]], attachments })
      expect(mail.text).toBe('hello\n')
      expect(mail.attachments).toHaveLength(1)
    },
  )

  it('comes with its alternative, the plain one first, and attachments behind both', async () => {
    const alternative = { type: 'text/html', body: Buffer.from('<p>é</p>\n') }
    const both = await compose({ alternative, attachments })
    expect([both.mail.text, both.mail.html]).toEqual(['hello\n', '<p>é</p>\n'])
    expect(both.raw.replace(/\r\n /g, ' ').match(/Content-Type: [^;\r]+/g)).toEqual([
      'Content-Type: multipart/mixed',
      'Content-Type: multipart/alternative',
      'Content-Type: text/plain',
      'Content-Type: text/html',
      'Content-Type: application/octet-stream',
    ])
    const swapped = await compose({
      bodyType: 'text/html',
      body: Buffer.from('<p>x</p>\n'),
      alternative: { type: 'text/plain', body: Buffer.from('x\n') },
    })
    expect(swapped.raw.match(/Content-Type: text[^;\r]+/g)).toEqual([
      'Content-Type: text/plain',
      'Content-Type: text/html',
    ])
  })

  it('may have an alternative that is read from a file, which stays open', async () => {
    const store = new BodyStore(directory)
    const line = Buffer.from(`<p>${'x'.repeat(60)}</p>\n`)
    const html = Buffer.concat(Array.from({ length: 20_000 }, () => line))
    await store.append(html)
    const kept = await store.finish()
    expect(kept.bytes).toBeUndefined()
    let closed = 0
    const body = {
      ...kept,
      close: () => {
        closed += 1
        kept.close()
      },
    }
    const { mail } = await compose({ alternative: { type: 'text/html', body } })
    expect(mail.html).toBe(html.toString())
    expect(closed).toBe(0)
    body.close()
  })

  it('is the alternative alone when there is nothing else', async () => {
    const alternative = { type: 'text/html', body: Buffer.from('<p>x</p>\n') }
    const { raw, mail } = await compose({ body: Buffer.alloc(0), alternative })
    expect(raw).not.toContain('multipart')
    expect(mail.html).toBe('<p>x</p>\n')
  })

  it('has the type that is asked for, charset included', async () => {
    expect((await compose({ bodyType: 'text/html' })).raw).toContain(
      'Content-Type: text/html; charset=us-ascii\r\n',
    )
    const latin2 = await compose({ body: Buffer.from('\xb1\n', 'latin1'), fallbackCharset: 'iso-8859-2' })
    expect(latin2.mail.text).toBe('ą\n')
    const injected = { body: Buffer.from('\xb1\n', 'latin1'), fallbackCharset: 'a\r\nX: 1' }
    await expect(compose(injected)).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' })
  })
})

describe('random messages', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('number %i come through', async (seed) => {
    const random = seeded(seed)
    const pieces = [
      'a',
      ' ',
      '\n',
      '\r\n',
      '=',
      '=20',
      'é',
      '名',
      '🎈',
      '.',
      '--',
      '\t',
      '"',
      '\\',
      ';',
      '%',
      "'",
    ]
    const text = (length: number): string =>
      Array.from({ length: random.below(length) }, () => random.pick(['x', ...pieces])).join('')
    const bytes = (): Buffer =>
      Buffer.from(Array.from({ length: random.below(5000) }, () => random.below(random.pick([4, 128, 256]))))
    const names = Array.from({ length: random.below(4) }, (_, index) => `n${index}${text(150)}e`)
    const attachments = names.map((name) =>
      content(bytes(), name, { encoding: random.pick(['base64', 'quoted-printable']) }),
    )
    const body = `${text(400)}\n`
    const message = await compose({ body: Buffer.from(body), attachments })
    expect(message.mail.text).toBe(body.replaceAll('\r\n', '\n'))
    expect(message.mail.attachments.map((each) => each.filename)).toEqual(
      names.map((name) => name.replace(/[\r\n\t\\]+/g, '_')),
    )
    expect(message.mail.attachments.map((each) => each.content)).toEqual(
      attachments.map((each) => each.content?.bytes),
    )
  })
})
