import { describe, expect, it } from 'vitest'
import type { SmtpSettings } from '../../../src/config/config.ts'
import { planLogin, type LoginPlan } from '../../../src/transport/auth-policy.ts'
import { readCapabilities } from '../../../src/transport/capabilities.ts'
import { settingsFor } from '../../integration/transport/settings.ts'

const CREDENTIALS = { username: 'ann', password: 'hunter22' }
const CLEAR = { secure: false, verified: false }
const UNVERIFIED = { secure: true, verified: false }
const VERIFIED = { secure: true, verified: true }

function plan(
  others: Partial<SmtpSettings>,
  link: typeof CLEAR,
  auth: string[] = ['LOGIN', 'PLAIN'],
): LoginPlan {
  const settings = settingsFor(25, { ...CREDENTIALS, ...others })
  return planLogin(settings, link, { ...readCapabilities([]), auth })
}

const outcome = (result: LoginPlan): string => (result.kind === 'login' ? result.mechanism : result.kind)

describe('planLogin', () => {
  it('wants no login without a user name', () => {
    expect(plan({ username: undefined }, CLEAR)).toEqual({ kind: 'none' })
  })

  it('never sends a password in clear by itself, whatever the level', () => {
    for (const tls of ['off', 'may', 'require', 'verify'] as const) {
      expect(outcome(plan({ tls }, CLEAR)), tls).toBe('refused')
    }
  })

  it('demands a verified certificate unless the level asks for less', () => {
    expect(outcome(plan({ tls: 'may' }, UNVERIFIED))).toBe('refused')
    expect(outcome(plan({ tls: 'may' }, VERIFIED))).toBe('PLAIN')
    expect(outcome(plan({ tls: 'require' }, UNVERIFIED))).toBe('PLAIN')
    expect(outcome(plan({ tls: 'verify' }, VERIFIED))).toBe('PLAIN')
    expect(outcome(plan({ tls: 'off', implicitTls: true }, UNVERIFIED))).toBe('refused')
  })

  it('sends it in clear when that is configured, hidden if the server can', () => {
    expect(outcome(plan({ insecureAuth: true }, CLEAR))).toBe('PLAIN')
    expect(outcome(plan({ insecureAuth: true }, CLEAR, ['PLAIN', 'CRAM-MD5']))).toBe('CRAM-MD5')
    expect(outcome(plan({ tls: 'verify' }, VERIFIED, ['PLAIN', 'CRAM-MD5']))).toBe('PLAIN')
  })

  it('refuses when the server offers no login that we know', () => {
    expect(plan({ tls: 'verify' }, VERIFIED, [])).toEqual({
      kind: 'refused',
      failure: {
        phase: 'auth',
        reason: 'credentials are configured but 127.0.0.1 offers no login; check host, port and tls',
      },
    })
    expect(outcome(plan({ tls: 'verify' }, VERIFIED, ['GSSAPI']))).toBe('refused')
  })

  it('refuses a user name without a password, and never says the password', () => {
    expect(outcome(plan({ password: undefined }, VERIFIED))).toBe('refused')
    expect(JSON.stringify(plan({ tls: 'may' }, CLEAR))).not.toContain('hunter22')
  })
})
