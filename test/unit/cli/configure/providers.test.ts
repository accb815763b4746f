/** The table of providers fits together with nodemailer's list, and with our own of OAuth 2.0. */
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPresets } from '../../../../src/cli/configure/presets.ts'
import { PROVIDER_NOTES } from '../../../../src/cli/configure/provider-notes.ts'
import {
  loadProviders,
  providerNamed,
  providerOfDomain,
  providerOfExchanger,
  type Provider,
} from '../../../../src/cli/configure/providers.ts'
import { OAUTH2_PROVIDERS } from '../../../../src/config/oauth2-providers.ts'

let providers: readonly Provider[]
beforeAll(async () => {
  providers = await loadProviders()
})

describe('the notes', () => {
  it('are about providers of the list, or bring a server', async () => {
    const presets = await loadPresets()
    const lost = PROVIDER_NOTES.filter(({ name, host }) => presets[name] === undefined && host === undefined)
    expect(lost).toEqual([])
    const names = PROVIDER_NOTES.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
  })

  it('claim each domain and each mail exchanger once', () => {
    const all = providers.flatMap(({ domains }) => domains)
    expect(all.filter((domain, at) => all.indexOf(domain) !== at)).toEqual([])
    const exchangers = providers.flatMap(({ mx }) => mx)
    expect(exchangers.filter((domain, at) => exchangers.indexOf(domain) !== at)).toEqual([])
    expect(all.filter((domain) => domain !== domain.toLowerCase())).toEqual([])
  })
})

describe('every provider', () => {
  it('has a server and a port, unless it cannot be used', () => {
    const wrong = providers.filter(
      ({ host, port, unusable }) => unusable === undefined && (host === '' || !Number.isInteger(port)),
    )
    expect(wrong).toEqual([])
    expect(providers.length).toBeGreaterThan(92)
  })

  it('that takes no password but OAuth 2.0 is one whose addresses are known', () => {
    expect(providers.filter(({ login, oauth2 }) => login === 'OAuth 2.0' && !oauth2)).toEqual([])
    for (const { name, hosts } of OAUTH2_PROVIDERS)
      expect(providers.filter(({ host }) => hosts.test(host)).length, name).toBeGreaterThan(0)
  })
})

describe('a provider is found', () => {
  it('by its names', () => {
    expect(providerNamed(providers, 'gmail')?.name).toBe('Gmail')
    expect(providerNamed(providers, 'google mail')?.name).toBe('Gmail')
    expect(providerNamed(providers, 'ses-eu-west-1')?.host).toBe('email-smtp.eu-west-1.amazonaws.com')
    expect(providerNamed(providers, 'nobody')).toBeUndefined()
  })

  it('by the domain of an address', () => {
    expect(providerOfDomain(providers, 'GMX.de')?.name).toBe('GMX')
    expect(providerOfDomain(providers, 'site.example')).toBeUndefined()
  })

  it('by its mail exchangers, and not by a name that only ends like one', () => {
    expect(providerOfExchanger(providers, 'ASPMX.L.GOOGLE.COM.')?.name).toBe('Gmail')
    expect(providerOfExchanger(providers, 'mxbiz1.qq.com')?.name).toBe('QQex')
    expect(providerOfExchanger(providers, 'evilgoogle.com')).toBeUndefined()
  })
})
