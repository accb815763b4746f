/** Sections of accounts: what each has of its own, what it inherits, and what is refused. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findAccount, smtpOf } from '../../../src/config/accounts.ts'
import type { Account, Config } from '../../../src/config/config.ts'
import { loadConfig, type ConfigRequest } from '../../../src/config/load.ts'
import { OPTIONS } from '../../../src/config/options.ts'
import type { Option } from '../../../src/config/options/option.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { scratch } from './scratch.ts'

const HOME =
  '[mailqueue]\nhost = home.ex\nuser = ann\npassword = secret\ntls_ca = /ca.pem\nretry = 5m\nfallback = work\n'

function load(files: Readonly<Record<string, string>>, more: Partial<ConfigRequest> = {}): Promise<Config> {
  const identity = { user: 'ann', host: 'pc', fullName: 'Ann' }
  const file = join(scratch(files), 'a.conf')
  return loadConfig({ file, env: {}, home: '/', identity, complain: () => undefined, ...more })
}

const account = (config: Config, name: string): Account => {
  const found = findAccount(config, name)
  if (found === undefined) throw new Error(`no account ${name}`)
  return found
}

describe('an account', () => {
  it('inherits everything but its fallback, in the order of the file', async () => {
    const config = await load({ 'a.conf': `${HOME}[account work]\nport = 2525\n[account more]\nretry = 1h` })
    expect(config.accounts.map(({ name }) => name)).toEqual(['default', 'work', 'more'])
    expect(config.fallback).toEqual(['work'])
    const work = account(config, 'work')
    expect(work.smtp).toEqual({
      ...config.smtp,
      port: 2525,
      auth: { ...config.smtp?.auth, credentialsOf: ['work', 'default'] },
    })
    expect([work.fallback, work.retry, account(config, 'more').retry]).toEqual([[], [300_000], [3_600_000]])
    expect(Object.isFrozen(work) && Object.isFrozen(config.accounts)).toBe(true)
  })

  it('at another host inherits no login, and one with a login of its own has no part of another', async () => {
    const text = `${HOME}insecure_auth = yes\n[account work]\nhost = work.ex\n[account same]\nhost = HOME.ex\n`
    const config = await load({ 'a.conf': text })
    expect(account(config, 'work').smtp).toMatchObject({ username: undefined, insecureAuth: false, port: 25 })
    expect(account(config, 'work').smtp?.password).toBeUndefined()
    expect(account(config, 'same').smtp).toMatchObject({ username: 'ann', password: 'secret' })
    const other = await load({ 'a.conf': `${HOME}[account work]\nuser = ben` })
    expect(account(other, 'work').smtp).toMatchObject({ username: 'ben', password: undefined })
    const file = await load({ 'a.conf': `${HOME}[account work]\nuser = ben\npassword_file = /p` })
    expect(account(file, 'work').smtp).toMatchObject({ password: undefined, auth: { passwordFile: '/p' } })
  })

  it('looks for credentials under the names of all accounts that have its login', async () => {
    const sections = [
      '[account port]\nport = 2525\n[account deep]\ninherit = port',
      '[account same]\nhost = home.ex\n[account other]\nhost = x.ex\nuser = ben',
      '[account ben]\nuser = ben\n[account more]\ninherit = ben\nport = 26',
    ]
    const file = { 'a.conf': HOME.replace('fallback = work\n', '') + sections.join('\n') }
    const namesIn = (config: Config): unknown =>
      Object.fromEntries(config.accounts.map(({ name, smtp }) => [name, smtp?.auth.credentialsOf]))
    expect(namesIn(await load(file))).toEqual({
      default: ['default'],
      port: ['port', 'default'],
      deep: ['deep', 'port', 'default'],
      same: ['same', 'default'],
      other: ['other'],
      ben: ['ben'],
      more: ['more', 'ben'],
    })
    const overrides = [{ key: 'smtp_hostname' as const, value: 'x.ex', by: '--host' }]
    const other = await load(file, { overrides })
    expect(other.smtp?.auth.credentialsOf).toEqual([])
    expect(account(other, 'other').smtp?.auth.credentialsOf).toEqual(['other'])
  })

  it('that logs in with its certificate inherits no password, and one with a password no such login', async () => {
    const certificate = 'tls_cert = /c\ntls_key = /k\nauth = external\n'
    const one = await load({ 'a.conf': `${HOME}[account work]\n${certificate}` })
    expect(account(one, 'work').smtp).toMatchObject({
      ...{ username: undefined, password: undefined },
      auth: { method: 'external', credentialsOf: ['work'] },
    })
    const home = `[mailqueue]\nhost = home.ex\n${certificate}`
    const other = await load({ 'a.conf': `${home}[account work]\nuser = ben\npassword = secret` })
    expect(account(other, 'work').smtp).toMatchObject({ username: 'ben', auth: { method: 'auto' } })
    const away = await load({ 'a.conf': `${home}[account work]\nhost = work.ex` })
    expect(account(away, 'work').smtp).toMatchObject({ tlsCert: undefined, auth: { method: 'auto' } })
    await expect(load({ 'a.conf': `${HOME}${certificate}[account work]` })).rejects.toThrow(
      /a\.conf:\d+: auth = external logs in with tls_cert, so smtp_password \(.*a\.conf:4\) has no use; remove one/,
    )
    const overrides = [{ key: 'auth' as const, value: 'external', by: '--auth' }]
    const call = await load({ 'a.conf': `${HOME}tls_cert = /c\ntls_key = /k\n[account work]` }, { overrides })
    expect(call.smtp).toMatchObject({ password: undefined, auth: { method: 'external' } })
  })

  it('at a socket inherits no login, and at a host no socket and no pinned certificate', async () => {
    const pinned = HOME.replace('tls_ca = /ca.pem', `tls_fingerprint = ${'ab'.repeat(32)}`)
    const text = `${pinned}[account work]\n[account s]\nsocket = /run/s\n[account h]\ninherit = s\nhost = h.ex`
    const config = await load({ 'a.conf': text })
    expect(account(config, 's').smtp).toMatchObject({
      socket: '/run/s',
      username: undefined,
      tlsFingerprints: [],
    })
    expect(account(config, 'h').smtp).toMatchObject({ socket: undefined, host: 'h.ex', tls: 'may' })
  })

  it('can inherit from another one, whose section may come later', async () => {
    const text = `${HOME}[account b]\ninherit = work\nretry = 2m\n[account work]\nhost = work.ex\nhelo = me.ex\nmatch_from = *@x`
    const config = await load({ 'a.conf': text })
    const b = account(config, 'b')
    expect([b.smtp?.host, b.smtp?.helo, b.retry, b.match.from]).toEqual(['work.ex', 'me.ex', [120_000], []])
  })

  it('takes every option that it inherits back to the default with an empty value', async () => {
    const own = Object.values<Option<unknown>>(OPTIONS).filter(({ scope }) => scope === undefined)
    // Without these two there is no server at all.
    const names = own.map(({ name }) => name).filter((name) => name !== 'smtp_hostname' && name !== 'deliver')
    const usual = `${HOME}port = 26\ntls = require\nlimit_per_hour = 7\non_limit = hold\nverp = yes\nconnections = 3\n`
    const text = `${usual}queue_dir = /q\n[account work]\n${names.map((name) => `${name} =\n`).join('')}`
    const { smtp, retry } = account(await load({ 'a.conf': text }), 'work')
    const defaults = configFromSettings({ host: 'home.ex' })
    const auth = { ...defaults.smtp?.auth, credentialsOf: ['work'] }
    expect({ smtp, retry }).toEqual({ smtp: { ...defaults.smtp, auth }, retry: defaults.retry })
  })

  it('takes back what the account inherits that it inherits from, for those that inherit from it', async () => {
    const text = `${HOME}port = 26\n[account work]\nport =\nretry = 7m\n[account b]\ninherit = work\nretry =\n`
    const config = await load({ 'a.conf': text })
    const b = account(config, 'b')
    expect([b.smtp?.port, account(config, 'work').retry, b.retry]).toEqual([
      587,
      [420_000],
      configFromSettings({ host: 'x' }).retry,
    ])
  })

  it('without the limits of the other one needs no word on what happens above a limit', async () => {
    const limited = `${HOME}queue_dir = /q\nlimit_per_hour = 7\non_limit = hold\n`
    const config = await load({ 'a.conf': `${limited}[account work]\nlimit_per_hour =\n` })
    expect(account(config, 'work').smtp?.limits).toBeUndefined()
    const own = `${limited}[account work]\nlimit_per_hour =\non_limit = hold\n`
    await expect(load({ 'a.conf': own })).rejects.toThrow('a.conf:13: on_limit is set but there is no limit')
  })

  it('takes nothing back by a variable that is empty by mistake', async () => {
    const text = `${HOME}port = 26\n[account work]\nport = \${PORT}\n`
    await expect(load({ 'a.conf': text }, { env: { PORT: '' } })).rejects.toThrow(
      'a.conf:10: smtp_port, which is empty, is not valid',
    )
  })

  it('may be written down in several files', async () => {
    const files = {
      'a.conf': `${HOME}include = b.conf\n[account work]\nhost = work.ex\nuser = ann`,
      'b.conf': '[account work]\npassword = p;ss\n[account third]\nhost = third.ex',
    }
    const config = await load(files)
    expect(account(config, 'work').smtp).toMatchObject({ username: 'ann', password: 'p;ss' })
    expect(account(config, 'third').smtp?.host).toBe('third.ex')
  })

  it.each([
    ['[account]\nhost = x', ':8: an account cannot be called ""; use up to 32 letters'],
    ['[account a b]\nhost = x', ':8: an account cannot be called "a b"'],
    ['[account ../x]\nhost = x', ':8: an account cannot be called "../x"'],
    [
      '[account default]\nhost = x',
      ':8: the account default is the section [mailqueue]; put its options there',
    ],
    [
      '[account work]\nhost = x\n[account work]\nport = 1',
      ':10: the section [account work] stands here a second',
    ],
    [
      '[account work]\nhost = x\nsmtp_hostname = y',
      ':10: smtp_hostname (also called host) is given a second',
    ],
    [
      '[account work]\nqueue_dir = /q',
      ':9: queue_dir holds for all accounts; move it to the section [mailqueue]',
    ],
    ['match_from = *', ':8: match_from belongs in a section [account NAME]; the account default takes'],
    ['[account work]\nmatch_from = ann', ':9: match_from = ann is not valid; write address patterns'],
    ['[account work]\ninherit = wrk', ':9: there is no account "wrk"; did you mean "work"?'],
    ['[account work]\ninherit = work', ':9: the account inherits from itself (work -> work); remove one'],
    ['[account work]\ninherit = b\n[account b]\ninherit = work', ' inherits from itself (work -> b -> work)'],
    ['[account work]\nfallback = xyz', ':9: there is no account "xyz"; add the section [account xyz]'],
    ['[account work]\nfallback = work', ':9: the account work is its own fallback; remove it'],
    ['[account work]\nhots = x', ':9: unknown option "hots"; did you mean "host"?'],
  ])('that says %j is refused', async (text, why) => {
    await expect(load({ 'a.conf': `${HOME}${text}\n` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why) as string,
    })
  })

  it('without any server is refused where its section begins', async () => {
    const text = '[mailqueue]\nqueue_dir = /q\n[account work]\nretry = 1m\n'
    await expect(load({ 'a.conf': text })).rejects.toThrow(
      'a.conf:3: the account work has no server; add smtp',
    )
  })

  it('has what options of the call say of a server when it is the one of the call, and else nothing', async () => {
    const overrides = [
      { key: 'smtp_port', value: '2600', by: '--port' },
      { key: 'smtp_username', value: 'mine', by: '--user' },
      { key: 'password_command', value: 'pass mine', by: '--passwordeval' },
      { key: 'helo', value: 'me.ex', by: '--domain' },
    ] as const
    const text = `${HOME}[account work]\nport = 25\n[account other]\nhost = o.ex\nport = 26`
    const seen = async (account?: string) =>
      (await load({ 'a.conf': text }, { overrides, account })).accounts.map(({ smtp }) => [
        ...[smtp?.port, smtp?.username, smtp?.password, smtp?.auth.passwordCommand?.join(' '), smtp?.helo],
      ])
    const mine = ['mine', undefined, 'pass mine', 'me.ex']
    const written = ['ann', 'secret', undefined, 'me.ex']
    const nobody = [undefined, undefined, undefined, 'me.ex']
    expect(await seen()).toEqual([
      [2600, ...mine],
      [25, ...written],
      [26, ...nobody],
    ])
    expect(await seen('work')).toEqual([
      [587, ...written],
      [2600, ...mine],
      [26, ...nobody],
    ])
  })

  it('can have default as its fallback only when that has a server', async () => {
    const text = '[mailqueue]\nqueue_dir = /q\n[account work]\nhost = w.ex\nfallback = default\n'
    await expect(load({ 'a.conf': text })).rejects.toThrow(
      'a.conf:5: the fallback default of the account work has no server; add smtp_hostname to [mailqueue], or',
    )
    expect(
      (await load({ 'a.conf': text.replace('[account', 'deliver = discard\n[account') })).deliver.to,
    ).toBe('discard')
  })
})

describe('a port that the call asks for', () => {
  const port = { key: 'smtp_port', value: '2600', by: '--port' } as const

  it.each([
    [
      'host = home.ex\nsrv = yes',
      'the option --port: with srv = yes the DNS says the port; leave --port out',
    ],
    ['socket = /run/lmtp', 'the option --port: the server is behind a Unix socket, which has no port; leave'],
  ])('is refused where it would have no effect (%j)', async (text, why) => {
    const files = { 'a.conf': `[mailqueue]\n${text}\n` }
    await expect(load(files, { overrides: [port] })).rejects.toThrow(why)
    expect((await load(files, { overrides: [port], host: 'h.ex' })).smtp).toMatchObject({
      ...{ host: 'h.ex', port: 2600, srv: undefined, socket: undefined },
    })
  })
})

describe('the settings of a program', () => {
  it('have accounts as objects, with the same checks', () => {
    const config = configFromSettings({
      host: 'a',
      accounts: { work: { port: 26, match_from: ['*@x.ex', 'b@x.ex'] } },
    })
    expect(findAccount(config, 'work')).toMatchObject({
      smtp: { host: 'a', port: 26 },
      match: { from: ['*@x.ex', 'b@x.ex'] },
    })
  })

  it('take back in an account what is given empty there', () => {
    const work = { port: '', retry: [], tls: '' }
    const config = configFromSettings({ host: 'a', port: 26, retry: [1], tls: 'require', accounts: { work } })
    const found = findAccount(config, 'work')
    const usual = configFromSettings({ host: 'a' })
    expect([found?.smtp?.port, found?.smtp?.tls, found?.retry]).toEqual([25, 'may', usual.retry])
  })

  it.each([
    [{ accounts: [] }, 'settings: accounts has to be an object'],
    [{ accounts: { work: 7 } }, 'settings: accounts.work has to be an object'],
    [{ accounts: { work: { hots: 'x' } } }, 'settings: accounts.work: unknown option "hots"'],
    [{ accounts: { 'a b': { host: 'x' } } }, 'settings: accounts.a b: an account cannot be called "a b"'],
    [
      { accounts: { work: { queue_dir: '/q' } } },
      'settings: accounts.work: queue_dir holds for all accounts',
    ],
  ])('%j are refused', (settings, why) => {
    expect(() => configFromSettings(settings)).toThrow(why)
  })
})

describe('the server of one message', () => {
  const config = configFromSettings({ host: 'home.ex', user: 'ann', password: 'secret', helo: 'me.ex' })

  it('has the login of the account at its own host and port only, as well protected', () => {
    const usual = account(config, 'default')
    const own = { username: 'ann', password: 'secret', tls: 'verify', helo: 'me.ex' }
    expect(smtpOf(usual, { host: 'Home.EX', port: 587 })).toMatchObject(own)
    expect(smtpOf(usual, { host: 'home.ex', port: 587, tls: 'off' })).toMatchObject(own)
    for (const server of [
      { host: 'other.ex', port: 587 },
      { host: 'home.ex', port: 2525 },
      { host: 'home.ex', port: 587, protocol: 'lmtp' } as const,
    ]) {
      const other = smtpOf(usual, server)
      expect(other).toMatchObject({ ...server, username: undefined, tls: 'may', helo: 'me.ex' })
      expect(other?.password).toBeUndefined()
    }
  })

  it('cannot trade the good certificate that a password wants for any certificate at all', () => {
    const login = { host: 'home.ex', user: 'ann', password: 'secret', tls: 'may' }
    const asked = { host: 'home.ex', port: 587, tls: 'require' } as const
    expect(smtpOf(account(configFromSettings(login), 'default'), asked)?.tls).toBe('verify')
    const open = account(configFromSettings({ host: 'home.ex', tls: 'may' }), 'default')
    expect(smtpOf(open, { ...asked, port: 25 })?.tls).toBe('require')
    const demanding = account(configFromSettings({ ...login, tls: 'require' }), 'default')
    expect(smtpOf(demanding, asked)?.tls).toBe('require')
  })

  it('never has the pinned certificate of another one, and no weaker level in its place', () => {
    const pinned = configFromSettings({ host: 'home.ex', tls_fingerprint: 'ab'.repeat(32) })
    const usual = account(pinned, 'default')
    expect(smtpOf(usual, { host: 'home.ex', port: 25, tls: 'may' })?.tls).toBe('pin')
    expect(() => smtpOf(usual, { host: 'o.ex', port: 25, tls: 'pin' })).toThrow('needs the fingerprint')
  })

  it('has the port of the account when it names none, and is the one that srv means only then', () => {
    const usual = account(config, 'default')
    expect(smtpOf(usual, { host: 'home.ex', tls: 'require' })).toMatchObject({ port: 587, username: 'ann' })
    expect(smtpOf(usual, { host: 'o.ex' })).toMatchObject({ host: 'o.ex', port: 25, username: undefined })
    const announced = account(configFromSettings({ host: 'home.ex', srv: true, user: 'ann' }), 'default')
    expect(smtpOf(announced, { host: 'home.ex' })).toMatchObject({
      username: 'ann',
      srv: expect.anything() as [],
    })
    expect(smtpOf(announced, { host: 'home.ex', port: 587 })).toMatchObject({
      ...{ username: undefined, srv: undefined, port: 587 },
    })
  })

  it('has a fingerprint of its own, with which the account does not log in', () => {
    const fingerprint = 'AB'.repeat(32).replace(/..(?!$)/g, '$&:')
    const pinned = { port: 587, tls: 'pin', fingerprints: [fingerprint] } as const
    const usual = account(config, 'default')
    expect(() => smtpOf(usual, { host: 'home.ex', ...pinned })).toThrow(
      `the server home.ex:587 of a message: the account default logs in there and does not know the fingerprint that the message asks for; write tls_fingerprint = ${fingerprint} if`,
    )
    const here = { tls: 'pin', tlsFingerprints: [fingerprint] }
    expect(smtpOf(usual, { host: 'o.ex', ...pinned })).toMatchObject({ ...here, username: undefined })
    const login = { host: 'home.ex', user: 'ann', password: 'secret' }
    const knowing = account(configFromSettings({ ...login, tls_fingerprint: fingerprint }), 'default')
    expect(smtpOf(knowing, { host: 'home.ex', ...pinned })).toMatchObject({ ...here, username: 'ann' })
    const open = account(configFromSettings({ host: 'home.ex', tls_ca: '/ca.pem' }), 'default')
    expect(smtpOf(open, { host: 'home.ex', ...pinned, port: 25 })).toMatchObject(here)
  })

  it('keeps what was asked for it, and is refused where that cannot work', () => {
    const usual = account(config, 'default')
    expect(smtpOf(usual, { host: 'o', port: 24, protocol: 'lmtp', tls: 'verify' })).toMatchObject({
      protocol: 'lmtp',
      tls: 'verify',
    })
    expect(() => smtpOf(usual, { host: 'o', port: 465, tls: 'off' })).toThrow('tls = off cannot work')
  })
})
