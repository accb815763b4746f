/**
 * Many users, one queue: who may not write the queue drops mail, and the owner of the queue takes it over and sends it.
 */
import { chmodSync, lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { as, canBeOthers, DAEMON, NOBODY, openDropSite, OWNER, runAs } from '../helpers/drop-site.ts'
import { M0, M0_WIRE } from '../helpers/mail-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { startCommand } from '../helpers/run-command.ts'
import { until } from '../helpers/until.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

describe.runIf(canBeOthers())('a user who may not write the queue', () => {
  it('drops mail in silence, and the owner of the queue sends it unchanged', async () => {
    const site = await openDropSite()
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: as(NOBODY) })
    expect(result).toEqual(QUIET)
    const [name = ''] = site.dropped()
    const { mode, uid, gid } = lstatSync(join(site.drop, name))
    expect([(mode & 0o777).toString(8), uid, gid]).toEqual(['640', NOBODY, OWNER])
    expect(site.server.connections).toBe(0)
    expect(await site.takeOver()).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo, data }) => [mailFrom, rcptTo, data.toString()])).toEqual([
      ['a@s.ex', ['one@d.ex'], M0_WIRE],
    ])
    expect(site.dropped()).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('needs no run of the queue where a daemon takes it over', async () => {
    const site = await openDropSite({ rescan: '1h' })
    const daemon = startCommand('mq-run', ['--daemon'], { config: site.config, env: as(OWNER) })
    const sent = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: as(NOBODY) })
    expect(sent).toEqual(QUIET)
    await until('the mail is sent', () => site.received.length === 1)
    daemon.child.kill('SIGTERM')
    expect(await daemon.result).toEqual(QUIET)
    expect(site.dropped()).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('sends with mq-mail and in an SMTP session, too', async () => {
    const site = await openDropSite()
    const mail = await site.run('mq-mail', ['-s', 's', 'one@d.ex'], { stdin: 'text\n', env: as(NOBODY) })
    expect(mail).toEqual(QUIET)
    const session =
      'HELO x\r\nMAIL FROM:<a@s.ex>\r\nRCPT TO:<two@d.ex>\r\nDATA\r\nSubject: s\r\n\r\nb\r\n.\r\nQUIT\r\n'
    const bs = await site.run('mq-sendmail', ['-bs'], { stdin: session, env: as(NOBODY) })
    expect(bs).toMatchObject({ code: 0, stderr: '' })
    expect(site.dropped()).toHaveLength(2)
    expect(await site.takeOver()).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo[0]).toSorted()).toEqual(['one@d.ex', 'two@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('needs no right to read the password', async () => {
    const site = await openDropSite(
      { smtp_username: 'u', password_file: 'secret', tls: 'off', insecure_auth: 'yes' },
      { extensions: ['AUTH PLAIN'], auth: '235 2.7.0 welcome' },
    )
    const secret = site.write('secret', 'hunter2secret\n')
    expect(runAs(NOBODY, site, `fs.readFileSync(${JSON.stringify(secret)})`).code).toBe(1)
    const sent = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: as(NOBODY) })
    expect(sent).toEqual(QUIET)
    // root may read it, and takes over as well
    expect(await site.run('mq-run', [])).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.dropped()).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('is told the queue id that the message gets', async () => {
    const site = await openDropSite({ smtp_port: '1' })
    const sent = await site.run('mq-sendmail', ['-v', '-f', 'a@s.ex', 'one@d.ex'], {
      stdin: M0,
      env: as(NOBODY),
    })
    const [, id = ''] = /queued as ([0-9A-F]{12}) for one@d\.ex/.exec(sent.stderr) ?? []
    await site.takeOver()
    expect((await site.run('mq-queue', ['show', id])).stdout).toContain('one@d.ex')
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it('cannot name a server, and learns it at once', async () => {
    const site = await openDropSite()
    const args = ['--config', site.config, '--host', '127.0.0.1', '-f', 'a@s.ex', 'one@d.ex']
    const sent = await site.run('mq-sendmail', args, { stdin: M0, env: as(NOBODY) })
    expect(sent).toMatchObject({ code: 64, stdout: '' })
    expect(sent.stderr).toContain('--host')
    expect(site.dropped()).toEqual([])
  })

  it('learns at once of a message that is too large', async () => {
    const site = await openDropSite({ submit_max_size: '1k' })
    const stdin = `${M0}${'x'.repeat(70)}\n`.repeat(20)
    const sent = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin, env: as(NOBODY) })
    expect(sent).toMatchObject({ code: 69, stdout: '' })
    expect(sent.stderr).toMatch(/^mq-sendmail: [^\n]*submit_max_size[^\n]*\n$/)
    expect(site.dropped()).toEqual([])
  })

  it.each([
    { what: 'is missing', mode: undefined, words: 'does not exist' },
    { what: 'has no sticky bit', mode: 0o2733, words: 'sticky' },
    { what: 'can be listed', mode: 0o3777, words: 'listed' },
  ])('keeps the mail where the drop directory $what', async ({ mode, words }) => {
    const site = await openDropSite(mode === undefined ? { submit_dir: '/nonexistent/drop' } : {}, {}, mode)
    const sent = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: as(NOBODY) })
    expect(sent).toMatchObject({ code: 78, stdout: '' })
    expect(sent.stderr).toMatch(
      new RegExp(`^mq-sendmail: [^\\n]*submit_dir[^\\n]*${words}[^\\n]*install -d[^\\n]*\\n$`),
    )
    expect(site.dropped()).toEqual([])
    const run = await site.takeOver()
    expect(run.code).toBe(78)
    expect(run.stderr).toContain('dropped mail waits')
  })

  it('is read also where the directory hands down no group', async () => {
    const site = await openDropSite({}, {}, 0o1733)
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env: as(NOBODY) })
    expect(await site.takeOver()).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.dropped()).toEqual([])
  })
})

describe.runIf(canBeOthers())('root and the owner of the queue', () => {
  it.each([0, OWNER])('send at once, without the drop: user %d', async (uid) => {
    const site = await openDropSite()
    const env = uid === 0 ? {} : as(uid)
    expect(await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0, env })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'two@d.ex'], { stdin: M0, env })).toEqual(
      QUIET,
    )
    expect(site.queue()).toEqual(['new two@d.ex'])
    expect(site.dropped()).toEqual([])
  })
})

describe.runIf(canBeOthers())('what the owner of the queue takes over', () => {
  it('goes over the account that the user has, whatever else is asked for', async () => {
    const site = await openDropSite({ smtp_port: '1' })
    const conf = `\n[account theirs]\nhost = 127.0.0.1\nport = ${site.server.port}\nmatch_uid = ${NOBODY}\n`
    const text = (await import('node:fs')).readFileSync(site.config, 'utf8')
    writeFileSync(site.config, text + conf)
    chmodSync(site.config, 0o644)
    const send = (uid: number, to: string) =>
      site.run('mq-sendmail', ['-f', 'a@s.ex', to], { stdin: M0, env: as(uid) })
    expect(await send(NOBODY, 'one@d.ex')).toEqual(QUIET)
    expect(await send(DAEMON, 'two@d.ex')).toEqual(QUIET)
    await site.takeOver()
    expect(site.received.map(({ rcptTo }) => rcptTo[0])).toEqual(['one@d.ex'])
    expect(site.queue()).toEqual(['new two@d.ex'])
  })
})
