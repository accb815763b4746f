/** A DKIM key that cannot be used: only what is to be signed waits, and people are told when that begins. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSite, type MailSite } from '../helpers/mail-site.ts'

interface Signing {
  readonly site: MailSite
  readonly keyFile: string
  readonly writeKey: () => void
  readonly queueUp: (from: string, recipient: string) => Promise<void>
  /** The recipients of what was taken, those of signed mail in brackets. */
  readonly taken: () => string[]
}

async function signingSite(): Promise<Signing> {
  const site = await openSite()
  const keyFile = `${site.directory}/key.pem`
  site.configure({
    dkim_domain: 's.ex',
    dkim_selector: 'x',
    dkim_key: keyFile,
    log: `${site.directory}/log`,
  })
  return {
    site,
    keyFile,
    writeKey: () => {
      const { privateKey } = generateKeyPairSync('ed25519')
      writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    },
    queueUp: async (from, recipient) => {
      const stdin = `From: ${from}\nSubject: s\n\nbody\n`
      const { code, stderr } = await site.run('mq-sendmail', ['-odq', '-f', from, recipient], { stdin })
      expect([code, stderr]).toEqual([0, ''])
    },
    taken: () =>
      site.received.map(({ rcptTo, data }) => {
        const signed = data.toString('latin1').startsWith('DKIM-Signature:')
        return signed ? `[${rcptTo.join(' ')}]` : rcptTo.join(' ')
      }),
  }
}

describe('a DKIM key that cannot be used', () => {
  it('keeps what is to be signed and nothing else, is told once by cron, and again when it is another reason', async () => {
    const { site, keyFile, writeKey, queueUp, taken } = await signingSite()
    await queueUp('a@s.ex', 'one@d.ex')
    await queueUp('a@other.ex', 'two@d.ex')
    const first = await site.run('mq-run', [])
    expect(first.code).toBe(75)
    expect(first.stderr).toBe(
      `mq-run: mail waits: the DKIM key ${keyFile} cannot be used: there is no such file; make it, or correct dkim_key; ` +
        'mail of s.ex is not sent unsigned, it waits\n',
    )
    expect(taken()).toEqual(['two@d.ex'])
    expect(site.queue()).toEqual(['new one@d.ex'])
    await queueUp('a@other.ex', 'three@d.ex')
    expect(await site.run('mq-run', [])).toMatchObject({ code: 75, stderr: '' })
    expect(taken()).toEqual(['two@d.ex', 'three@d.ex'])
    writeFileSync(keyFile, 'no key\n', { mode: 0o600 })
    const { stderr } = await site.run('mq-run', [])
    expect(stderr).toMatch(/^mq-run: mail waits: .*it is no private key in PEM format; [^\n]*\n$/)
    expect(await site.run('mq-run', [])).toMatchObject({ code: 75, stderr: '' })
    expect(site.queue()).toEqual(['new one@d.ex'])
    writeKey()
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(taken()).toEqual(['two@d.ex', 'three@d.ex', '[one@d.ex]'])
    expect(site.queue()).toEqual([])
  })

  it('is seen in mq-queue check and stats until the mail is gone, and is said again when it comes back', async () => {
    const { site, writeKey, queueUp, taken } = await signingSite()
    await queueUp('a@s.ex', 'one@d.ex')
    await site.run('mq-run', [])
    const check = await site.run('mq-queue', ['check'])
    expect(check.code).toBe(2)
    expect(check.stdout).toContain('CRITICAL - mail of account default waits: the DKIM key ')
    const stats = await site.run('mq-queue', ['stats'])
    expect(stats.stdout).toMatch(/1 {2}default \(.*\) {2}closed; mail waits: the DKIM key /)
    const { accounts } = JSON.parse((await site.run('mq-queue', ['stats', '--json'])).stdout) as {
      accounts: { fault?: string }[]
    }
    expect(accounts.map(({ fault }) => fault)).toEqual([expect.stringContaining('no such file')])
    await site.run('mq-queue', ['delete', 'ALL'])
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect((await site.run('mq-queue', ['check'])).code).toBe(0)
    await queueUp('a@s.ex', 'two@d.ex')
    expect((await site.run('mq-run', [])).stderr).toContain('mail waits: the DKIM key ')
    writeKey()
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(taken()).toEqual(['[two@d.ex]'])
    expect(site.queue()).toEqual([])
  })

  it('is said to who hands in what has to wait, and to nobody else', async () => {
    const { site, taken } = await signingSite()
    const send = (from: string, recipient: string) =>
      site.run('mq-sendmail', ['-f', from, recipient], { stdin: `From: ${from}\n\nbody\n` })
    const waits = await send('a@s.ex', 'one@d.ex')
    expect(waits.code).toBe(0)
    expect(waits.stderr).toMatch(
      /^mq-sendmail: queued as \S+, but it cannot be sent: the DKIM key [^\n]*waits\n$/,
    )
    expect(await send('a@other.ex', 'two@d.ex')).toMatchObject({ code: 0, stderr: '' })
    expect(taken()).toEqual(['two@d.ex'])
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })
})
