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
  return loadConfig({ file: join(root, 'a.conf'), env: {}, home: '/', identity, complain: () => undefined })
}

const FULL = configFromSettings({
  ...{ host: '::1', port: 465, user: 'a;b "c" \\', password: 'hunter2', helo: '[127.0.0.1]', tls: 'require' },
  ...{ tls_implicit: false, tls_cert: '/c', tls_key: '/k', tls_min_version: '1.3', tls_name: 'n.example' },
  ...{ source_ip: '[::1]', proxy: 'socks5://u%3A:hunter2@[::1]:9' },
  ...{ tls_ca: '/ca ; x.pem', insecure_auth: true, smtp_timeout: 11.5, timeout_dot: '90m', connections: 7 },
  ...{
    messages_per_connection: 8,
    max_recipients: 9,
    protocol: 'lmtp',
    reply_filter: '^5\\d\\d a/b ; => temporary, x, y => PAUSE',
    soft_bounce: true,
    verp: true,
    ...{ dkim_domain: 's.example', dkim_selector: 'a.b', dkim_key: '/k e;y' },
    queue_dir: "/it's/#1",
    spool: 'only',
    retry: ['90s', '1d'],
  },
  ...{ submit_dir: '/drop', sender_login: '/rules', submit_max_size: '3M', submit_max_messages: 9 },
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
  ...{ log_privacy: 'hash', metrics_file: '/m' },
  ...{ force_from: true, masquerade: 'me@site.example', qualify_headers: false, set_from_header: 'off' },
  ...{ set_date_header: 'off', set_msgid_header: 'off', set_to_header: 'on', remove_bcc_headers: false },
  plugins: ['pkg', '/my dir/x.mjs', '/p,q/*.{mjs,js}'],
  fallback: 'work',
  accounts: {
    work: { host: 'work.example', port: 25, match_from: '*@w.ex ann+x@w.ex', match_uid: ['7', 'ann'] },
    more: { inherit: 'work', tls_ca: '', helo: '', match_recipient: '<>', fallback: 'work default' },
  },
})

/** What takes the place of others. */
const OTHERS = configFromSettings({
  socket: '/run/x y',
  tls_fingerprint: `${'ab'.repeat(32)} ${'01'.repeat(32)}`,
  ...{ queue_dir: '/q', webhook: 'https://a.example/x?y=${z}', webhook_secret_command: `pass 'a b'` },
  ...{ webhook_events: 'bounced in-doubt', webhook_batch: 7, webhook_expire: '2d', webhook_tls_ca: '/ca' },
})
const APPLICATION = { queue_dir: '/q', webhook: 'http://127.0.0.1:8/' }
const SIGNED = configFromSettings({ ...APPLICATION, webhook_secret: 'hunter4' })
const SIGNED_BY_FILE = configFromSettings({ ...APPLICATION, webhook_secret_file: '/s' })

const LOGIN = { host: 'h', user: 'u', auth: 'xoauth2' }
const COMMAND = configFromSettings({ ...LOGIN, password_command: `sh -c 'echo "$X" # ; "' "it's" a=b` })
const FILE = configFromSettings({ ...LOGIN, auth: 'off', password_file: '/p/a ${x}' })
const TOKEN = configFromSettings({ ...LOGIN, oauth2_token_command: 'tok' })
const REFRESH = configFromSettings({
  ...LOGIN,
  ...{ oauth2_refresh_token_file: '/r', oauth2_client_id: 'id', oauth2_client_secret: 'hunter3' },
  ...{
    oauth2_token_url: 'https://a/t',
    oauth2_authorize_url: 'https://a/a',
    oauth2_device_url: 'https://a/d',
  },
  oauth2_scope: 'mail',
})

