/** Networks in which everything goes through a proxy, or which have an authority of their own: tokens come through too. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates } from '../helpers/certificates.ts'
import { M0, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import { startProxy, type ProxyPlan, type TestProxy } from '../helpers/proxies.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'
import { takes } from './oauth2-site.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

interface Network {
  readonly site: MailSite
  readonly proxy: TestProxy
  readonly tokens: TokenServer
  readonly account: Settings
}

const LOGIN = { user: 'me', password: 'proxy-secret' }
const ANSWERS: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  '/token': { access_token: 'access-1', refresh_token: 'refresh-2', expires_in: 3600 },
  '/device': { device_code: 'd', user_code: 'U', verification_uri: 'https://login/', interval: 0 },
}

/** Smarthost and token server are `other.example`, which only the proxy can find; both have certificates of our own. */
async function openNetwork(scheme: 'socks5' | 'http', plan: ProxyPlan = { login: LOGIN }): Promise<Network> {
  const tls = { key: made.otherName.key, cert: made.otherName.cert }
  const tokens = await startTokenServer((path) => ANSWERS[path] ?? 404, tls)
  const proxy = await startProxy(scheme, plan)
  const site = await openSite(
    {},
    { ...takes('access-1'), extensions: ['STARTTLS', 'AUTH XOAUTH2'], starttls: '220 go', tls },
  )
  onTestFinished(async () => {
    await proxy.close()
    await tokens.close()
  })
  const file = join(site.directory, 'refresh.token')
  writeFileSync(file, 'refresh-1\n', { mode: 0o600 })
  const url = tokens.url.replace('127.0.0.1', 'other.example')
  const account: Settings = {
    ...{ smtp_hostname: 'other.example', smtp_username: 'ann', tls_ca: made.ca.certFile },
    proxy: `${scheme}://me:proxy-secret@127.0.0.1:${proxy.port}`,
    ...{ oauth2_client_id: 'client', oauth2_client_secret: 'client-secret', oauth2_refresh_token_file: file },
    ...{ oauth2_token_url: `${url}/token`, oauth2_device_url: `${url}/device` },
  }
  site.configure(account)
  return { site, proxy, tokens, account }
}

const send = (site: MailSite, env: Readonly<Record<string, string>> = {}) =>
  site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env })
const portOf = ({ url }: TokenServer): string => new URL(url).port

describe.each(['socks5', 'http'] as const)('through a proxy (%s)', (scheme) => {
  it('a token is fetched as mail is sent, with the login of the proxy', async () => {
    const { site, proxy, tokens } = await openNetwork(scheme)
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(proxy.asked).toEqual([`other.example:${site.server.port}`, `other.example:${portOf(tokens)}`])
    expect(new Set(proxy.logins)).toEqual(new Set(['me:proxy-secret']))
    expect(tokens.requests).toHaveLength(1)
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('mq-auth asks for permission', async () => {
    const { site, proxy, tokens } = await openNetwork(scheme)
    expect(await site.run('mq-auth', ['--device'])).toMatchObject({ code: 0, stderr: '' })
    const asked = `other.example:${portOf(tokens)}`
    expect(proxy.asked).toEqual([asked, asked])
    expect(site.queue()).toEqual([])
  })

  it('that refuses, nothing is lost, and the words have no secret', async () => {
    const refuse = scheme === 'http' ? '403 no me:proxy-secret' : 2
    const { site } = await openNetwork(scheme, { refuse })
    const result = await site.run('mq-auth', ['--device'])
    expect(result.code).toBe(75)
    expect(result.stderr).toMatch(
      /cannot get an OAuth 2\.0 token from other\.example.* through the proxy .*: its? /,
    )
    expect(result.stderr).not.toContain('proxy-secret')
    expect(site.queue()).toEqual([])
  })
})

describe('the token server', () => {
  it('has to have a certificate that is trusted, whatever the environment says', async () => {
    const { site, tokens, account } = await openNetwork('http')
    site.configure({ ...account, tls_ca: undefined, tls: 'require' })
    const result = await send(site, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    expect(result.code).toBe(0)
    expect(result.stderr).toMatch(
      /cannot get an OAuth 2\.0 token .* no TLS that can be trusted: .*; if the network .* tls_ca/,
    )
    expect(tokens.requests).toEqual([])
    expect(site.queue()).toHaveLength(1)
    const env = { NODE_EXTRA_CA_CERTS: made.ca.certFile }
    expect((await site.run('mq-run', ['--all'], { env })).code).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('is trusted by the certificates of the environment beside those of tls_ca', async () => {
    const { site, account } = await openNetwork('http')
    site.configure({ ...account, tls: 'require', tls_ca: made.selfSigned.certFile })
    expect((await send(site)).stderr).toContain('no TLS that can be trusted')
    const env = { NODE_EXTRA_CA_CERTS: made.ca.certFile }
    expect((await site.run('mq-run', ['--all'], { env })).code).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('has to have a certificate for its name', async () => {
    const { site, tokens, account } = await openNetwork('socks5')
    site.configure({ ...account, oauth2_token_url: `https://third.example:${portOf(tokens)}/token` })
    expect((await send(site)).stderr).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(tokens.requests).toEqual([])
    expect(site.queue()).toHaveLength(1)
  })

  it('on this machine is reached without the proxy', async () => {
    const { site, proxy, account } = await openNetwork('http')
    const local = await startTokenServer(() => ANSWERS['/token'] ?? 404)
    onTestFinished(() => local.close())
    site.configure({ ...account, oauth2_token_url: `${local.url}/token` })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(proxy.asked).toEqual([`other.example:${site.server.port}`])
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })
})
