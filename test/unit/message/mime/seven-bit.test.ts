import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'
import { simpleParser, type ParsedMail } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { bufferContent, type MessageContent } from '../../../../src/message/content.ts'
import { toSevenBit } from '../../../../src/message/mime/seven-bit.ts'
import { wireFacts } from '../../../../src/message/wire-facts.ts'

const SEVEN = { keepEightBit: false }
const bytesOf = (text: string, charset: BufferEncoding = 'utf8'): Buffer =>
  Buffer.from(text.replaceAll('\n', '\r\n'), charset)

/** The same bytes in portions, as a file gives them. */
function inPortions(bytes: Buffer, size: number): MessageContent {
  const portions = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  return {
    ...bufferContent(bytes),
    bytes: undefined,
    stream: () => Readable.from(portions, { objectMode: false }),
  }
}

async function read(content: MessageContent): Promise<Buffer> {
  const parts: Buffer[] = []
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

/** Converts a message every way there is; all have to give the same bytes, and these have to fit. */
async function convert(message: Buffer): Promise<string> {
  const whole = await toSevenBit(bufferContent(message), SEVEN)
  if (whole === 'signed') return whole
  for (const size of [1, 3, 1000]) {
    const streamed = await toSevenBit(inPortions(message, size), SEVEN)
    if (streamed === 'signed') return streamed
    const bytes = await read(streamed)
    expect(bytes.equals(await read(whole))).toBe(true)
    expect((await read(streamed)).equals(bytes)).toBe(true)
    expect(streamed.size).toBe(bytes.length)
  }
  expect(await wireFacts(whole)).toMatchObject({ longLine: false })
  return (await read(whole)).toString('latin1').replaceAll('\r\n', '\n')
}

const parse = (text: string): Promise<ParsedMail> => simpleParser(Buffer.from(text, 'latin1'))

describe('a message of one part', () => {
  it('without MIME fields becomes quoted-printable UTF-8', async () => {
    const text = await convert(bytesOf('Subject: x\n\nGrüße = \nvon .\t\n'))
    expect(text).toBe(
      [
        'Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe =3D=20\nvon .=09\n',
      ].join('\n'),
    )
    expect((await parse(text)).text).toBe('Grüße = \nvon .\t\n')
  })

  it('of no known charset says so', async () => {
    const text = await convert(bytesOf('Subject: x\n\nGr\xfc\xdfe\n', 'latin1'))
    expect(text).toContain('Content-Type: text/plain; charset=unknown-8bit\n')
    expect(text).toContain('\n\nGr=FC=DFe\n')
  })

  it('keeps its own fields, in place of the old encoding', async () => {
    const head = 'MIME-Version: 1.0\nContent-Type: text/html;\n charset=iso-8859-1'
    const text = await convert(
      bytesOf(`${head}\nContent-Transfer-Encoding: 8BIT\nSubject: x\n\n\xfc\n`, 'latin1'),
    )
    expect(text).toBe(`${head}\nContent-Transfer-Encoding: quoted-printable\nSubject: x\n\n=FC\n`)
  })

  it('that is no text becomes base64', async () => {
    const text = await convert(
      bytesOf(`Content-Type: application/x-y\nMIME-Version: 1.0\n\n${'ü'.repeat(60)}\n`),
    )
    expect(text).toContain('Content-Transfer-Encoding: base64\n\n')
    const [, body = ''] = text.split('\n\n')
    expect(Buffer.from(body, 'base64').toString()).toBe(`${'ü'.repeat(60)}\r\n`)
  })

  it('with long lines only becomes quoted-printable too', async () => {
    const line = `${'word '.repeat(300)}end`
    const text = await convert(bytesOf(`Subject: x\n\n${line}\n${line}\n`))
    expect(text).toContain('charset=us-ascii')
    expect((await parse(text)).text).toBe(`${line}\n${line}\n`)
  })

  it('with a line longer than any buffer is no problem', async () => {
    const line = 'ab€=c '.repeat(20_000)
    const text = await convert(bytesOf(`Subject: x\n\n${line}.\n`))
    expect((await parse(text)).text).toBe(`${line}.\n`)
  })

  it('in base64 or quoted-printable that breaks its promises keeps its encoding', async () => {
    const long = Buffer.alloc(3000, 'abc').toString('base64')
    const base64 = await convert(bytesOf(`Content-Transfer-Encoding: base64\n\n${long}\nü`))
    expect(Buffer.from(base64.split('\n\n')[1] ?? '', 'base64').toString()).toBe('abc'.repeat(1000))
    const quoted = await convert(
      bytesOf(`Content-Transfer-Encoding: quoted-printable\n\n${'=C3=BC'.repeat(400)}ü=\nx\n`),
    )
    expect(isAscii(Buffer.from(quoted, 'latin1'))).toBe(true)
    expect((await parse(quoted)).text).toBe(`${'ü'.repeat(401)}x\n`)
  })
})

describe('a message of several parts', () => {
  const nested = bytesOf(
    [
      'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="a b"\nContent-Transfer-Encoding: 8bit\n',
      'préamble\n--a b\nContent-Type: multipart/alternative; boundary=c\nContent-Transfer-Encoding: binary\n',
      '--c\n\nGrüße\n--c\nContent-Type: text/html\nContent-Transfer-Encoding: 8bit\n\n<b>ascii</b>\n--c--',
      '--a b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: inner\n\nInnerß\n',
      '--a b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nAAEC\n--a b--\nepilogue\n',
    ].join('\n'),
  )

  it('has all its bodies converted and nothing else touched', async () => {
    const text = await convert(nested)
    expect(isAscii(Buffer.from(text, 'latin1'))).toBe(true)
    expect(text).not.toMatch(/: (8bit|binary)/i)
    expect(text).toContain('\npr??amble\n')
    expect(text).toContain(
      '--c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n--c\n',
    )
    expect(text).toContain('Content-Transfer-Encoding: 7bit\n\n<b>ascii</b>\n--c--')
    expect(text).toContain('Subject: inner\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n')
    expect(text).toContain('\n\nInner=C3=9F\n')
    expect(text).toContain('Content-Transfer-Encoding: base64\n\nAAEC\n--a b--\nepilogue\n')
    const parsed = await parse(text)
    expect(parsed.text).toContain('Grüße')
    expect(parsed.html).toBe('<b>ascii</b>')
  })

  it('is stable: what is fit is not changed again', async () => {
    const once = await toSevenBit(bufferContent(nested), SEVEN)
    if (once === 'signed') throw new Error('not signed')
    expect(await toSevenBit(once, SEVEN)).toBe(once)
  })

  it('may keep its 8-bit text where only lines are too long', async () => {
    const long = 'x'.repeat(2000)
    const message = bytesOf(
      `Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: 8bit\n\n--a\n\nü\n--a\n\n${long}\n--a--\n`,
    )
    const result = await toSevenBit(bufferContent(message), { keepEightBit: true })
    if (result === 'signed') throw new Error('not signed')
    const text = (await read(result)).toString().replaceAll('\r\n', '\n')
    expect(text).toContain('Content-Transfer-Encoding: 8bit\n\n--a\n\nü\n--a\n')
    expect(text).toContain('Content-Transfer-Encoding: quoted-printable\n\nxxx')
    expect(await wireFacts(result)).toMatchObject({ longLine: false })
  })

  it('knows the messages in a digest', async () => {
    const text = await convert(
      bytesOf('Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: inner\n\nü\n--a--\n'),
    )
    expect(text).toContain('--a\n\nSubject: inner\nMIME-Version: 1.0\n')
  })
})

describe('a message that need not or must not be changed', () => {
  it('stays the same content when only its header has 8-bit bytes', async () => {
    const content = bufferContent(bytesOf('Subject: ü\n\nascii\n'))
    expect(await toSevenBit(content, SEVEN)).toBe(content)
  })

  it.each([
    ['DKIM', 'DKIM-Signature: v=1\nSubject: x\n\nü\n'],
    ['OpenPGP', 'Content-Type: multipart/signed; boundary=a\n\n--a\n\nü\n--a--\n'],
    ['encryption', 'Content-Type: multipart/encrypted; boundary=a\n\n--a\n\nü\n--a--\n'],
    ['S/MIME', 'Content-Type: application/pkcs7-mime\n\nü\n'],
    [
      'a signed part',
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/signed; boundary=a\n\n--a\n\nü\n--a--\n--b--\n',
    ],
  ])('is refused with 8-bit text under %s', async (_, text) => {
    expect(await convert(bytesOf(text))).toBe('signed')
  })

  it('is left alone where only its lines are too long', async () => {
    const content = bufferContent(bytesOf(`DKIM-Signature: v=1\n\n${'x'.repeat(2000)}\n`))
    expect(await toSevenBit(content, SEVEN)).toBe(content)
  })

  it('has its other parts converted around a signed one', async () => {
    const signed =
      'Content-Type: multipart/signed; boundary=a\n\n--a\n\nascii   \n--a\nContent-Type: application/pgp-signature\n\nx\n--a--\n'
    const text = await convert(
      bytesOf(`Content-Type: multipart/mixed; boundary=b\n\n--b\n${signed}\n--b\n\nü\n--b--\n`),
    )
    expect(text).toContain(`--b\n${signed}\n--b\n`)
    expect(text).toContain('\n\n=C3=BC\n--b--\n')
  })
})

describe('a message that is no proper MIME', () => {
  it.each([
    ['an unclosed multipart', 'Content-Type: multipart/mixed; boundary=a\n\n--a\n\nü'],
    ['a multipart without parts', 'Content-Type: multipart/mixed; boundary=a\n\nü\n'],
    ['a multipart without boundary', 'Content-Type: multipart/mixed\n\nü\n'],
    [
      'a part whose header does not end',
      'Content-Type: multipart/mixed; boundary=a\n\n--a\nX: y\n--a--\nü\n',
    ],
    ['a header that is none', 'Content-Type: multipart/mixed; boundary=a\n\n--a\nno field ü\nmore\n--a--\n'],
    ['a body that begins like a delimiter', 'Subject: x\n\n--\nü\n--a\n'],
    ['an empty body', 'Content-Type: multipart/mixed; boundary=a\n\n--a\n\n--a\n--a--\nü\n'],
    ['messages without end', `${'Content-Type: message/rfc822\n\n'.repeat(60)}ü\n`],
  ])('fits too: %s', async (_, text) => {
    const result = await convert(bytesOf(text))
    expect(isAscii(Buffer.from(result, 'latin1'))).toBe(true)
  })
})
