import { describe, expect, it } from 'vitest'
import type { GivenValue } from '../../../src/config/given-values.ts'
import { resolveConfig } from '../../../src/config/resolve.ts'
import { configFromSettings } from '../../../src/config/settings.ts'

const base = { folder: '/conf', home: '/home/ann' }
const identity = { user: 'ann', host: 'pc', fullName: 'Ann' }
function resolve(values: Readonly<Record<string, string>>) {
  const given = Object.entries(values).map(([name, raw]): [string, GivenValue] => [
    name,
    { raw, where: `x:${name}`, base },
  ])
  return resolveConfig({ given: new Map(given), accounts: new Map() }, { source: '/conf/x', identity })
}

describe('a configuration', () => {
  it('without any option has the documented defaults', () => {
    const { accounts, ...config } = resolve({})
    expect(accounts).toMatchObject([{ name: 'default', smtp: undefined, fallback: [] }])
    expect(config).toEqual({
      source: '/conf/x',
      deliver: { to: 'smtp' },
      pipeTimeout: 600_000,
      account: 'default',
      sealed: false,
      match: { from: [], recipient: [], user: [] },
      fallback: [],
      smtp: undefined,
      queueDir: undefined,
      rescan: 60_000,
      from: undefined,
      spool: 'fallback',
      submitDir: undefined,
      senderLogin: { rule: 'any' },
      submitMaxSize: 104_857_600,
      submitMaxMessages: 1000,
      retry: [60_000, 180_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000],
      expire: 432_000_000,
      inDoubt: 'retry',
      bounce: 'dsn',
      bounceExpire: 172_800_000,
      bounceLimit: 100,
      postmaster: undefined,
      delayNotice: undefined,
      submitTimeout: 30_000,
      aliases: '/etc/aliases',
      localDomains: [],
      defaultAlias: false,
      userForward: false,
      recipientDelimiter: undefined,
      mailDialect: 'auto',
      fallbackCharset: 'iso-8859-1',
      qualifyDomain: undefined,
      headers: configFromSettings({}).headers,
      deliveryLog: undefined,
      queueLog: undefined,
      log: undefined,
      logLevel: 'info',
      logPrivacy: 'full',
      metricsFile: undefined,
      plugins: [],
      notes: [],
    })
  })

  it('has every option in its place', () => {
    const values = {
      ...{
        queue_dir: 'q',
        from: '%U@%H',
        spool: 'first',
        retry: '5m',
        expire: '2d',
        submit_timeout: '10',
        aliases: '~/al',
      },
      ...{
        local_domains: 'A.example b',
        qualify_domain: 'C',
        delivery_log: 'd',
        queue_log: 'e',
        log: 'stderr',
      },
      ...{ log_level: 'DEBUG', plugins: 'p ./q.mjs' },
      ...{
        default_alias: 'yes',
        user_forward: 'on',
        recipient_delimiter: '-',
        mail_dialect: 'S-nail',
        fallback_charset: 'KOI8-R',
      },
    }
    expect(resolve(values)).toMatchObject({
      ...{ queueDir: '/conf/q', from: 'ann@pc', spool: 'first', retry: [300_000], expire: 172_800_000 },
      ...{
        submitTimeout: 10_000,
        aliases: '/home/ann/al',
        localDomains: ['a.example', 'b'],
        qualifyDomain: 'c',
      },
      ...{
        defaultAlias: true,
        userForward: true,
        recipientDelimiter: '-',
        mailDialect: 's-nail',
        fallbackCharset: 'koi8-r',
      },
      ...{
        deliveryLog: '/conf/d',
        queueLog: '/conf/e',
        log: 'stderr',
        logLevel: 'debug',
        plugins: ['p', '/conf/q.mjs'],
      },
    })
  })

  it('is frozen all through', () => {
    const config = resolve({ smtp_hostname: 'h', retry: '1m', plugins: 'a', local_domains: 'b' })
    const parts = [
      config,
      config.smtp,
      config.smtp?.timeouts,
      config.retry,
      config.plugins,
      config.localDomains,
      config.notes,
    ]
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true))
    expect(Object.isFrozen(resolve({}).retry) && Object.isFrozen(resolve({}).localDomains)).toBe(true)
  })

  it('takes smtp_timeout for submit_timeout unless that is given', () => {
    expect(resolve({ smtp_timeout: '7' }).submitTimeout).toBe(7000)
    expect(resolve({ smtp_timeout: '7', submit_timeout: '9' }).submitTimeout).toBe(9000)
  })

  it('is refused for a value that is wrong even where it is not needed', () => {
    expect(() => resolve({ timeout_dot: 'soon' })).toThrow('x:timeout_dot: timeout_dot = soon is not valid')
    expect(() => resolve({ logging_conf: 'a\0b' })).toThrow('x:logging_conf: logging_conf = a?b is not valid')
  })

  it('that spools without a queue is refused', () => {
    expect(() => resolve({ spool: 'only' })).toThrow('x:spool: spool = only needs a queue; add queue_dir')
    expect(() => resolve({ spool: 'first' })).toThrow('x:spool: spool = first needs a queue; add queue_dir')
  })
})

describe('a setting without effect', () => {
  it('leaves a note', () => {
    const config = resolve({ logging_conf: 'l.conf', logging_config: 'm.conf', plugins: '*, a' })
    expect(config.plugins).toEqual(['a'])
    expect(config.notes).toEqual([
      'x:logging_conf: logging_conf names a logging file for Python and has no effect; use log and log_level',
      'x:logging_config: logging_config names a logging file for Python and has no effect; use log and log_level',
      'x:plugins: "*" in plugins has no effect; name the modules or a pattern such as ./plugins/*.mjs',
    ])
  })
})
