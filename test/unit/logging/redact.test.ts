/** Promises of src/logging/redact.ts: no secret under a telling name, nothing that JSON cannot hold. */
import { describe, expect, it } from 'vitest'
import { MailError } from '../../../src/errors/mail-error.ts'
import { isSecretName, safeFields } from '../../../src/logging/redact.ts'

describe('safeFields', () => {
  it('takes secrets out at any depth, in lists and maps too', () => {
    const fields = {
      user: 'anna',
      password: 'hunter2',
      smtp: { pass: 'hunter2', list: [{ accessToken: 'hunter2' }] },
      headers: new Map([['Authorization', 'hunter2']]),
    }
    expect(safeFields(fields)).toEqual({
      user: 'anna',
      password: '[redacted]',
      smtp: { pass: '[redacted]', list: [{ accessToken: '[redacted]' }] },
      headers: { Authorization: '[redacted]' },
    })
  })

  it('keeps of an error its message and code only', () => {
    const cause = new Error('535 for hunter2')
    const error = new MailError('NOT_ACCEPTED', 'the server is down', { cause, details: { line: 'hunter2' } })
    expect(safeFields({ err: error })).toEqual({
      err: { message: 'the server is down', code: 'NOT_ACCEPTED' },
    })
    expect(safeFields({ err: new AggregateError([new Error('a')], 'all') })).toEqual({
      err: { message: 'all', errors: [{ message: 'a' }] },
    })
  })

  it('cuts off a text that somebody made endless, at any depth', () => {
    const endless = 'x'.repeat(1_000_000)
    const cut = `${'x'.repeat(4096)}...`
    expect(
      safeFields({ sender: endless, err: new Error(endless), list: [endless, 'y'.repeat(4096)] }),
    ).toEqual({
      sender: cut,
      err: { message: cut },
      list: [cut, 'y'.repeat(4096)],
    })
  })

  it('makes every value one that JSON can hold', () => {
    const ring: Record<string, unknown> = {}
    ring['self'] = ring
    const fields = { big: 10n, when: new Date(0), bad: new Date(NaN), bytes: Buffer.from('hunter2'), ring }
    const text = JSON.stringify(safeFields(fields))
    expect(text).toContain(
      '"big":"10","when":"1970-01-01T00:00:00.000Z","bad":"invalid date","bytes":"[7 bytes]"',
    )
    expect(text).toContain('[too deep]')
  })

  it('does not change what it was given', () => {
    const fields = { smtp: { password: 'hunter2' } }
    safeFields(fields)
    expect(fields).toEqual({ smtp: { password: 'hunter2' } })
  })
})

describe('isSecretName', () => {
  it.each([
    'password',
    'smtp_password',
    'pass',
    'PASSWD',
    'token',
    'refreshToken',
    'clientSecret',
    'apiKey',
    'auth',
  ])('knows %s', (name) => {
    expect(isSecretName(name)).toBe(true)
  })

  it.each(['recipient', 'reply', 'passed', 'author', 'id'])('lets %s through', (name) => {
    expect(isSecretName(name)).toBe(false)
  })
})
