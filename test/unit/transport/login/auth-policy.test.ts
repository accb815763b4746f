import { describe, expect, it } from 'vitest'
import type { AuthMethod, OAuth2Settings, SmtpSettings } from '../../../../src/config/config.ts'
import { planLogin, type LoginPlan } from '../../../../src/transport/login/auth-policy.ts'
import { readCapabilities } from '../../../../src/transport/capabilities.ts'
import type { Link } from '../../../../src/transport/link.ts'
import { MECHANISMS } from '../../../../src/transport/sasl/mechanisms.ts'
import { authSettings } from '../../../integration/transport/auth-settings.ts'
import { settingsFor } from '../../../integration/transport/settings.ts'

const CREDENTIALS = { username: 'ann', password: 'hunter22' }
const CLEAR: Link = { secure: false, verified: false, bindings: [], certified: false }
const UNVERIFIED: Link = { ...CLEAR, secure: true }
const BINDING = { type: 'tls-exporter', data: Buffer.from('x') } as const
const VERIFIED: Link = { ...UNVERIFIED, verified: true, bindings: [BINDING] }
const EVERYTHING = MECHANISMS.map(({ name }) => name)
const TOKEN: OAuth2Settings = { kind: 'command', command: ['token'] }

function plan(others: Partial<SmtpSettings>, link: Link, auth: string[] = ['LOGIN', 'PLAIN']): LoginPlan {
  const settings = settingsFor(25, { ...CREDENTIALS, ...others })
  return planLogin(settings, link, { ...readCapabilities([]), auth })
}

const names = (result: LoginPlan): string[] =>
  result.kind === 'login' ? result.candidates.map(({ mechanism }) => mechanism.name) : []
const outcome = (result: LoginPlan): string => names(result)[0] ?? result.kind

describe('planLogin', () => {
  it('wants no login without a user name, or when it is off', () => {
    expect(plan({ username: undefined }, CLEAR)).toEqual({ kind: 'none' })
    expect(plan({ auth: authSettings({ method: 'off' }) }, VERIFIED)).toEqual({ kind: 'none' })
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

  it('tries the mechanisms in the order of the table over TLS', () => {
    expect(names(plan({ tls: 'verify' }, VERIFIED, EVERYTHING))).toEqual([
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-1',
      'PLAIN',
      'LOGIN',
      'CRAM-MD5',
    ])
  })

  it('sends it in clear when that is configured, hidden if the server can', () => {
    expect(outcome(plan({ insecureAuth: true }, CLEAR))).toBe('PLAIN')
    const inClear = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']
    expect(names(plan({ insecureAuth: true }, CLEAR, EVERYTHING))).toEqual(inClear)
    expect(outcome(plan({ tls: 'verify' }, VERIFIED, ['PLAIN', 'CRAM-MD5']))).toBe('PLAIN')
  })

  it.each<[AuthMethod, string[]]>([
    ['plain', ['PLAIN']],
    ['login', ['LOGIN']],
    ['cram-md5', ['CRAM-MD5']],
    ['scram-sha-1', ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1']],
    ['scram-sha-256', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']],
    ['xoauth2', ['XOAUTH2']],
    ['oauthbearer', ['OAUTHBEARER']],
    ['external', ['EXTERNAL']],
  ])('auth = %s allows %j only', (method, expected) => {
    const link = { ...VERIFIED, certified: true }
    expect(names(plan({ auth: authSettings({ method }), tls: 'verify' }, link, EVERYTHING))).toEqual(expected)
  })

  it('takes a token for nothing but a token', () => {
    const auth = authSettings({ oauth2: TOKEN })
    expect(names(plan({ auth, tls: 'verify' }, VERIFIED, EVERYTHING))).toEqual(['XOAUTH2', 'OAUTHBEARER'])
    expect(plan({ auth, tls: 'verify' }, VERIFIED, ['PLAIN'])).toMatchObject({
      kind: 'refused',
      failure: {
        reason: 'OAuth 2.0 is configured but 127.0.0.1 offers only PLAIN; check host, port and tls',
      },
    })
  })

  it('leaves channel binding out where the connection has none', () => {
    expect(names(plan({ tls: 'require' }, UNVERIFIED, EVERYTHING))).not.toContain('SCRAM-SHA-256-PLUS')
  })

  it('wants a certificate for EXTERNAL, and no user name', () => {
    const external = {
      auth: authSettings({ method: 'external' }),
      username: undefined,
      tls: 'verify',
    } as const
    expect(outcome(plan(external, VERIFIED, EVERYTHING))).toBe('refused')
    expect(outcome(plan(external, { ...VERIFIED, certified: true }, EVERYTHING))).toBe('EXTERNAL')
    expect(outcome(plan(external, CLEAR, EVERYTHING))).toBe('refused')
  })

  it('refuses when the server offers no login that we know, or not the one that is configured', () => {
    expect(plan({ tls: 'verify' }, VERIFIED, [])).toEqual({
      kind: 'refused',
      failure: {
        phase: 'auth',
        reason: 'credentials are configured but 127.0.0.1 offers no login; check host, port and tls',
      },
    })
    expect(outcome(plan({ tls: 'verify' }, VERIFIED, ['GSSAPI']))).toBe('refused')
    expect(plan({ auth: authSettings({ method: 'cram-md5' }), tls: 'verify' }, VERIFIED)).toMatchObject({
      failure: {
        reason:
          'auth = cram-md5 is configured but 127.0.0.1 offers only LOGIN, PLAIN; change auth, or check host and port',
      },
    })
  })

  it('never says the password', () => {
    expect(JSON.stringify(plan({ tls: 'may' }, CLEAR))).not.toContain('hunter22')
  })
})
