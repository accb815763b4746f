import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../src/config/settings.ts'

describe('settings of a program', () => {
  it('may be texts as in the file', () => {
    const config = configFromSettings({
      smtp_hostname: 'h',
      smtp_port: '2525',
      retry: '1m 2m',
      plugins: 'a, ./b.mjs',
    })
    expect(config.source).toBeUndefined()
    expect(config.smtp).toMatchObject({ host: 'h', port: 2525, tls: 'may' })
    expect(config).toMatchObject({ retry: [60_000, 120_000], plugins: ['a', resolve('b.mjs')] })
  })

  it('may be numbers, booleans and arrays', () => {
    const config = configFromSettings({
      ...{ host: 'h', port: 25, user: 'u', password: 'p', insecure_auth: true, tls: 'off', timeout_dot: 0.5 },
      ...{
        retry: [60, '3m'],
        expire: 3600,
        plugins: ['./my dir/b.mjs'],
        queue_dir: '~/q',
        local_domains: [],
      },
    })
    expect(config.smtp).toMatchObject({ port: 25, insecureAuth: true, timeouts: { dot: 500 } })
    expect(config).toMatchObject({
      retry: [60_000, 180_000],
      expire: 3_600_000,
      plugins: [resolve('my dir/b.mjs')],
    })
    expect(config).toMatchObject({ queueDir: join(homedir(), 'q'), localDomains: [] })
    expect(configFromSettings({ retry: 60 }).retry).toEqual([60_000])
  })

  it('that are undefined or null are not given', () => {
    expect(configFromSettings({ smtp_hostname: undefined, smtp_port: null })).toEqual(configFromSettings({}))
  })

  it('keep a secret exactly', () => {
    const config = configFromSettings({ host: 'h', user: 'u', password: ' "p" ; %% ' })
    expect(config.smtp?.password).toBe(' "p" ; %% ')
  })

  it('replace placeholders only where an identity is given', () => {
    const identity = { user: 'ann', host: 'pc', fullName: 'Ann' }
    expect(configFromSettings({ from: '%U@%H' }, identity).from).toBe('ann@pc')
    expect(() => configFromSettings({ from: '%U@%H' })).toThrow('settings: "%U" in from has no value here')
  })

  it.each([
    [{ smtpHostname: 'h' }, 'settings: unknown option "smtpHostname"; did you mean "smtp_hostname"?'],
    [{ smtpHostname: undefined }, 'settings: unknown option "smtpHostname"'],
    [
      { smtp_port: true },
      'settings: smtp_port cannot be a value of type boolean; give a whole number from 1 to 65535',
    ],
    [{ smtp_port: Number.NaN }, 'settings: smtp_port = NaN is not valid'],
    [{ smtp_port: 25.5 }, 'settings: smtp_port = 25.5 is not valid'],
    [{ smtp_port: [25] }, 'settings: smtp_port cannot be an array'],
    [{ smtp_hostname: 5 }, 'settings: smtp_hostname cannot be a value of type number'],
    [{ insecure_auth: 1 }, 'settings: insecure_auth cannot be a value of type number'],
    [{ plugins: [{}] }, 'settings: plugins cannot be an array'],
    [{ queue_dir: {} }, 'settings: queue_dir cannot be a value of type object'],
    [{ queue_dir: 'a\nb' }, 'settings: queue_dir = a?b is not valid; write a path'],
    [{ include: 'x' }, 'settings: include only works in a file; remove it'],
    [{ strict_permissions: true }, 'settings: strict_permissions only works in a file'],
    [{ host: 'a', smtp_hostname: 'a' }, 'settings: smtp_hostname (also called host) is given a second time'],
    [{ host: 'a', password: 'u' }, 'settings: smtp_password is set but smtp_username is not'],
  ])('such as %j are refused', (settings, message) => {
    expect(() => configFromSettings(settings)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => configFromSettings(settings)).toThrow(message)
  })

  it('are refused without showing a password', () => {
    expect(() => configFromSettings({ password: 'hunter2\n' })).toThrow(
      expect.objectContaining({
        message: 'settings: smtp_password is not valid; write text without control characters',
      }),
    )
  })
})
