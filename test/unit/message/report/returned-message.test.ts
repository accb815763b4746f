/** What a delivery report returns of the message that it is about. */
import { describe, expect, it } from 'vitest'
import { valueOf } from './report-reader.ts'
import { composedReport, ORIGINAL_HEADER } from './sample-report.ts'

const LIMIT = 50 * 1024

/** The third part of a report about a message, given as latin1. */
function returned(header: string, body?: string, kind: 'failed' | 'delayed' | 'relayed' = 'failed') {
  const original = {
    header: Buffer.from(header, 'latin1'),
    ...(body === undefined ? undefined : { body: Buffer.from(body, 'latin1') }),
  }
  const part = composedReport({ kind, original }).parts[2]
  if (part === undefined) throw new Error('there is no third part')
  return {
    type: part.type,
    encoding: valueOf(part.header, 'content-transfer-encoding'),
    text: part.content.toString('latin1'),
  }
}

const FIELDS = ORIGINAL_HEADER.replace(/\r\n$/, '')
const HEADERS = { type: 'text/rfc822-headers', encoding: '' }
const ENCODED = { type: 'text/rfc822-headers', encoding: 'quoted-printable' }

describe('the whole message', () => {
  it.each(['body\r\n', '', '.\r\n--x\r\n'])('comes back byte for byte: %j', (body) => {
    const whole = { type: 'message/rfc822', encoding: '', text: ORIGINAL_HEADER + body }
    expect(returned(ORIGINAL_HEADER, body)).toEqual(whole)
    expect(returned(FIELDS, body)).toEqual(whole)
  })

  it('comes back up to 50 kB', () => {
    const room = LIMIT - ORIGINAL_HEADER.length
    const body = 'x'
      .repeat(78)
      .concat('\r\n')
      .repeat(Math.ceil(room / 80))
      .slice(-room)
    expect(returned(ORIGINAL_HEADER, body).type).toBe('message/rfc822')
    expect(returned(ORIGINAL_HEADER, `x${body}`)).toEqual({ ...HEADERS, text: FIELDS })
  })

  it.each([
    ['has bytes that are no ASCII', 'caf\xe9\r\n'],
    ['has a line of more than 998 characters', `${'x'.repeat(999)}\r\n`],
  ])('gives way to the header when it %s', (_, body) => {
    expect(returned(ORIGINAL_HEADER, body)).toEqual({ ...HEADERS, text: FIELDS })
  })

  it.each(['delayed', 'relayed'] as const)('gives way to the header when it is only %s', (kind) => {
    expect(returned(ORIGINAL_HEADER, 'body\r\n', kind)).toEqual({ ...HEADERS, text: FIELDS })
  })
})

describe('the header', () => {
  it('is encoded when it is not ASCII or has a long line, and decodes to the same bytes', () => {
    const eightBit = 'Subject: J\xc3\xb6rg =3D \r\nX-Y: \xff\xfe\r\n'
    expect(returned(`${eightBit}\r\n`)).toEqual({ ...ENCODED, text: eightBit })
    const long = `To: ${'a@d.ex, '.repeat(200)}b@d.ex\r\n`
    expect(returned(`${long}\r\n`)).toEqual({ ...ENCODED, text: long })
  })

  it('is without the fields that it has no room for', () => {
    const long = `To: ${'a@d.ex,\r\n '.repeat(6000)}b@d.ex\r\n`
    expect(returned(`A: 1\r\n${long}B: 2\r\n\r\n`).text).toBe('A: 1\r\nB: 2\r\n')
    const many = Array.from({ length: 6000 }, (_, at) => `X-${String(at)}: value\r\n`).join('')
    const { text } = returned(`${many}\r\n`)
    expect(many.startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(LIMIT - 20)
    expect(text.length).toBeLessThanOrEqual(LIMIT)
  })

  it('ends where something is no field, and has the right line ends', () => {
    expect(returned('A: 1\nB: 2\n\nx').text).toBe('A: 1\r\nB: 2\r\n')
    expect(returned('A: 1\r\nno field\r\nB: 2\r\n\r\n').text).toBe('A: 1\r\n')
    expect(returned('A: 1').text).toBe('A: 1\r\n')
    expect(returned('A: \0 1\rB: 2\r\n').text).toBe('A:  1\r\nB: 2\r\n')
    expect(returned('').text).toBe('')
  })

  it('of any size is read', () => {
    expect(returned(`A: 1\r\n${'B: 2\r\n'.repeat(800_000)}`).text.length).toBeGreaterThan(LIMIT - 20)
  })
})
