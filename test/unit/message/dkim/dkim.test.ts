/** DKIM: the canonical form, the examples of the standards, and what is covered. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bufferContent } from '../../../../src/message/content.ts'
import { relaxedField, RelaxedBody } from '../../../../src/message/dkim/canonical.ts'
import { signedNames, signedOctets, signOctets } from '../../../../src/message/dkim/field.ts'
import type { DkimKey } from '../../../../src/message/dkim/key.ts'
import { reasonNotToSign, signContent } from '../../../../src/message/dkim/dkim.ts'
import { splitHeader } from '../../../../src/message/header-block.ts'

const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

function canonicalBody(...chunks: readonly string[]): string {
  let out = ''
  const body = new RelaxedBody((text) => {
    out += text
  })
  for (const chunk of chunks) body.push(Buffer.from(chunk, 'latin1'))
  body.end()
  return out
}

async function bytesOf(content: { stream(): AsyncIterable<unknown> }): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of content.stream()) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

describe('the canonical form of a body', () => {
  it.each([
    ['', ''],
    ['\r\n\r\n', ''],
    [' \r\n\t\r\n', ''],
    [' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
    ['no end', 'no end\r\n'],
    ['blank at the end ', 'blank at the end\r\n'],
    ['\r\n\r\nx\r\n', '\r\n\r\nx\r\n'],
    ['a\r\n \t\r\nb\r\n', 'a\r\n\r\nb\r\n'],
    ['.\r\n..\r\n', '.\r\n..\r\n'],
    ['gr\xfc\xdfe\r\n', 'gr\xfc\xdfe\r\n'],
  ])('of %j is %j, wherever it is cut', (body, canonical) => {
    expect(canonicalBody(body)).toBe(canonical)
    expect(canonicalBody(...Array.from(body))).toBe(canonical)
    for (let at = 1; at < body.length; at += 1) {
      expect(canonicalBody(body.slice(0, at), body.slice(at))).toBe(canonical)
    }
  })

  it('has every empty line in the middle, however many there are', () => {
    const body = `a${'\r\n'.repeat(100_000)}b\r\n`
    expect(canonicalBody(body)).toBe(body)
  })
})

describe('the canonical form of a field', () => {
  // RFC 6376 section 3.4.5
  it('is that of the example in the standard', () => {
    expect(relaxedField('A: X\r\n')).toBe('a:X')
    expect(relaxedField('B : Y\t\r\n\tZ  \r\n')).toBe('b:Y Z')
  })
})

// RFC 8463 appendix A
const RSA_PEM = `-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----
`
const ED25519_SEED = 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A='
const ED25519_DER = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  Buffer.from(ED25519_SEED, 'base64'),
])
const RSA: DkimKey = { algorithm: 'rsa-sha256', key: createPrivateKey(RSA_PEM), exposed: undefined }
const ED25519: DkimKey = {
  algorithm: 'ed25519-sha256',
  key: createPrivateKey({ key: ED25519_DER, format: 'der', type: 'pkcs8' }),
  exposed: undefined,
}
const HEADER = crlf(`From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

`)
const BODY = crlf('Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n')
const BODY_HASH = '2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8='
const COVERED = ['from', 'to', 'subject', 'date', 'message-id', 'from', 'subject', 'date']

describe('the examples of RFC 8463', () => {
  const { header } = splitHeader(Buffer.from(HEADER))

  it('have the hash of the body', () => {
    expect(createHash('sha256').update(canonicalBody(BODY), 'latin1').digest('base64')).toBe(BODY_HASH)
  })

  it('have the signature with RSA', () => {
    const field = crlf(`DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=${BODY_HASH};
 b=`)
    expect(signOctets(signedOctets(header, COVERED, field), RSA)).toBe(
      'F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3' +
        'DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz' +
        'dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=',
    )
  })

  it('have the signature with Ed25519', () => {
    const field = crlf(`DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=${BODY_HASH};
 b=`)
    expect(signOctets(signedOctets(header, COVERED, field), ED25519)).toBe(
      '/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus' + 'Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
    )
  })
})

describe('what a signature covers', () => {
  const namesOf = (text: string): string[] => signedNames(splitHeader(Buffer.from(crlf(text))).header)

  it('is every field once more than it is there, so that none can be added', () => {
    expect(namesOf('From: a@s.ex\nDate: now\n\n')).toEqual([
      ...['from', 'from', 'reply-to', 'subject', 'to', 'cc', 'date', 'date'],
    ])
  })

  it('is no field that a relay adds, and not Bcc', () => {
    const text =
      'Received: x\nBcc: b@s.ex\nDKIM-Signature: v=1\nX-Spam: no\nReturn-Path: <a@s.ex>\nFrom: a@s.ex\n\n'
    expect(new Set(namesOf(text))).toEqual(new Set(['from', 'reply-to', 'subject', 'to', 'cc']))
  })
})

const IDENTITY = { domain: 's.ex', selector: 'sel' }

describe('a signed message', () => {
  const signed = async (text: string, key = ED25519): Promise<string> =>
    (await bytesOf(await signContent(bufferContent(Buffer.from(crlf(text))), IDENTITY, key))).toString(
      'latin1',
    )

  it('has the signature in front, all other bytes as they were, and the same bytes each time', async () => {
    const text = 'From: a@s.ex\nDKIM-Signature: v=1; d=other.ex\n\nbody\n'
    const message = await signed(text, RSA)
    expect(message.endsWith(crlf(text))).toBe(true)
    expect(message).toMatch(
      /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed;\r\n d=s\.ex; s=sel;\r\n h=/,
    )
    const field = message.slice(0, message.length - crlf(text).length)
    expect(Math.max(...field.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
    expect(await signed(text, RSA)).toBe(message)
  })

  it('has its 8-bit text encoded before', async () => {
    const message = await signed('From: a@s.ex\n\ngrüße\n')
    expect(message).toContain('Content-Transfer-Encoding: quoted-printable\r\n')
    expect(message).toMatch(/content-transfer-encoding:content-transfer-encoding;/)
    expect(message.endsWith('\r\n\r\ngr=C3=BC=C3=9Fe\r\n')).toBe(true)
  })

  it('keeps 8-bit text that is signed already', async () => {
    const text = 'From: a@s.ex\nDKIM-Signature: v=1; d=other.ex\n\ngrüße\n'
    expect((await signed(text)).endsWith(Buffer.from(crlf(text)).toString('latin1'))).toBe(true)
  })

  it('verifies with the public key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const text =
      'Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\n\tfolded\nFrom: Ann\n <a@s.ex>\nTo: b@s.ex\nTo: c@s.ex\n\n\n'
    const message = await signed(text, { algorithm: 'rsa-sha256', key: privateKey, exposed: undefined })
    const { header } = splitHeader(Buffer.from(message, 'latin1'))
    const [field] = header.fields('dkim-signature')
    const [, unsigned = '', value = ''] = /^(.*\n b=)(.*)$/s.exec(field?.raw ?? '') ?? []
    const names = /h=([^;]*);/.exec(unsigned)?.[1]?.replace(/\s/g, '').split(':') ?? []
    expect(names.filter((name) => name === 'to')).toHaveLength(3)
    const octets = signedOctets(header, names, unsigned)
    expect(verify('sha256', octets, createPublicKey(privateKey), Buffer.from(value, 'base64'))).toBe(true)
  })
})

describe('mail that is not signed', () => {
  const why = (from: string): Promise<string | undefined> =>
    reasonNotToSign(bufferContent(Buffer.from(crlf(`${from}Subject: s\n\n`))), 'bcher-kva.ex')

  it.each([
    ['From: a@Bcher-kva.EX\n', undefined],
    ['From: Ann <a@sub.bcher-kva.ex>\n', undefined],
    ['From: a@notbcher-kva.ex\n', 'its From field is not of bcher-kva.ex (dkim_domain)'],
    ['From: a@bcher-kva.ex, b@other.ex\n', 'its From field is not of bcher-kva.ex (dkim_domain)'],
    ['From: undisclosed:;\n', 'its From field names no address'],
    ['', 'it does not have exactly one From field'],
    ['From: a@bcher-kva.ex\nFrom: b@bcher-kva.ex\n', 'it does not have exactly one From field'],
  ])('%j: %s', async (from, reason) => {
    expect(await why(from)).toBe(reason)
  })

  it('is found out by the ASCII form of an international domain', async () => {
    const content = bufferContent(Buffer.from(crlf('From: a@bücher.example\n\n')))
    expect(await reasonNotToSign(content, 'xn--bcher-kva.example')).toBeUndefined()
  })
})
