/**
 * A user who may not read the file with the password hands in mail all the same: it is queued, and whoever may read
 * the file sends it.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const NOBODY = 65534

/** A site whose password stands in a file of its own, closed to everybody but its owner. */
async function sealedSite(settings: Readonly<Record<string, string | undefined>> = {}): Promise<MailSite> {
  const secret = { smtp_username: 'u', include: 'secret.conf', tls: 'off', insecure_auth: 'yes', ...settings }
  const site = await openSite(secret, { extensions: ['AUTH PLAIN'], auth: '235 2.7.0 welcome' })
  const path = join(site.directory, 'secret.conf')
  writeFileSync(path, '[mailqueue]\nsmtp_password = hunter2secret\n', { mode: 0o600 })
  chmodSync(site.directory, 0o755)
  chmodSync(site.config, 0o644)
  mkdirSync(site.queueDir, { mode: 0o700 })
  chownSync(site.queueDir, NOBODY, NOBODY)
  return site
}

describe.runIf(canRunWithoutRoot())('without the right to read the password', () => {
  it('a mail is queued in silence, and sent by who may read it', async () => {
    const site = await sealedSite()
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], {
      stdin: M0,
      env: WITHOUT_ROOT,
    })
    expect(result).toEqual(QUIET)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex'])
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
      [['one@d.ex'], M0_WIRE],
    ])
    expect(site.queue()).toEqual([])
  })

  it('mq-run refuses to run, and the mail stays', async () => {
    const site = await sealedSite()
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0, env: WITHOUT_ROOT })
    const result = await site.run('mq-run', [], { env: WITHOUT_ROOT })
    expect(result).toMatchObject({ code: 77, stdout: '' })
    expect(result.stderr).toMatch(/^mq-run: [^\n]*secret\.conf[^\n]*\n$/)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it('a mail is refused with 77 when there is no queue', async () => {
    const site = await sealedSite({ queue_dir: undefined })
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0, env: WITHOUT_ROOT })
    expect(result).toMatchObject({ code: 77, stdout: '' })
    expect(site.received).toEqual([])
  })
})

describe.runIf(canRunWithoutRoot())('a closed file among others', () => {
  it('does not hide those after it', async () => {
    const site = await sealedSite({ include: 'secret.conf open.conf' })
    const open = site.write('open.conf', '[mailqueue]\nset_from_header = off\n')
    chmodSync(open, 0o644)
    const result = await site.run('mq-sendmail', ['-P'], { env: WITHOUT_ROOT })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^set_from_header = off$/m)
    expect(result.stdout).toMatch(/^spool = only$/m)
  })
})