describe('the printed configuration', () => {
  it('reads back as the same configuration but for passwords', async () => {
    const config = await readBack(printConfig(FULL))
    const proxy = { ...FULL.smtp?.proxy, password: '********' }
    const smtp = { ...FULL.smtp, password: '********', proxy }
    const [usual, ...others] = FULL.accounts.map((account) => ({
      ...account,
      smtp: { ...account.smtp, proxy },
    }))
    const accounts = [{ ...usual, smtp }, ...others]
    expect(config).toEqual({ ...FULL, smtp, accounts, source: config.source })
    for (const other of [OTHERS, configFromSettings({ host: 'h', srv: true })]) {
      const back = await readBack(printConfig(other))
      expect(back).toEqual({ ...other, source: back.source })
    }
  })

  it.each([COMMAND, FILE, TOKEN])('reads back as the same login', async (given) => {
    expect((await readBack(printConfig(given))).smtp).toEqual(given.smtp)
  })

  it('reads back as the same login but for the secret of the application', async () => {
    const text = printConfig(REFRESH)
    expect(text).not.toContain('hunter3')
    const shown = await readBack(text.replace('********\noauth2_token_url', 'hunter3\noauth2_token_url'))
    expect(shown.smtp).toEqual(REFRESH.smtp)
  })

  it('reads back as the same configuration when nothing is set', async () => {
    const config = await readBack(printConfig(configFromSettings({})))
    expect(config).toEqual({ ...configFromSettings({}), source: config.source })
  })

  it('has every option that means something in it', () => {
    const elsewhere = ['smtp_timeout', 'logging_conf', 'logging_config', 'include', 'strict_permissions']
    const names = Object.keys(OPTIONS).filter((name) => !elsewhere.includes(name))
    const texts = [FULL, OTHERS, COMMAND, FILE, TOKEN, REFRESH, SIGNED, SIGNED_BY_FILE]
      .map(printConfig)
      .join('')
    const printed = new Set(texts.match(/^\w+(?= = )/gm) ?? [])
    expect([...printed].toSorted()).toEqual(names.toSorted())
  })

  it('reads back as the same webhook, whose secret is hidden', async () => {
    const text = printConfig(SIGNED)
    expect(text).toContain('# webhook_secret is set; it is hidden here as ********\n')
    expect((await readBack(text)).webhook).toEqual({ ...SIGNED.webhook, secret: '********' })
    expect((await readBack(printConfig(SIGNED_BY_FILE))).webhook).toEqual(SIGNED_BY_FILE.webhook)
  })

  it('hides the password and says so', () => {
    const text = printConfig(FULL)
    expect(text).not.toContain('hunter2')
    expect(text).toContain('# smtp_password is set; it is hidden here as ********\n')
    expect(text).toContain('\nsmtp_password = ********\n')
    expect(text).toContain('\nproxy = socks5://u%3A:********@[::1]:9\n')
    expect(printConfig(configFromSettings({ host: 'h' }))).not.toContain('smtp_password')
  })

  it('is plain text with one option a line', () => {
    const lines = printConfig(configFromSettings({ host: 'h' })).split('\n')
    expect(lines.slice(0, 4)).toEqual([
      '# read from the settings of a program',
      '[mailqueue]',
      'deliver = smtp',
      'smtp_hostname = h',
    ])
    expect(lines).toContain('retry = 1m 3m 10m 30m 1h 2h 4h')
    expect(lines.at(-1)).toBe('')
  })

  it.each(['discard', 'file:/a b/Maildir', String.raw`pipe:/x -a "b \"c" '\' ${'${recipient}'}`])(
    'reads back deliver = %s, and knows no server then',
    async (deliver) => {
      const config = configFromSettings({ host: 'h', deliver, timeout_dot: '1m' })
      expect(config.smtp).toBeUndefined()
      const back = await readBack(printConfig(config))
      expect(back.deliver).toEqual(config.deliver)
      if (config.deliver.to === 'pipe') expect(back.pipeTimeout).toBe(60_000)
    },
  )

  it('reads back an account that delivers elsewhere than the server of default', async () => {
    const usual = { host: 'h', port: 587, user: 'u', password: 'p', srv: false, tls: 'verify' }
    const config = configFromSettings({ ...usual, accounts: { spool: { deliver: 'file:/m' } } })
    const back = await readBack(printConfig(config))
    expect(back.accounts.map(({ name, deliver, smtp }) => [name, deliver.to, smtp?.host])).toEqual([
      ['default', 'smtp', 'h'],
      ['spool', 'file', undefined],
    ])
  })

  it('names the file it was read from without control characters', () => {
    expect(printConfig({ ...FULL, source: '/a\nb' }).split('\n')[0]).toBe('# read from /a?b')
  })
})
