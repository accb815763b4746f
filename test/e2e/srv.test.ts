/**
 * `srv = yes` through the commands: the records come from a DNS server over the resolver of the system, the server that
 * they name has to prove who it is, and what stays in the queue is looked up again.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificates, type TestCertificates } from '../helpers/certificates.ts'
import { startDnsServer, type Zone } from '../helpers/dns-server.ts'
import { M0, M0_WIRE, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import { canReplaceResolver, withResolver } from '../helpers/private-resolver.ts'
import type { CommandResult } from '../helpers/run-command.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const DOMAIN = 'site.example'
const SUBMISSIONS = `_submissions._tcp.${DOMAIN}`
const SUBMISSION = `_submission._tcp.${DOMAIN}`

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

const secure = (implicitTls: boolean): Script => ({
  extensions: ['STARTTLS', 'AUTH PLAIN'],
  starttls: '220 go',
  auth: '235 ok',
  implicitTls,
  tls: { key: made.server.key, cert: made.server.cert },
})

const at = (port: number) => ({ name: 'localhost', port, priority: 0, weight: 0 })

interface SrvSite {
  readonly site: MailSite
  readonly asked: readonly string[]
  readonly run: (name: string, ...args: string[]) => Promise<CommandResult>
}

async function srvSite(zone: Zone, settings: Settings = {}): Promise<SrvSite> {
  const dns = await startDnsServer(zone)
  onTestFinished(() => dns.close())
  const site = await openSite({
    ...{ smtp_hostname: DOMAIN, smtp_port: undefined, srv: 'yes' },
    ...{ smtp_username: 'ann', smtp_password: 'hunter22', tls_ca: made.ca.certFile, tls_name: 'localhost' },
    ...settings,
  })
  const through = withResolver(site.write('resolv.conf', `nameserver ${dns.place}\n`))
  const run = (name: string, ...args: string[]) => site.run(name, args, { stdin: M0, through })
  return { site, asked: dns.asked, run }
}

async function serve(implicitTls: boolean): Promise<ScriptedServer> {
  const server = await startScriptedServer(secure(implicitTls))
  onTestFinished(() => server.close())
  return server
}

const received = ({ transactions }: ScriptedServer): string[] =>
  transactions.map(({ data }) => data.toString())

describe.runIf(canReplaceResolver())('the server that a domain announces', () => {
  it.each([
    [SUBMISSIONS, true],
    [SUBMISSION, false],
  ])('by %s gets the mail, with the login', async (name, implicitTls) => {
    const server = await serve(implicitTls)
    const { site, asked, run } = await srvSite({ [name]: [at(server.port)] })
    expect(await run('mq-sendmail', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(asked.toSorted()).toEqual([SUBMISSION, SUBMISSIONS])
    expect(received(server)).toEqual([M0_WIRE])
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('is looked up again for what waits in the queue, with --tls too', async () => {
    const server = await serve(false)
    const zone: Record<string, [ReturnType<typeof at>]> = {}
    const { site, run } = await srvSite(zone)
    expect(await run('mq-sendmail', '--tls', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(site.queued().map(({ block }) => /^X-Queue-Smtp: .*$/m.exec(block)?.[0].trim())).toEqual([
      `X-Queue-Smtp: ${DOMAIN}:* tls=verify`,
    ])
    zone[SUBMISSION] = [at(server.port)]
    expect(await run('mq-run')).toEqual(QUIET)
    expect(received(server)).toEqual([M0_WIRE])
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('gets nothing when it is outside of the domain and nobody confirms it', async () => {
    const server = await serve(false)
    const { site, run } = await srvSite({ [SUBMISSION]: [at(server.port)] }, { tls_name: undefined })
    expect(await run('mq-sendmail', '-f', 'a@s.ex', 'one@d.ex')).toEqual(QUIET)
    expect(server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
    const check = await run('mq-send-test', '--check', '--quiet')
    expect(check.stderr).toContain(`the SRV records of ${DOMAIN} name localhost, which is outside of it`)
  })

  it('that does not exist is a fault with a remedy', async () => {
    const { site, run } = await srvSite({})
    const check = await run('mq-send-test', '--to=one@d.ex')
    expect(check.code).toBe(75)
    expect(check.stderr).toContain(`${DOMAIN} announces no server for submission`)
    expect(site.queue()).toEqual([])
  })

  it('has the port that the DNS says, and a call that wants another one is refused', async () => {
    const { site, asked, run } = await srvSite({})
    expect(await run('mq-sendmail', '--port=2525', 'one@d.ex')).toEqual({
      ...QUIET,
      code: 78,
      stderr:
        'mq-sendmail: the option --port: with srv = yes the DNS says the port; leave --port out, or name the server as well\n',
    })
    expect(asked).toEqual([])
    expect(site.queue()).toEqual([])
  })
})
