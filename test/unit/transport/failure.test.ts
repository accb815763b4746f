import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  classify,
  FAILURE_RULES,
  isTooManyRecipients,
  refusal,
  replyFailure,
  type Phase,
} from '../../../src/transport/failure.ts'

const verdictOf = (phase: Phase, reply: string): string => {
  const verdict = classify(replyFailure(phase, reply))
  return `${verdict.class} ${verdict.scope}`
}

/** The rows of the table in the documentation, without its head. */
function documentedRows(): string[][] {
  const page = readFileSync(new URL('../../../docs/transport.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('| failure |'))
  return table
    .slice(0, table.indexOf('\n\n'))
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
}

describe('the table of failures', () => {
  it('is documented row by row', () => {
    const documented = documentedRows().map(([, when, , ...verdict]) => [when, ...verdict.slice(0, 3)])
    expect(documented).toEqual(
      FAILURE_RULES.map((rule) => [rule.when, rule.class, rule.scope, rule.trouble ?? '']),
    )
  })

  it('does what each documented example says', () => {
    const phases = new Set<string>([
      'connect',
      'tls',
      'setup',
      'auth',
      'mail',
      'rcpt',
      'data',
      'dot',
      'local',
    ])
    for (const [, when, example = '', kind, scope, trouble = ''] of documentedRows()) {
      const [phase = '', ...reply] = example.split(': ')
      expect(phases, example).toContain(phase)
      const [code = ''] = /^\d{3}/.exec(reply.join(': ')) ?? []
      const enhanced = /\b[45]\.\d\.\d\b/.exec(example)?.[0]
      const failure = {
        phase: phase as Phase,
        reason: reply.join(': '),
        ...(code === '' ? undefined : { code: Number(code) }),
        ...(enhanced === undefined ? undefined : { enhanced }),
      }
      const expected = { class: kind, scope, ...(trouble === '' ? undefined : { trouble }) }
      expect([when, classify(failure)]).toEqual([when, expected])
    }
  })
})

describe('classify', () => {
  it.each(['454', '530', '534', '535', '538', '501', '432'])('never blames a mail for AUTH %s', (code) => {
    expect(verdictOf('auth', `${code} 5.7.8 no`)).toBe('temporary account')
  })

  it.each(['connect', 'banner', 'ehlo', 'tls'] as const)(
    'takes a 554 at %s for a fault of the account',
    (step) => {
      expect(verdictOf(step, '554 5.7.1 go away')).toBe('temporary account')
    },
  )

  it.each(['banner', 'ehlo', 'setup', 'auth', 'mail', 'rcpt', 'data', 'dot'] as const)(
    'knows 421 at %s',
    (step) => {
      expect(verdictOf(step, '421 4.3.2 shutting down')).toBe('temporary account')
    },
  )

  it('lets the reply code win over a contradicting enhanced code', () => {
    expect(verdictOf('rcpt', '550 4.1.1 odd')).toBe('permanent recipient')
    expect(verdictOf('dot', '450 5.7.1 odd')).toBe('temporary message')
    expect(verdictOf('mail', '452 5.3.4 no room')).toBe('temporary message')
  })

  it("does not take a recipient's full mailbox for our own quota", () => {
    expect(verdictOf('rcpt', '552 5.2.2 mailbox over daily quota')).toBe('permanent recipient')
    expect(verdictOf('rcpt', '452 4.2.2 over quota')).toBe('temporary recipient')
  })

  it.each([
    '550 5.4.5 Daily user sending limit exceeded',
    '554 5.7.0 rate limit exceeded',
    '451 4.7.1 too many messages from you',
    '450 4.7.1 Requested action throttled',
    '550 you sent more than 100 messages per hour',
  ])("takes '%s' for our quota", (reply) => {
    expect(verdictOf('mail', reply)).toBe('temporary account')
    expect(verdictOf('dot', reply)).toBe('temporary account')
  })

  it('does not take a size limit for a quota', () => {
    expect(verdictOf('dot', '552 5.3.4 larger than the sending limit of 10 MB')).toBe('permanent message')
  })

  it('knows the demand for a login behind other codes than 530', () => {
    expect(verdictOf('rcpt', '550 5.7.1 Authentication required')).toBe('temporary account')
    expect(verdictOf('rcpt', '554 5.7.1 Relay access denied')).toBe('permanent recipient')
  })

  it('treats what it does not know as temporary', () => {
    expect(verdictOf('dot', 'what?')).toBe('temporary message')
    expect(verdictOf('rcpt', '250 odd')).toBe('temporary message')
  })
})

describe('isTooManyRecipients', () => {
  it.each(['452 too many', '452 4.5.3 enough', '451 4.5.3 enough', '552 Too many recipients'])(
    'knows %s',
    (reply) => {
      expect(isTooManyRecipients(replyFailure('rcpt', reply))).toBe(true)
    },
  )

  it.each(['452 4.3.1 no space', '452 4.2.2 mailbox full', '421 4.5.3 too many', '550 no'])(
    'not: %s',
    (reply) => {
      expect(isTooManyRecipients(replyFailure('rcpt', reply))).toBe(false)
      expect(isTooManyRecipients(replyFailure('mail', '452 4.5.3 x'))).toBe(false)
    },
  )
})

describe('refusal', () => {
  it('carries the codes of the reply', () => {
    expect(refusal('a@b', replyFailure('rcpt', '550 5.1.1 no'))).toEqual({
      status: 'failed',
      recipient: 'a@b',
      scope: 'recipient',
      reason: '550 5.1.1 no',
      code: 550,
      enhanced: '5.1.1',
    })
  })

  it('has no code when there was no reply', () => {
    expect(refusal('a@b', { phase: 'connect', reason: 'refused' })).toEqual({
      status: 'deferred',
      recipient: 'a@b',
      scope: 'account',
      reason: 'refused',
      trouble: 'connection',
    })
  })
})
