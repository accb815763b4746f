/** Machines that must never send, senders that name their recipient, and international domains, by the commands. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'

const send = (site: MailSite, ...args: string[]): ReturnType<MailSite['run']> =>
  site.run('mq-sendmail', ['-f', 'a@s.ex', ...args], { stdin: M0 })

describe('deliver', () => {
  it('= file stores mail in a Maildir, and nothing goes to the server', async () => {
    const site = await openSite()
    const maildir = join(site.directory, 'Maildir')
    site.configure({ deliver: `file:${maildir}` })
    expect(await send(site, 'one@d.ex', 'two@d.ex')).toMatchObject({ code: 0, stderr: '' })
    const [name = ''] = readdirSync(join(maildir, 'new'))
    expect(readFileSync(join(maildir, 'new', name), 'utf8')).toBe(
      `Return-Path: <a@s.ex>\nX-Original-To: one@d.ex\nX-Original-To: two@d.ex\n${M0}`,
    )
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('= file keeps mail in the queue until the Maildir can be written to', async () => {
    const site = await openSite()
    const maildir = join(site.directory, 'Maildir')
    site.configure({ deliver: `file:${maildir}` })
    writeFileSync(maildir, '')
    expect(await send(site, 'one@d.ex')).toMatchObject({ code: 0 })
    const run = await site.run('mq-run', [])
    expect(run.code).toBe(75)
    expect(run.stderr).toContain(maildir)
    expect(site.queued()).toHaveLength(1)
    site.configure({ deliver: `file:${maildir}2` })
    expect(await site.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(join(`${maildir}2`, 'new'))).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('= pipe runs the program, and its exit code decides', async () => {
    const site = await openSite()
    const seen = join(site.directory, 'seen')
    const program = site.write(
      'take',
      `#!/bin/sh\ncase $1 in no*) exit 67;; esac\n{ echo "$1 $SENDER"; cat; } >>${seen}\n`,
    )
    site.configure({
      deliver: `pipe:/bin/sh ${program} \${recipient}`,
      smtp_hostname: undefined,
      smtp_port: undefined,
    })
    const result = await send(site, 'one@d.ex', 'nobody@d.ex')
    expect(result.code).toBe(67)
    expect(result.stderr).toMatch(/nobody@d\.ex was refused: the command did not take it: it ended with 67/)
    expect(readFileSync(seen, 'utf8')).toBe(`one@d.ex a@s.ex\n${M0}`)
    expect(site.queued().map(({ folder }) => folder)).toEqual(['failed'])
  })

  it('= discard throws mail away, logs it, and mq-send-test does not claim that it was sent', async () => {
    const site = await openSite()
    const log = join(site.directory, 'log')
    site.configure({ deliver: 'discard', log })
    expect(await send(site, 'one@d.ex')).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(log, 'utf8')).toContain('"event":"message.dropped"')
    const test = await site.run('mq-send-test', ['--to', 'one@d.ex'])
    expect(test).toMatchObject({ code: 0, stderr: '' })
    expect(test.stdout).toBe(
      'OK, but nothing was sent: deliver = discard, and one@d.ex went to discard:: discarded\n',
    )
    expect((await site.run('mq-sendmail', ['--serverinfo'])).code).toBe(78)
    expect(site.server.transactions).toEqual([])
    expect(site.queue()).toEqual([])
  })
})

describe('verp', () => {
  it('sends to each recipient by itself, and the queue keeps one file with the sender as it was', async () => {
    const site = await openSite({ verp: 'yes' })
    expect(await send(site, 'one@d.ex', 'defer@d.ex', 'two@d.ex')).toMatchObject({ code: 0 })
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['a+one=d.ex@s.ex', ['one@d.ex']],
      ['a+two=d.ex@s.ex', ['two@d.ex']],
    ])
    expect(site.queued()).toHaveLength(1)
    expect(site.queued()[0]).toMatchObject({ folder: 'new', sender: 'a@s.ex', recipients: ['defer@d.ex'] })
  })
})

describe('verp with requests for reports', () => {
  it('passes them on for each recipient, and leaves a sender whose name would get too long', async () => {
    const lines: string[] = []
    const note = ({ line }: { readonly line: string }): undefined => void lines.push(line)
    const site = await openSite({ verp: 'yes' }, { extensions: ['DSN'], mail: note, rcpt: note })
    const long = `${'n'.repeat(60)}@d.ex`
    expect(await send(site, '-N', 'failure', '-V', 'id7', 'one@d.ex', long)).toMatchObject({ code: 0 })
    expect(lines).toEqual([
      'MAIL FROM:<a+one=d.ex@s.ex> ENVID=id7',
      'RCPT TO:<one@d.ex> NOTIFY=FAILURE',
      'MAIL FROM:<a@s.ex> ENVID=id7',
      `RCPT TO:<${long}> NOTIFY=FAILURE`,
    ])
    expect(site.queue()).toEqual([])
  })
})

describe('a local part that has no ASCII form', () => {
  it('fails for good at a server without SMTPUTF8, also from the queue, and the sender learns why', async () => {
    const site = await openSite({ bounce: undefined })
    expect(await send(site, '-odq', 'j\u00f6rg@b\u00fccher.example')).toMatchObject({ code: 0, stderr: '' })
    expect((await site.run('mq-run', [])).code).toBe(69)
    await site.run('mq-run', ['--all'])
    const [bounce, ...others] = site.received
    expect(others).toEqual([])
    expect([bounce?.mailFrom, bounce?.rcptTo]).toEqual(['', ['a@s.ex']])
    const text = bounce?.data.toString() ?? ''
    expect(text).toContain('\r\nStatus: 5.6.7\r\n')
    expect(text).toMatch(/does not\s+take\s+internationalized\s+addresses/)
    expect(site.queued().map(({ folder }) => folder)).toEqual(['failed'])
  })

  it('is sent with SMTPUTF8 where the server offers it, the domain in ASCII or not', async () => {
    const site = await openSite({}, { extensions: ['SMTPUTF8', '8BITMIME'] })
    expect(await send(site, 'j\u00f6rg@b\u00fccher.example')).toMatchObject({ code: 0, stderr: '' })
    const [recipient = ''] = site.received.flatMap(({ rcptTo }) => rcptTo)
    expect(Buffer.from(recipient, 'latin1').toString()).toBe('j\u00f6rg@xn--bcher-kva.example')
    expect(site.queue()).toEqual([])
  })
})

describe('an international domain', () => {
  it('goes to the server in ASCII, once for each spelling, without SMTPUTF8', async () => {
    const site = await openSite()
    const result = await send(site, 'ann@b\u00fccher.example', 'ann@xn--bcher-kva.example')
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['ann@xn--bcher-kva.example']])
    expect(site.queue()).toEqual([])
  })

  it('does not help a local part that has no ASCII form', async () => {
    const site = await openSite()
    const result = await send(site, 'j\u00f6rg@b\u00fccher.example', 'one@d.ex')
    expect(result.code).toBe(67)
    expect(result.stderr).toContain('no SMTPUTF8')
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(site.queued().map(({ folder }) => folder)).toEqual(['failed'])
  })
})
