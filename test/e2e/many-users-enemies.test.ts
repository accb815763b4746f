/**
 * What other users of the machine can do to a drop and to the queue behind it, tried as these users: the permissions of the
 * system hold, and what they can do while mail is taken over changes nothing for anybody else.
 */
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  as,
  canBeOthers,
  DAEMON,
  droppedText,
  messageName,
  NOBODY,
  openDropSite,
  OWNER,
  runAs,
} from '../helpers/drop-site.ts'
import { M0 } from '../helpers/mail-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

describe.runIf(canBeOthers())('another user', () => {
  it.each([
    { what: 'list the drop', script: 'fs.readdirSync(drop)' },
    { what: 'list the queue', script: 'fs.readdirSync(queue)' },
    { what: 'read a message whose name he knows', script: 'fs.readFileSync(drop + "/NAME")' },
    { what: 'remove it', script: 'fs.unlinkSync(drop + "/NAME")' },
    { what: 'rename it', script: 'fs.renameSync(drop + "/NAME", drop + "/other")' },
    {
      what: 'put his own in its place',
      script: 'fs.writeFileSync(drop + "/x", ""); fs.renameSync(drop + "/x", drop + "/NAME")',
    },
    { what: 'change it', script: 'fs.appendFileSync(drop + "/NAME", "more")' },
    { what: 'link it to another name', script: 'fs.linkSync(drop + "/NAME", drop + "/other")' },
    { what: 'reach a queued message', script: 'fs.readFileSync(queue + "/new/QUEUED")' },
    { what: 'put one into the queue himself', script: 'fs.writeFileSync(queue + "/new/x", "")' },
    { what: 'remove the drop', script: 'fs.rmSync(drop, { recursive: true }); fs.statSync(drop)' },
  ])('cannot $what', async ({ script }) => {
    const site = await openDropSite({ smtp_port: '1' })
    const send = (to: string) => site.run('mq-sendmail', ['-f', 'a@s.ex', to], { stdin: M0, env: as(DAEMON) })
    await send('queued@d.ex')
    await site.takeOver()
    await send('dropped@d.ex')
    const [name = ''] = site.dropped()
    const [queued = ''] = readdirSync(join(site.queueDir, 'new'))
    const { code, said } = runAs(NOBODY, site, script.replaceAll('NAME', name).replaceAll('QUEUED', queued))
    expect(code).not.toBe(0)
    expect(said).toMatch(/EACCES|EPERM/)
    expect(site.dropped()).toContain(name)
    site.configure({ submit_dir: site.drop })
    chmodSync(site.config, 0o644)
    expect((await site.run('mq-run', ['--all'], { env: as(OWNER) })).code).toBe(0)
    expect(site.received.map(({ rcptTo }) => rcptTo[0]).toSorted()).toEqual(['dropped@d.ex', 'queued@d.ex'])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('cannot have a secret sent to him, whatever he links or names', async () => {
    const site = await openDropSite(
      { smtp_username: 'u', password_file: 'secret', tls: 'off', insecure_auth: 'yes' },
      {
        extensions: ['AUTH PLAIN'],
        auth: '235 2.7.0 welcome',
      },
    )
    const secret = site.write('secret', droppedText('thief@d.ex'))
    chownSync(secret, OWNER, OWNER)
    const names = [messageName(), messageName(), messageName()]
    const made = runAs(
      NOBODY,
      site,
      `const names = ${JSON.stringify(names)}; fs.symlinkSync(site + '/secret', drop + '/' + names[0]); ` +
        `try { fs.linkSync(site + '/secret', drop + '/' + names[1]) } catch {}; ` +
        `fs.symlinkSync('/proc/self/fd/0', drop + '/' + names[2])`,
    )
    expect(made).toEqual({ code: 0, said: '' })
    const own = messageName()
    site.place(own, droppedText(`"|cat ${secret}"@d.ex`), NOBODY)
    await site.takeOver()
    expect(site.received.filter(({ rcptTo }) => rcptTo.includes('thief@d.ex'))).toEqual([])
    for (const { data } of site.received) expect(data.toString()).not.toContain('thief@d.ex')
    expect(readFileSync(secret, 'utf8')).toContain('thief@d.ex')
    expect(site.dropped()).not.toContain(own)
  })

  it('cannot be somebody else by what he writes, and is told so', async () => {
    const site = await openDropSite({ sender_login: 'own' })
    const forged = { sender: 'daemon@h.example', fields: [`X-Queue-Uid: ${DAEMON}`] }
    const name = messageName()
    const script = `fs.writeFileSync(drop + '/${name}', ${JSON.stringify(droppedText('one@d.ex', forged))}); fs.chmodSync(drop + '/${name}', 0o644)`
    expect(runAs(NOBODY, site, script)).toEqual({ code: 0, said: '' })
    await site.takeOver()
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo])).toEqual([
      ['', 'nobody@h.example'],
    ])
    const report = site.received[0]?.data.toString() ?? ''
    expect(report).toContain('sender_login')
    expect(report).toContain('one@d.ex')
    expect(site.dropped()).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('cannot stop the mail of others by exchanging files while they are taken', async () => {
    const site = await openDropSite()
    const name = messageName()
    const secret = site.write('secret', droppedText('thief@d.ex'))
    chownSync(secret, OWNER, OWNER)
    const text = JSON.stringify(droppedText('own@d.ex'))
    const script =
      `const fs = require('node:fs'); const at = ${JSON.stringify(join(site.drop, name))}; process.stdout.write('ready');` +
      `for (;;) for (const make of [() => fs.writeFileSync(at, ${text}, { mode: 0o644 }), () => fs.symlinkSync(${JSON.stringify(secret)}, at),` +
      `() => fs.mkdirSync(at)]) try { fs.rmSync(at, { recursive: true, force: true }); make() } catch {}`
    const racing = spawn(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY })
    onTestFinished(() => void racing.kill('SIGKILL'))
    await new Promise((resolve) => racing.stdout.once('data', resolve))
    for (let count = 0; count < 5; count += 1) {
      site.place(messageName(), droppedText(`honest${count}@d.ex`), DAEMON)
      await site.takeOver()
    }
    const all = site.received.flatMap(({ rcptTo }) => rcptTo)
    expect(all.filter((address) => address.startsWith('honest')).toSorted()).toHaveLength(5)
    expect(all).not.toContain('thief@d.ex')
  })

  it('cannot use the account of another user', async () => {
    const site = await openDropSite()
    const section = `\n[account theirs]\nhost = 127.0.0.1\nport = ${site.server.port}\nmatch_uid = daemon\n`
    writeFileSync(site.config, `${readFileSync(site.config, 'utf8')}${section}`)
    const args = ['--account', 'theirs', '-f', 'a@s.ex', 'one@d.ex']
    expect(await site.run('mq-sendmail', args, { stdin: M0, env: as(DAEMON) })).toEqual(QUIET)
    await site.takeOver()
    expect(site.received.map(({ rcptTo }) => rcptTo[0])).toEqual(['one@d.ex'])
    await site.run('mq-sendmail', args, { stdin: M0, env: as(NOBODY) })
    await site.takeOver()
    expect(site.received.at(-1)?.rcptTo).toEqual(['nobody@h.example'])
    expect(site.received.at(-1)?.data.toString()).toContain('match_uid')
  })
})
