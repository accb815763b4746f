/**
 * mq-send-test --check: for each broken set-up the first step that fails, why, the remedy and the exit code.
 */
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates, type TestPair } from '../helpers/certificates.ts'
import { DOWN, openSite, type Settings } from '../helpers/mail-site.ts'
import { startProxy } from '../helpers/proxies.ts'
import { STALL, type Script } from '../helpers/scripted-server.ts'
import { BROKEN_SITES, type Broken } from './doctor-broken-sites.ts'
import { diagnose, startDeafPort, stepOf } from './doctor-site.ts'

let certificates: TestCertificates
beforeAll(() => {
  certificates = makeCertificates()
  return () => certificates.remove()
})

/** Times that are short enough for a test and long enough for a busy machine. */
const IMPATIENT: Settings = { timeout_connect: '2', timeout_banner: '2', timeout_command: '2' }
const VERIFY: Settings = { smtp_hostname: 'localhost', tls: 'verify' }
const LOGIN: Settings = { smtp_username: 'someone', smtp_password: 'hunter2secret' }
const IN_CLEAR: Settings = { ...LOGIN, tls: 'off', insecure_auth: 'yes' }
const OFFERS_LOGIN: Script = { extensions: ['AUTH PLAIN LOGIN'] }
const TO = ['--from=a@s.ex', '--to=one@d.ex']

/** A server with STARTTLS and this certificate. */
const startTls = ({ key, cert }: TestPair, more: Script = {}): Script => ({
  extensions: ['STARTTLS'],
  starttls: '220 go ahead',
  tls: { key, cert },
  ...more,
})

const withServer = (pair: () => TestPair, title: string, why: RegExp, remedy: RegExp): Broken => ({
  title,
  settings: () => ({ ...VERIFY, tls_ca: certificates.ca.certFile }),
  script: () => startTls(pair()),
  step: 'tls',
  exit: 69,
  why,
  remedy,
})

