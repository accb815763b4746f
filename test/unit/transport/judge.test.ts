import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../src/config/settings.ts'
import { replyFailure, type Failure, type Phase } from '../../../src/transport/failure.ts'
import { judgeOf } from '../../../src/transport/judge.ts'

function verdict(settings: Record<string, unknown>, failure: Failure): string {
  const { smtp } = configFromSettings({ host: 'h', ...settings })
  const {
    class: kind,
    scope,
    trouble = '',
  } = judgeOf(smtp ?? { replyFilter: [], softBounce: false })(failure)
  return `${kind} ${scope} ${trouble}`.trim()
}

const filtered = (filter: string, phase: Phase, reply: string): string =>
  verdict({ reply_filter: filter }, replyFailure(phase, reply))

describe('reply_filter', () => {
  it.each<[string, Phase, string, string]>([
    ['5.7.1 .*later => temporary', 'rcpt', '550 5.7.1 try LATER', 'temporary recipient'],
    ['5.7.1 .*later => temporary', 'dot', '554 5.7.1 try later', 'temporary message'],
    ['^451 => permanent', 'mail', '451 4.3.0 no', 'permanent message'],
    ['^450 => permanent', 'rcpt', '450 4.2.0 no', 'permanent recipient'],
    ['credits => pause', 'dot', '554 5.7.1 out of credits', 'temporary account quota'],
    ['credits => pause', 'rcpt', '550 out of credits', 'temporary account quota'],
    ['spam => permanent', 'dot', '554 5.7.1 rate limit: spam', 'permanent message'],
    ['full => permanent', 'rcpt', '452 4.5.3 daily limit: full', 'permanent recipient'],
    ['nothing => permanent, ^4 => pause, ^45 => permanent', 'mail', '451 no', 'temporary account quota'],
  ])('"%s" at %s for "%s"', (filter, phase, reply, expected) => {
    expect(filtered(filter, phase, reply)).toBe(expected)
  })

  it.each(['connect', 'banner', 'ehlo', 'tls', 'auth'] as const)('never applies at %s', (phase) => {
    expect(filtered('. => permanent', phase, '535 5.7.8 no')).toMatch(/^temporary account/)
  })

  it('sees the 421 that ends a transaction', () => {
    const failure: Failure = { ...replyFailure('connect', '421 4.7.0 slow down'), underWay: true }
    expect(verdict({ reply_filter: 'slow down => pause' }, failure)).toBe('temporary account quota')
  })

  it('sees replies only, not what we say ourselves', () => {
    const own: Failure = { phase: 'mail', enhanced: '5.3.4', reason: 'the message is too big' }
    expect(verdict({ reply_filter: '. => temporary' }, own)).toBe('permanent message')
    const lost: Failure = { phase: 'data', reason: 'the connection was lost' }
    expect(verdict({ reply_filter: '. => permanent' }, lost)).toBe('temporary message')
  })
})

describe('soft_bounce', () => {
  it.each<[Failure, string]>([
    [replyFailure('mail', '550 5.7.1 no'), 'temporary message'],
    [replyFailure('rcpt', '550 5.1.1 no'), 'temporary recipient'],
    [replyFailure('dot', '554 no'), 'temporary message'],
    [{ phase: 'rcpt', enhanced: '5.6.7', reason: 'foreign' }, 'temporary recipient'],
    [replyFailure('auth', '535 no'), 'temporary account login'],
  ])('makes %j temporary', (failure, expected) => {
    expect(verdict({ soft_bounce: true }, failure)).toBe(expected)
  })

  it('also softens what a filter calls permanent', () => {
    const settings = { soft_bounce: true, reply_filter: '^4 => permanent' }
    expect(verdict(settings, replyFailure('rcpt', '450 no'))).toBe('temporary recipient')
  })
})
