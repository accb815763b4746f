import { describe, expect, it } from 'vitest'
import { newSecrets } from '../../../../src/transport/secrets/secrets.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('newSecrets', () => {
  it('removes a secret in every form it has on the wire', () => {
    const secrets = newSecrets()
    secrets.add('hünter2=2 &')
    const hex = Buffer.from('hünter2=2 &').toString('hex')
    const percent = encodeURIComponent('hünter2=2 &')
    const lower = percent.replace(/%[0-9A-F]{2}/g, (sign) => sign.toLowerCase())
    const escaped = 'h\\u00FCnter2=2 &'
    const form = 'h%C3%BCnter2%3D2+%26'
    for (const text of ['hünter2=2 &', percent, lower, form, hex, hex.toUpperCase(), escaped]) {
      expect(secrets.clean(`x ${text} y`)).toBe('x *** y')
    }
  })

  it('removes base64 with the signs at its ends, and as URLs have it', () => {
    const secrets = newSecrets()
    secrets.add('h>?nter>>22')
    expect(secrets.clean(`x ${base64('\0h>?nter>>22')} y`)).toBe('x A*** y')
    expect(secrets.clean(`x ${Buffer.from('h>?nter>>22').toString('base64url')} y`)).toBe('x *** y')
  })

  it('removes it from base64 wherever it stands, with any padding', () => {
    const secrets = newSecrets()
    secrets.add('hunter22')
    for (const around of ['', 'a', 'ab', 'abc', '\0ann\0', 'user=ann\x01auth=Bearer ']) {
      const wire = base64(`${around}hunter22 and more`)
      const cleaned = secrets.clean(wire)
      expect(cleaned).toContain('***')
      const decoded = Buffer.from(cleaned.replace(/.{0,4}\*\*\*.{0,4}/, ''), 'base64').toString()
      expect(decoded).not.toContain('hunt')
    }
  })

  it('changes nothing as long as it knows nothing, and leaves what is too short alone', () => {
    const secrets = newSecrets()
    expect(secrets.clean('as is')).toBe('as is')
    secrets.add('abc')
    expect(secrets.clean('abc')).toBe('abc')
  })

  it('removes a secret that contains another one as a whole', () => {
    const secrets = newSecrets()
    secrets.add('hunter')
    secrets.add('hunter22')
    expect(secrets.clean('hunter22')).toBe('***')
  })

  it('keeps the one that was used last when there are many', () => {
    const secrets = newSecrets()
    secrets.add('password')
    for (let count = 0; count < 200; count++) {
      secrets.add('password')
      secrets.add(`token-${count}`)
    }
    expect(secrets.clean('password token-199')).toBe('*** ***')
    expect(secrets.clean('token-0!')).toBe('token-0!')
  })
})
