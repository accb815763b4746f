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
    ['smtp_host', 'smtp_hostname'],
    ['hostname', 'smtp_hostname'],
    ['Hostname', 'smtp_hostname'],
    ['queue', 'queue_dir'],
    ['smtp', undefined],
    ['dir', undefined],
  ])('to %j is %j', (word, expected) => {
    expect(nearest(word, KNOWN)).toBe(expected)
  })

  it('to a part of several words is none of them', () => {
    expect(nearest('queue', ['queue_dir', 'queue_log'])).toBeUndefined()
    expect(nearest('mail', ['site-mail', 'mail'])).toBe('mail')
  })

  it('is the one that the word begins, not one that happens to be as long', () => {
    expect(nearest('smtp_host', ['smtp_port', 'smtp_hostname'])).toBe('smtp_hostname')
    expect(nearest('smtp_pass', ['smtp_port', 'smtp_password'])).toBe('smtp_password')
  })

  it('is offered as a question, or not at all', () => {
    expect(suggestion('logs', KNOWN)).toBe('; did you mean "log"?')
    expect(suggestion('colour', KNOWN)).toBe('')
  })

  it('to a very long word is found without comparing all of it', () => {
    expect(nearest('x'.repeat(1_000_000), KNOWN)).toBeUndefined()
  })
})