const BROKEN_SERVERS: readonly Broken[] = [
  {
    title: 'a configuration that is not there',
    args: ['-C', '/nonexistent/mailqueue.conf'],
    step: 'configuration',
    exit: 78,
    why: /no such file/,
    remedy: /create it or correct the name/,
  },
  {
    title: 'a server that speaks LMTP and not SMTP',
    script: () => ({
      ehlo: '500 5.5.1 EHLO not allowed in LMTP',
      helo: '500 5.5.1 HELO not allowed in LMTP',
    }),
    step: 'extensions',
    exit: 78,
    why: /HELO not allowed/,
    remedy: /check protocol/,
  },
  {
    title: 'a server that refuses the name of this host',
    script: () => ({ ehlo: '550 5.7.1 bad name', helo: '550 5.7.1 bad name' }),
    step: 'extensions',
    exit: 69,
    why: /bad name/,
    remedy: /set helo/,
  },
  {
    title: 'an unknown key',
    settings: () => ({ smtp_hostnam: 'x' }),
    step: 'configuration',
    exit: 78,
    why: /unknown option "smtp_hostnam"/,
    remedy: /smtp_hostname/,
  },
  {
    title: 'no server',
    settings: () => ({ smtp_hostname: undefined, smtp_port: undefined }),
    step: 'smarthost',
    exit: 78,
    why: /smtp_hostname is not set/,
    remedy: /set smtp_hostname/,
  },
  {
    title: 'a name that no resolver knows',
    settings: () => ({ smtp_hostname: 'mail.invalid' }),
    step: 'host',
    exit: 75,
    why: /mail\.invalid/,
    remedy: /check smtp_hostname, and whether this machine can look names up/,
  },
  {
    title: 'a port on which nothing listens',
    settings: () => DOWN,
    step: 'connection',
    exit: 75,
    why: /ECONNREFUSED/,
    remedy: /check smtp_hostname and smtp_port/,
  },
  {
    title: 'a firewall that drops everything',
    settings: () => IMPATIENT,
    prepare: async () => ({ ...IMPATIENT, smtp_port: String(await startDeafPort()) }),
    step: 'connection',
    exit: 75,
    why: /no answer within 2000 ms/,
    remedy: /firewall .* smtp_port = 587 or 465/,
  },
  {
    title: 'a web server',
    script: () => ({ banner: { rawDrop: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n' } }),
    step: 'greeting',
    exit: 78,
    why: /HTTP\/1\.1 400/,
    remedy: /no SMTP server: check smtp_hostname and smtp_port/,
  },
  {
    title: 'a server that says nothing',
    settings: () => IMPATIENT,
    script: () => ({ banner: STALL }),
    step: 'greeting',
    exit: 75,
    why: /./,
    remedy: /check smtp_port; a port that wants TLS from the first byte/,
  },
  {
    title: 'a server that wants no connections from here',
    script: () => ({ banner: '554 5.7.1 your address is on a list' }),
    step: 'greeting',
    exit: 69,
    why: /554 5\.7\.1 your address is on a list/,
    remedy: /ask its operator/,
  },
  {
    title: 'a server that is busy',
    script: () => ({ banner: '421 4.3.2 too many connections' }),
    step: 'greeting',
    exit: 75,
    why: /421/,
    remedy: /unless it lasts/,
  },
  {
    title: 'TLS that is demanded and not offered',
    settings: () => ({ tls: 'require' }),
    step: 'tls',
    exit: 69,
    why: /does not offer STARTTLS/,
    remedy: /check smtp_hostname and smtp_port/,
  },
  {
    title: 'a port with TLS from the first byte that is spoken to in the clear',
    settings: () => ({ ...IMPATIENT, smtp_hostname: 'localhost' }),
    script: () => ({ implicitTls: true, tls: certificates.server }),
    step: 'greeting',
    exit: 78,
    why: /speaks TLS from the first byte/,
    remedy: /^write tls_implicit = yes$/,
  },
  {
    title: 'a port without TLS that is spoken to with TLS from the first byte',
    settings: () => ({ smtp_hostname: 'localhost', tls: 'require', tls_implicit: 'yes' }),
    step: 'tls',
    exit: 78,
    why: /does not speak TLS from the first byte/,
    remedy: /tls_implicit = no/,
  },
  withServer(
    () => certificates.expired,
    'an expired certificate',
    /has expired/,
    /renew it.*clock here is wrong/,
  ),
  withServer(() => certificates.early, 'a certificate of the future', /not valid yet/, /check the clock/),
  withServer(
    () => certificates.otherName,
    'a certificate for another name',
    /is for other\.example/,
    /tls_name/,
  ),
  withServer(() => certificates.selfSigned, 'a self-signed certificate', /self-signed/, /tls_ca/),
  {
    title: 'a certificate of an unknown authority',
    settings: () => VERIFY,
    script: () => startTls(certificates.server),
    step: 'tls',
    exit: 69,
    why: /signed by nobody who is trusted here/,
    remedy: /tls_ca/,
  },
  {
    title: 'a certificate with another fingerprint',
    settings: () => ({ tls: 'pin', tls_fingerprint: certificates.client.fingerprint }),
    script: () => startTls(certificates.server),
    step: 'tls',
    exit: 69,
    why: /none of the fingerprints/,
    remedy: /write tls_fingerprint = /,
  },
  {
    title: 'a tls_ca that is not there',
    settings: () => ({ ...VERIFY, tls_ca: '/nonexistent/ca.pem' }),
    script: () => startTls(certificates.server),
    step: 'tls',
    exit: 78,
    why: /cannot read tls_ca/,
    remedy: /check the path/,
  },
  {
    title: 'a tls_cert that is no certificate',
    settings: () => ({
      ...VERIFY,
      tls_ca: certificates.ca.certFile,
      tls_cert: certificates.client.keyFile,
      tls_key: certificates.client.keyFile,
    }),
    script: () => startTls(certificates.server),
    step: 'tls',
    exit: 78,
    why: /holds no certificate/,
    remedy: /name another file in tls_cert/,
  },
  {
    title: 'a server that cannot log anybody in',
    settings: () => IN_CLEAR,
    step: 'login',
    exit: 78,
    why: /offers no login/,
    remedy: /check host, port and tls/,
  },
  {
    title: 'a wrong password',
    settings: () => IN_CLEAR,
    script: () => OFFERS_LOGIN,
    step: 'login',
    exit: 69,
    why: /535 5\.7\.8 no/,
    remedy: /check smtp_username and the password/,
  },
  {
    title: 'a provider that wants an app password',
    settings: () => IN_CLEAR,
    script: () => ({ ...OFFERS_LOGIN, auth: '534 5.7.9 Application-specific password required' }),
    step: 'login',
    exit: 69,
    why: /Application-specific password required/,
    remedy: /^make an app password/,
  },
  {
    title: 'a login that does not work for now',
    settings: () => IN_CLEAR,
    script: () => ({ ...OFFERS_LOGIN, auth: '454 4.7.0 Temporary authentication failure' }),
    step: 'login',
    exit: 75,
    why: /454/,
    remedy: /unless it lasts/,
  },
  {
    title: 'a password command that fails',
    settings: () => ({ ...IN_CLEAR, smtp_password: undefined, password_command: 'false' }),
    script: () => OFFERS_LOGIN,
    step: 'login',
    exit: 78,
    why: /password_command/,
    remedy: /./,
  },
  {
    title: 'a password file that is not there',
    settings: () => ({ ...IN_CLEAR, smtp_password: undefined, password_file: '/nonexistent/password' }),
    script: () => OFFERS_LOGIN,
    step: 'login',
    exit: 78,
    why: /cannot read password_file/,
    remedy: /check path, owner and mode/,
  },
  {
    title: 'a sender that the server refuses',
    script: () => ({ mail: '550 5.7.1 sender address not owned by user' }),
    args: TO,
    step: 'sender',
    exit: 69,
    why: /550 5\.7\.1 sender address not owned/,
    remedy: /set from, and force_from/,
  },
  {
    title: 'a server that wants a login first',
    script: () => ({ mail: '530 5.7.0 Authentication required' }),
    args: TO,
    step: 'sender',
    exit: 69,
    why: /530/,
    remedy: /set smtp_username and a password/,
  },
  {
    title: 'a server that does not relay',
    script: () => ({ rcpt: '554 5.7.1 <one@d.ex>: Relay access denied' }),
    args: TO,
    step: 'recipient',
    exit: 69,
    why: /Relay access denied/,
    remedy: /set smtp_username and a password/,
  },
  {
    title: 'a quota that is used up',
    script: () => ({ rcpt: '452 4.4.5 daily message limit reached' }),
    args: TO,
    step: 'recipient',
    exit: 75,
    why: /452/,
    remedy: /passes by itself/,
  },
  {
    title: 'a proxy that is down',
    settings: () => ({ proxy: 'socks5://127.0.0.1:1' }),
    step: 'connection',
    exit: 75,
    why: /through the proxy socks5:\/\/127\.0\.0\.1:1/,
    remedy: /check proxy/,
  },
  {
    title: 'a proxy that does not connect to the server',
    prepare: async () => {
      const proxy = await startProxy('http', { refuse: '502 Bad Gateway' })
      onTestFinished(() => proxy.close())
      return { proxy: `http://127.0.0.1:${proxy.port}` }
    },
    step: 'connection',
    exit: 75,
    why: /through the proxy .* 502/,
    remedy: /proxy/,
  },
  {
    title: 'a proxy that wants a password',
    prepare: async () => {
      const proxy = await startProxy('socks5', { login: { user: 'a', password: 'right' } })
      onTestFinished(() => proxy.close())
      return { proxy: `socks5://a:wrong@127.0.0.1:${proxy.port}` }
    },
    step: 'connection',
    exit: 78,
    why: /refused user name and password/,
    remedy: /check proxy/,
  },
]

describe('mq-send-test --check', () => {
  it.each([...BROKEN_SERVERS, ...BROKEN_SITES])('names the step $step for $title', async (broken) => {
    const settings = broken.settings?.() ?? {}
    const site = await openSite(settings, broken.script?.() ?? {})
    const more = await broken.prepare?.(site)
    if (more !== undefined) site.configure({ ...settings, ...more })
    const { result, diagnosis } = await diagnose(site, broken.args)
    expect(result.code, result.stderr).toBe(broken.exit)
    expect(diagnosis).toMatchObject({ ok: false, failed: broken.step, exit: broken.exit })
    const { why, remedy, exit } = stepOf(diagnosis, broken.step)
    expect(why).toMatch(broken.why)
    expect(remedy).toMatch(broken.remedy)
    expect(exit).toBe(broken.exit)
    expect(result.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^mq-send-test: ${broken.step}: `)),
    ])
    expect(result.stderr + result.stdout).not.toContain('hunter2secret')
    // Nothing was sent.
    expect(site.server.commands.filter((line) => line.startsWith('DATA'))).toEqual([])
  })
})
