import { describe, expect, it } from 'vitest'
import { readCapabilities } from '../../../src/transport/capabilities.ts'

const NOTHING = { maxSize: undefined, eightBitMime: false, dsn: false, smtpUtf8: false, auth: [] }

describe('readCapabilities', () => {
  it('reads size, extensions and login mechanisms in any case', () => {
    expect(
      readCapabilities(['PIPELINING', 'size 1000', 'SmtpUtf8', '8bitmime', 'Dsn', 'AUTH plain LOGIN']),
    ).toEqual({
      maxSize: 1000,
      eightBitMime: true,
      dsn: true,
      smtpUtf8: true,
      auth: ['PLAIN', 'LOGIN'],
    })
  })

  it('understands the old form of the AUTH line', () => {
    expect(readCapabilities(['AUTH=LOGIN']).auth).toEqual(['LOGIN'])
  })

  it('takes SIZE without a number or with zero as no limit', () => {
    expect(readCapabilities(['SIZE'])).toEqual(NOTHING)
    expect(readCapabilities(['SIZE 0'])).toEqual(NOTHING)
    expect(readCapabilities(['SIZE lots'])).toEqual(NOTHING)
  })

  it('finds nothing where there was no EHLO', () => {
    expect(readCapabilities(undefined)).toEqual(NOTHING)
    expect(readCapabilities(['X8BITMIME', 'XSMTPUTF8', 'DSNX'])).toEqual(NOTHING)
  })
})
