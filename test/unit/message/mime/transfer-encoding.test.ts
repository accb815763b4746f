import { describe, expect, it } from 'vitest'
import {
  Base64,
  Base64Repair,
  QuotedPrintable,
  QuotedPrintableRepair,
  type BodyEncoder,
} from '../../../../src/message/mime/transfer-encoding.ts'

const TEXT = `${'a=\xfc '.repeat(40)}\t\r\n\r\n${'x'.repeat(300)}${'\xff'.repeat(70)} \r\n.\r\nFrom \r\n`

/** Feeds a text in portions of a size, line ends by themselves. */
function encode(encoder: BodyEncoder, text: string, size: number): string {
  let out = ''
  for (const [piece] of text.matchAll(/\r\n|[^\r\n]+/g)) {
    const step = piece === '\r\n' ? 2 : size
    for (let at = 0; at < piece.length; at += step) out += encoder.take(piece.slice(at, at + step))
  }
  return out + encoder.end(false)
}

const decodeQuotedPrintable = (text: string): string =>
  text
    .replace(/[ \t]+\r\n/g, '\r\n')
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

const decodeBase64 = (text: string): string => Buffer.from(text, 'base64').toString('latin1')
const broken = Buffer.from(TEXT, 'latin1').toString('base64').replaceAll('A', 'A\xa0')

it.each<[string, () => BodyEncoder, string, (text: string) => string]>([
  ['quoted-printable', () => new QuotedPrintable(), TEXT, decodeQuotedPrintable],
  ['base64', () => new Base64(), TEXT, decodeBase64],
  ['the repair of base64', () => new Base64Repair(), broken, decodeBase64],
])('%s says the same in short lines, however it is cut', (_, encoder, input, decode) => {
  const whole = encode(encoder(), input, Infinity)
  expect(decode(whole)).toBe(TEXT)
  expect(Math.max(...whole.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
  expect(whole).toMatch(/^[\r\n\t -~]*$/)
  for (let size = 1; size < 90; size++) expect(encode(encoder(), input, size)).toBe(whole)
})

describe('the repair of quoted-printable', () => {
  it('keeps what is there', () => {
    const input = `${'=C3=BC\xc3\xbc '.repeat(50)}=\r\nnext=20\r\n`
    const whole = encode(new QuotedPrintableRepair(), input, Infinity)
    expect(decodeQuotedPrintable(whole)).toBe(`${'\xc3\xbc\xc3\xbc '.repeat(50)}next \r\n`)
    expect(Math.max(...whole.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
  })
})

it.each([
  ['text\r\n', 'dGV4dA0K\r\n'],
  ['', '\r\n'],
])('base64 ends its last line where the message ends (%j)', (text, expected) => {
  const encoder = new Base64()
  expect(encoder.take(text) + encoder.end(true)).toBe(expected)
})
