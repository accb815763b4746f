import { describe, expect, it } from 'vitest'
import { SENDMAIL_OPTIONS, sendmailOption } from '../../../../src/cli/sendmail/options.ts'
import type { SendmailOption } from '../../../../src/cli/sendmail/option.ts'
import { settingOverride, tlsOverrides, yesNo } from '../../../../src/cli/sendmail/setting-options.ts'

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
  const port = { key: 'smtp_port', value: '465', by: '--port' } as const

  it.each([
    [{}, [], []],
    [{ wanted: true }, [], ['tls verify']],
    [{ wanted: true, certificateCheck: false }, [], ['tls require']],
    [{ wanted: false, certificateCheck: false }, [], ['tls off']],
    [{ certificateCheck: false }, [], ['tls require']],
    [{ certificateCheck: true }, [], ['tls verify']],
    [{ wanted: true, starttls: true }, [], ['tls verify']],
    [{ wanted: true, starttls: false }, [], ['tls verify', 'smtp_port 465']],
    [{ wanted: true, starttls: false }, [port], ['tls verify']],
  ])('%j with %j ask for %j', (wishes, given, wanted) => {
    expect(tlsOverrides(wishes, given).map(({ key, value }) => `${key} ${value}`)).toEqual(wanted)
  })

  it('cannot have TLS from the first byte on another port', () => {
    const other = { ...port, value: '587' }
    expect(() => tlsOverrides({ starttls: false }, [port, other])).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    )
  })
})
