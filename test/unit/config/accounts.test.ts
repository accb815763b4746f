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
  return loadConfig({ file, env: {}, home: '/', identity, warn: () => undefined, ...more })
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
      auth: { ...config.smtp?.auth, account: 'work' },
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
    const auth = { ...defaults.smtp?.auth, account: 'work' }
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

  it('has what options of the call say, whatever its section says', async () => {
    const overrides = [{ key: 'smtp_port' as const, value: '2600', by: '--port' }]
    const config = await load({ 'a.conf': `${HOME}[account work]\nport = 25` }, { overrides })
    expect(config.accounts.map(({ smtp }) => smtp?.port)).toEqual([2600, 2600])
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

  it('never has the pinned certificate of another one, and no weaker level in its place', () => {
    const pinned = configFromSettings({ host: 'home.ex', tls_fingerprint: 'ab'.repeat(32) })
    const usual = account(pinned, 'default')
    expect(smtpOf(usual, { host: 'home.ex', port: 25, tls: 'may' })?.tls).toBe('pin')
    expect(() => smtpOf(usual, { host: 'o.ex', port: 25, tls: 'pin' })).toThrow('needs the fingerprint')
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
