/** Quoted-printable decodes to what went in, in lines that every server passes on. */
import { describe, expect, it } from 'vitest'
import { quotedPrintable } from '../../../../src/message/mime/transfer-encoding.ts'
import { seeded } from '../seeded.ts'

const encode = (text: string) => quotedPrintable(Buffer.from(text, 'latin1'))

function decode(text: string): string {
  return text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

describe('quotedPrintable', () => {
  it.each([
    ['', ''],
    ['a b\tc\r\n', 'a b\tc\r\n'],
    ['a = b', 'a =3D b'],
    ['a \r\nb\t', 'a=20\r\nb=09'],
    ['\xe4\r\n\r\n\r', '=E4\r\n\r\n=0D'],
    ['x'.repeat(75), 'x'.repeat(75)],
    ['x'.repeat(76), `${'x'.repeat(75)}=\r\nx`],
    [`${'x'.repeat(75)}\xe4`, `${'x'.repeat(75)}=\r\n=E4`],
    [`${'x'.repeat(72)}\xe4`, `${'x'.repeat(72)}=E4`],
  ])('writes %j as %j', (text, encoded) => {
    expect(encode(text)).toBe(encoded)
  })

  it('loses nothing and keeps to its lines', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = seeded(seed)
      const text = Array.from({ length: random.below(400) }, () =>
        random.pick(['a', 'bc', ' ', '\t', '=', '\xe4', '\0', '\r', '\r\n', '.']),
      ).join('')
      const encoded = encode(text)
      expect(decode(encoded), `seed ${String(seed)}`).toBe(text)
      expect(
        encoded.split('\r\n').filter((line) => line.length > 76 || /[\t ]$|[^\t -~]/.test(line)),
      ).toEqual([])
    }
  })
})
