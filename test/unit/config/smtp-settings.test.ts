import { describe, expect, it } from 'vitest'
import type { GivenValue } from '../../../src/config/given-values.ts'
import { smtpSettings } from '../../../src/config/smtp-settings.ts'
import { authSettings } from '../../integration/transport/auth-settings.ts'

const base = { folder: '/', home: '/' }
function smtp(values: Readonly<Record<string, string>>) {
  const given = Object.entries(values).map(([name, raw]): [string, GivenValue] => [
    name,
    { raw, where: `x:${name}`, base },
  ])
  return smtpSettings(new Map(given), ['default'])
}
const HOST = { smtp_hostname: 'mail.site.example' }
const LOGIN = { ...HOST, smtp_username: 'ann', smtp_password: 'secret' }

describe('the smarthost', () => {
  it('is undefined when none is named', () => {
    expect(smtp({})).toBeUndefined()
    expect(smtp({ timeout_dot: '1m' })).toBeUndefined()
  })

  it('without credentials has port 25 and opportunistic TLS', () => {
    expect(smtp(HOST)).toEqual({
      protocol: 'smtp',
      host: 'mail.site.example',
      port: 25,
      implicitTls: false,
      socket: undefined,
      srv: undefined,
      sourceIp: undefined,
      proxy: undefined,
      tls: 'may',
      tlsCa: undefined,
      tlsFingerprints: [],
      tlsCert: undefined,
      tlsKey: undefined,
      tlsMinVersion: '1.2',
      tlsName: undefined,
      username: undefined,
      password: undefined,
      auth: authSettings(),
      insecureAuth: false,
      helo: undefined,
      timeouts: {
        connect: 30_000,
        banner: 60_000,
        command: 300_000,
        data: 120_000,
        block: 180_000,
        dot: 600_000,
      },
      connections: 4,
      messagesPerConnection: 100,
      maxRecipients: 100,
      replyFilter: [],
      softBounce: false,
      verp: false,
      dkim: undefined,
    })
  })

  it('with LMTP has port 24', () => {
    expect(smtp({ ...HOST, protocol: 'LMTP' })).toMatchObject({ protocol: 'lmtp', port: 24 })
    expect(smtp({ ...HOST, protocol: 'lmtp', smtp_port: '2003' })).toMatchObject({ port: 2003 })
  })

  it('with credentials has port 587 and verified TLS', () => {
    expect(smtp(LOGIN)).toMatchObject({
      port: 587,
      implicitTls: false,
      tls: 'verify',
      username: 'ann',
      password: 'secret',
    })
  })

  it('on port 465 speaks TLS from the first byte', () => {
    expect(smtp({ ...HOST, smtp_port: '465' })).toMatchObject({ implicitTls: true, tls: 'may' })
    expect(smtp({ ...LOGIN, smtp_port: '465' })).toMatchObject({ implicitTls: true, tls: 'verify' })
  })

  it('with certificates of its own is verified unless something else is asked for', () => {
    expect(smtp({ ...HOST, tls_ca: 'ca.pem' })).toMatchObject({ tls: 'verify', tlsCa: '/ca.pem' })
    expect(smtp({ ...HOST, tls_ca: 'ca.pem', tls: 'require' })).toMatchObject({ tls: 'require' })
  })

  it('may get the password without TLS only where that is allowed', () => {
    expect(smtp({ ...LOGIN, tls: 'off', insecure_auth: 'yes' })).toMatchObject({
      tls: 'off',
      insecureAuth: true,
    })
    expect(smtp({ ...HOST, tls: 'off' })).toMatchObject({ tls: 'off' })
  })
})

describe('smtp_timeout', () => {
  it('bounds the steps before the body and nothing after', () => {
    expect(smtp({ ...HOST, smtp_timeout: '45' })?.timeouts).toEqual({
      connect: 30_000,
      banner: 45_000,
      command: 45_000,
      data: 45_000,
      block: 180_000,
      dot: 600_000,
    })
  })

  it('leaves shorter limits alone', () => {
    const timeouts = smtp({
      ...HOST,
      smtp_timeout: '10',
      timeout_data: '5',
      timeout_connect: '20',
      timeout_dot: '1h',
    })
    expect(timeouts?.timeouts).toMatchObject({ connect: 10_000, data: 5000, dot: 3_600_000 })
  })
})

describe('a contradiction', () => {
  it.each([
    [{ ...LOGIN, tls: 'off' }, 'x:tls: tls = off would send the password in the clear'],
    [
      { ...HOST, tls: 'off', smtp_port: '465' },
      'x:tls: tls = off cannot work with tls_implicit = yes, nor with smtp_port = 465',
    ],
    [{ ...HOST, tls: 'off', tls_ca: 'x' }, 'x:tls: tls = off makes tls_ca meaningless'],
    [{ ...HOST, smtp_password: 'hunter2' }, 'x:smtp_password: smtp_password is set but smtp_username is not'],
    [{ smtp_username: 'a', smtp_password: 'b' }, 'smtp_username is set but there is no smtp_hostname'],
    [{ smtp_port: '25' }, 'smtp_port is set but there is no smtp_hostname'],
  ])('as in %j is refused', (values, message) => {
    expect(() => smtp(values)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => smtp(values)).toThrow(message)
  })
})
