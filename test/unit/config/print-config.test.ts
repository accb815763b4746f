import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { OPTIONS } from '../../../src/config/options.ts'
import { printConfig } from '../../../src/config/print-config.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { scratch } from './scratch.ts'

async function readBack(text: string): Promise<Config> {
  const root = scratch({ 'a.conf': text })
  const identity = { user: 'x', host: 'x', fullName: 'x' }
  return loadConfig({ file: join(root, 'a.conf'), env: {}, home: '/', identity, warn: () => undefined })
}

const FULL = configFromSettings({
  ...{ host: '::1', port: 465, user: 'a;b "c" \\', password: 'hunter2', helo: '[127.0.0.1]', tls: 'require' },
  ...{ tls_ca: '/ca ; x.pem', insecure_auth: true, smtp_timeout: 11.5, timeout_dot: '90m', connections: 7 },
  ...{
    messages_per_connection: 8,
    max_recipients: 9,
    protocol: 'lmtp',
    reply_filter: '^5\\d\\d a/b ; => temporary, x, y => PAUSE',
    soft_bounce: true,
    queue_dir: "/it's/#1",
    spool: 'only',
    retry: ['90s', '1d'],
  },
  ...{ in_doubt: 'hold', bounce: 'none', bounce_expire: '3h', bounce_limit: 7, postmaster: 'p@site.example' },
  ...{
    delay_notice: '4h',
    expire: '36h',
    from: '"A; B" <a%%b@site.example>',
    aliases: '/al',
    local_domains: ['a', 'b'],
  },
  ...{ default_alias: true, user_forward: true, recipient_delimiter: '=', mail_dialect: 'bsd' },
  ...{ limit_per_minute: 1, limit_per_hour: 2, limit_per_day: 3, limit_recipients_per_day: 4 },
  fallback_charset: 'koi8-r',
  ...{ qualify_domain: 'c', delivery_log: '/d', queue_log: '/q', log: 'stderr', log_level: 'warn' },
  ...{ force_from: true, masquerade: 'me@site.example', qualify_headers: false, set_from_header: 'off' },
  ...{ set_date_header: 'off', set_msgid_header: 'off', set_to_header: 'on', remove_bcc_headers: false },
  plugins: ['pkg', '/my dir/x.mjs', '/p,q/*.{mjs,js}'],
})

describe('the printed configuration', () => {
  it('reads back as the same configuration but for the password', async () => {
    const config = await readBack(printConfig(FULL))
    const smtp = { ...FULL.smtp, password: '********' }
    expect(config).toEqual({ ...FULL, smtp, source: config.source })
  })

  it('reads back as the same configuration when nothing is set', async () => {
    const config = await readBack(printConfig(configFromSettings({})))
    expect(config).toEqual({ ...configFromSettings({}), source: config.source })
  })

  it('has every option that means something in it', () => {
    const elsewhere = ['smtp_timeout', 'logging_conf', 'logging_config', 'include', 'strict_permissions']
    const names = Object.keys(OPTIONS).filter((name) => !elsewhere.includes(name))
    const printed = printConfig(FULL).match(/^\w+(?= = )/gm) ?? []
    expect(printed.toSorted()).toEqual(names.toSorted())
  })

  it('hides the password and says so', () => {
    const text = printConfig(FULL)
    expect(text).not.toContain('hunter2')
    expect(text).toContain('# smtp_password is set; it is hidden here as ********\n')
    expect(text).toContain('\nsmtp_password = ********\n')
    expect(printConfig(configFromSettings({ host: 'h' }))).not.toContain('smtp_password')
  })

  it('is plain text with one option a line', () => {
    const lines = printConfig(configFromSettings({ host: 'h' })).split('\n')
    expect(lines.slice(0, 4)).toEqual([
      '# read from the settings of a program',
      '[mailqueue]',
      'smtp_hostname = h',
      'smtp_port = 25',
    ])
    expect(lines).toContain('retry = 1m 3m 10m 30m 1h 2h 4h')
    expect(lines.at(-1)).toBe('')
  })

  it('names the file it was read from without control characters', () => {
    expect(printConfig({ ...FULL, source: '/a\nb' }).split('\n')[0]).toBe('# read from /a?b')
  })
})
