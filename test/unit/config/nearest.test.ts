import { describe, expect, it } from 'vitest'
import { nearest, suggestion } from '../../../src/config/nearest.ts'

const KNOWN = ['smtp_hostname', 'smtp_port', 'queue_dir', 'log', 'tls']

describe('the nearest word', () => {
  it.each([
    ['smtp_hostnmae', 'smtp_hostname'],
    ['SMTP_PORT', 'smtp_port'],
    ['smtpHostname', 'smtp_hostname'],
    ['queuedir', 'queue_dir'],
    ['lgo', 'log'],
    ['logs', 'log'],
    ['tsl', 'tls'],
    ['colour', undefined],
    ['', undefined],
  ])('to %j is %j', (word, expected) => {
    expect(nearest(word, KNOWN)).toBe(expected)
  })

  it('is offered as a question, or not at all', () => {
    expect(suggestion('logs', KNOWN)).toBe('; did you mean "log"?')
    expect(suggestion('colour', KNOWN)).toBe('')
  })

  it('to a very long word is found without comparing all of it', () => {
    expect(nearest('x'.repeat(1_000_000), KNOWN)).toBeUndefined()
  })
})
