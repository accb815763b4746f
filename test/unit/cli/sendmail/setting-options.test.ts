import { describe, expect, it } from 'vitest'
import { SENDMAIL_OPTIONS, sendmailOption } from '../../../../src/cli/sendmail/options.ts'
import type { SendmailOption } from '../../../../src/cli/sendmail/option.ts'
import {
  proxyOverrides,
  settingOverride,
  tlsOverrides,
  yesNo,
  type ProxyWishes,
  type TlsWishes,
} from '../../../../src/cli/sendmail/setting-options.ts'
import type { ConfigOverride } from '../../../../src/config/load.ts'

function option(name: string): SendmailOption {
  const found = sendmailOption(name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

describe('the table', () => {
  it('has each letter and each name once', () => {
    const names = SENDMAIL_OPTIONS.flatMap(({ letter, long, also = [] }) => [letter, long, ...also]).filter(
      (name) => name !== undefined,
    )
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([])
  })

  it('has a setting for exactly the options that set something', () => {
    for (const { effect, setting } of SENDMAIL_OPTIONS)
      expect(setting !== undefined).toBe(effect === 'setting')
  })

  it('has an argument that is valid for each option that may stand alone', () => {
    for (const row of SENDMAIL_OPTIONS.filter(({ setting }) => setting?.bare !== undefined))
      expect(settingOverride('', row)).toMatchObject({ key: row.setting?.key, value: row.setting?.bare })
  })
})

describe('a setting', () => {
  it.each([
    ['port', '2525', { key: 'smtp_port', value: '2525', by: '--port' }],
    ['timeout', 'off', { key: 'smtp_timeout', value: '', by: '--timeout' }],
    ['X', '/tmp/log', { key: 'log', value: '/tmp/log', by: '--logfile' }],
    ['tls-trust-file', 'system', { key: 'tls_ca', value: '', by: '--tls-trust-file' }],
    ['undisclosed-recipients', 'on', { key: 'set_to_header', value: 'undisclosed_recipients' }],
    ['add-missing-date-header', 'on', { key: 'set_date_header', value: 'auto' }],
  ])('of --%s %s is in the words of the configuration', (name, value, wanted) => {
    expect(settingOverride(value, option(name))).toMatchObject(wanted)
  })

  it.each([
    ['port', '65536'],
    ['protocol', 'uucp'],
    ['set-from-header', 'constructor'],
    ['remove-bcc-headers', '__proto__'],
  ])('--%s %s is refused', (name, value) => {
    expect(() => settingOverride(value, option(name))).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('on and off', () => {
  it('mean yes and no, and nothing means on', () => {
    expect(['on', 'off', ''].map((value) => yesNo(value, option('tls')))).toEqual([true, false, true])
    expect(() => yesNo('toString', option('tls'))).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('the options about TLS', () => {
  const ca = { key: 'tls_ca', value: '/ca', by: '--tls-trust-file' } as const
  const fingerprint = 'ab'.repeat(32)
  /** Values that a level takes away are left out. */
  const asked = (overrides: readonly ConfigOverride[]): string[] =>
    overrides.filter(({ value }) => value !== '').map(({ key, value }) => `${key} ${value}`)

  it.each([
    [{}, [], []],
    [{ wanted: true }, [], ['tls verify']],
    [{ wanted: true, certificateCheck: false }, [], ['tls require']],
    [{ wanted: false, certificateCheck: false }, [], ['tls off']],
    [{ certificateCheck: false }, [], ['tls require']],
    [{ certificateCheck: true }, [], ['tls verify']],
    [{ wanted: true, starttls: true }, [], ['tls verify', 'tls_implicit no']],
    [{ wanted: true, starttls: false }, [], ['tls verify', 'tls_implicit yes']],
    [{ starttls: false }, [], ['tls_implicit yes']],
    [{ fingerprint }, [], ['tls pin', `tls_fingerprint ${fingerprint}`]],
    [
      { wanted: true, certificateCheck: true, fingerprint },
      [],
      ['tls pin', `tls_fingerprint ${fingerprint}`],
    ],
    [{ wanted: false, fingerprint }, [], ['tls off']],
  ])('%j with %j ask for %j', (wishes, given, wanted) => {
    expect(asked(tlsOverrides(wishes, given))).toEqual(wanted)
  })

  it('take away what the configuration says against them, and nothing that another option says', () => {
    const removed = (wishes: TlsWishes, given: readonly ConfigOverride[] = []): string[] =>
      tlsOverrides(wishes, given).flatMap(({ key, value }) => (value === '' ? [key] : []))
    expect(removed({})).toEqual([])
    expect(removed({ fingerprint })).toEqual(['tls_ca'])
    expect(removed({ fingerprint }, [ca])).toEqual([])
    expect(removed({ fingerprint: '' })).toEqual(['tls_fingerprint'])
    expect(removed({ wanted: true })).toEqual(['tls_fingerprint'])
    expect(removed({ wanted: false }).toSorted()).toEqual([
      'tls_ca',
      'tls_cert',
      'tls_fingerprint',
      'tls_key',
      'tls_name',
    ])
  })

  it.each<TlsWishes>([
    { fingerprint, certificateCheck: false },
    { fingerprint: 'ab'.repeat(20) },
    { fingerprint: 'x' },
  ])('cannot be %j', (wishes) => {
    expect(() => tlsOverrides(wishes, [])).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('the options about a proxy', () => {
  it.each<[ProxyWishes, string[]]>([
    [{}, []],
    [{ host: 'p.example' }, ['socks5://p.example:1080']],
    [{ host: 'p.example', port: '9050' }, ['socks5://p.example:9050']],
    [{ host: '::1', port: '' }, ['socks5://[::1]:1080']],
    [{ host: '', port: '9' }, ['']],
  ])('%j ask for %j', (wishes, wanted) => {
    expect(proxyOverrides(wishes).map(({ value }) => value)).toEqual(wanted)
  })

  it.each<ProxyWishes>([{ port: '9' }, { host: 'p', port: 'x' }, { host: 'u:p@h' }, { host: 'a b' }])(
    'cannot be %j',
    (wishes) => {
      expect(() => proxyOverrides(wishes)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    },
  )
})
