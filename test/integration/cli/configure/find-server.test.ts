/** Servers that are found for an address, with a real DNS server. */
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ConfigureOptions } from '../../../../src/cli/configure/call.ts'
import { findServer } from '../../../../src/cli/configure/find-server.ts'
import type { Places } from '../../../../src/cli/configure/places.ts'
import { makePlan } from '../../../../src/cli/configure/plan.ts'
import { loadProviders, type Provider } from '../../../../src/cli/configure/providers.ts'
import type { Questions } from '../../../../src/cli/configure/questions.ts'
import { startDnsServer, type DnsServer, type Zone } from '../../../helpers/dns-server.ts'

let providers: readonly Provider[]
beforeAll(async () => {
  providers = await loadProviders()
})

async function dnsWith(zone: Zone): Promise<DnsServer> {
  const dns = await startDnsServer(zone)
  onTestFinished(() => dns.close())
  return dns
}

const srv = (name: string, port: number) => [{ name, port, priority: 0, weight: 0 }]
const mx = (...hosts: string[]) => hosts.map((exchange, priority) => ({ exchange, priority }))

describe('the server of a domain', () => {
  it('is that of the list, without a question to the DNS', async () => {
    const dns = await dnsWith({})
    expect(await findServer('googlemail.com', providers, dns.resolver)).toMatchObject({
      ...{ host: 'smtp.gmail.com', port: 465, implicitTls: true, trusted: true, by: 'Gmail' },
    })
    expect(dns.asked).toEqual([])
  })

  it.each([
    ['_submissions._tcp.site.example', 'mail.site.example', true],
    ['_submission._tcp.site.example', 'site.example', false],
  ])('is announced by %s', async (name, host, implicitTls) => {
    const dns = await dnsWith({ [name]: srv(host, 1234) })
    expect(await findServer('site.example', providers, dns.resolver)).toEqual({
      ...{ host, port: 1234, implicitTls, provider: undefined, trusted: true },
      by: 'announced by site.example',
    })
  })

  it('is trusted outside of the domain only when it is that of a provider', async () => {
    const dns = await dnsWith({
      '_submission._tcp.a.example': srv('mail.evil-a.example', 587),
      '_submission._tcp.b.example': srv('smtp.fastmail.com', 587),
    })
    expect(await findServer('a.example', providers, dns.resolver)).toMatchObject({ trusted: false })
    expect(await findServer('b.example', providers, dns.resolver)).toMatchObject({
      ...{ trusted: true, provider: { name: 'FastMail' } },
    })
  })

  it.each([
    ['aspmx.l.google.com', 'smtp.gmail.com', 465],
    ['site-example.mail.protection.outlook.com', 'smtp.office365.com', 587],
    ['in1-smtp.messagingengine.com', 'smtp.fastmail.com', 465],
    ['mx00.kundenserver.de', 'smtp.ionos.de', 465],
    ['mx.zoho.eu', 'smtppro.zoho.eu', 465],
  ])('is told by the mail exchanger %s', async (exchanger, host, port) => {
    const dns = await dnsWith({ 'site.example': mx('mx.unknown.example', exchanger) })
    expect(await findServer('site.example', providers, dns.resolver)).toMatchObject({
      host,
      port,
      trusted: true,
    })
  })

  it.each<[string, Zone, RegExp]>([
    [
      'there are no records',
      {},
      /no SRV records .*, and its mail exchangers cannot be looked up \(ENOTFOUND\)/,
    ],
    ['the DNS fails', { '_submission._tcp.site.example': 2 }, /cannot look up .*ESERVFAIL/],
    [
      'nobody is known',
      { 'site.example': mx('google.com.evil.example', 'notgoogle.com') },
      /belong to no provider that is known/,
    ],
    ['there is no mail at all', { 'site.example': mx('') }, /belong to no provider that is known/],
  ])('is not found when %s', async (_title, zone, why) => {
    const dns = await dnsWith(zone)
    expect(await findServer('site.example', providers, dns.resolver)).toMatch(why)
  })
})

describe('a plan', () => {
  const places: Places = {
    ...{
      file: '/f',
      printed: false,
      exists: false,
      unfinished: undefined,
      mode: 0o600,
      isPublic: false,
      owner: undefined,
    },
    ...{ passwordFile: '/p', secretsFile: '/s', queueDir: '/q', tokenFile: '/t' },
  }
  const plan = (dns: DnsServer, options: Partial<ConfigureOptions>, questions?: Questions) =>
    makePlan({
      note: () => undefined,
      ...{ operand: 'ann@site.example', places, providers, questions, resolver: dns.resolver },
      options: { login: true, check: true, passwordCommand: 'pw', ...options },
    })
  const asking = (answer: boolean, said: string[] = []): Questions => ({
    say: (line) => void said.push(line),
    ask: async (question, preset) => {
      said.push(question)
      return preset ?? 'typed.example'
    },
    askSecret: async () => 'secret',
    confirm: async (question) => {
      said.push(question)
      return answer
    },
    choose: async () => 0,
  })
  const FORGED: Zone = { '_submission._tcp.site.example': srv('mail.evil.example', 587) }

  it('takes a server that only the DNS names from a person, never from --yes', async () => {
    const dns = await dnsWith(FORGED)
    await expect(plan(dns, { yes: true })).rejects.toThrow('say so with --host=mail.evil.example --port=587')
    const said: string[] = []
    const { server } = await plan(dns, { yes: true }, asking(true, said))
    expect(server.host).toBe('mail.evil.example')
    expect(said[0]).toContain('can be forged')
    expect((await plan(dns, {}, asking(false))).server.host).toBe('typed.example')
  })

  it('keeps the port that is named, with the TLS of that port', async () => {
    const dns = await dnsWith({ 'site.example': mx('aspmx.l.google.com') })
    const { server } = await plan(dns, { yes: true, port: '587' })
    expect(server).toMatchObject({ host: 'smtp.gmail.com', port: 587, implicitTls: undefined })
  })

  it('asks for a server where none is found, and names the option where nobody can be asked', async () => {
    const dns = await dnsWith({})
    await expect(plan(dns, { yes: true })).rejects.toThrow('name the server with --host')
    expect((await plan(dns, {}, asking(true))).server).toMatchObject({ host: 'typed.example', port: 587 })
  })
})
