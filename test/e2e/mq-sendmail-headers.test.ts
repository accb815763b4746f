/**
 * What mq-sendmail and mq-mail do to the sender and the header, as the server gets it.
 */
import { describe, expect, it } from 'vitest'
import { CALLER, DOWN, M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
/** A message without From, Date and Message-ID. */
const M1 = 'Subject: s\n\nb\n'
const CRON = 'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@pc> true\n\noutput\n'
const CRON_CALL = ['-FCronDaemon', '-i', '-odi', '-oem', '-oi', '-t', '-f', 'root']

/** Sender, recipients and chosen fields of the only message that came. */
function sent(site: MailSite, ...names: string[]) {
  expect(site.received).toHaveLength(1)
  const [message] = site.received
  const text = message?.data.toString('latin1') ?? ''
  const header = text.slice(0, text.indexOf('\r\n\r\n') + 2)
  const fields = header.match(/[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*/g) ?? []
  const chosen = fields.filter((field) => names.includes(field.split(':')[0] ?? ''))
  return { from: message?.mailFrom, to: message?.rcptTo, fields: chosen.map((field) => field.trimEnd()) }
}

describe('a From field that is missing', () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    ['the name of -F', ['-F', 'A B', '-f', 'a@s.ex'], {}, 'A B <a@s.ex>'],
    [
      'a name in other letters encoded',
      ['-F', '\u00dcn\u00ef', '-f', 'a@s.ex'],
      {},
      '=?UTF-8?B?w5xuw68=?= <a@s.ex>',
    ],
    ['the name given with the sender', ['-f', 'Ann A. <a@s.ex>'], {}, '"Ann A." <a@s.ex>'],
    ['$NAME', [], { NAME: 'Env N' }, `Env N <${CALLER}>`],
    ['the last of several senders', ['-f', 'a@s.ex', '-f', 'b@s.ex'], { NAME: 'N' }, 'N <b@s.ex>'],
    ['a sender that gets the domain', ['-f', 'tester'], { NAME: 'N' }, 'N <tester@h.example>'],
    ['the mailer daemon for the null sender', ['-f', ''], {}, 'MAILER-DAEMON <MAILER-DAEMON@h.example>'],
  ])('gets %s', async (_, args, env, value) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', [...args, '--', 'one@d.ex'], { stdin: M1, env })).toEqual(QUIET)
    expect(sent(site, 'From').fields).toEqual([`From: ${value}`])
  })
})

describe('addresses without a domain', () => {
  it('get the one of this host in mail of cron', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', CRON_CALL, { stdin: CRON })).toEqual(QUIET)
    expect(sent(site, 'From', 'To')).toEqual({
      from: 'root@h.example',
      to: ['root@h.example'],
      fields: ['From: root@h.example (Cron Daemon)', 'To: root@h.example'],
    })
  })

  it('stay when that is asked for, and a header without them keeps its bytes', async () => {
    const site = await openSite({ qualify_headers: 'no' })
    await site.run('mq-sendmail', CRON_CALL, { stdin: CRON })
    expect(sent(site, 'From', 'To').fields).toEqual(['From: root (Cron Daemon)', 'To: root'])
    const other = await openSite()
    await other.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(other.received[0]?.data.toString()).toBe(M0_WIRE)
  })
})

describe('force_from', () => {
  const FORCED = { from: 'Server <me@site.example>', force_from: 'yes' }

  it('is the recipe for cron mail at a provider that refuses root', async () => {
    const site = await openSite(FORCED)
    site.write('aliases', 'root: me@site.example\n')
    expect(await site.run('mq-sendmail', CRON_CALL, { stdin: CRON })).toEqual(QUIET)
    expect(sent(site, 'From', 'To')).toEqual({
      from: 'me@site.example',
      to: ['me@site.example'],
      fields: ['From: CronDaemon <me@site.example>', 'To: root@h.example'],
    })
  })

  it.each<[string, string, readonly string[]]>([
    ['auto', 'me@site.example', ['From: Server <me@site.example>']],
    ['on', 'me@site.example', ['From: Server <me@site.example>']],
    ['off', 'me@site.example', ['From: X <x@other.ex>']],
  ])('with set_from_header = %s', async (value, from, fields) => {
    const site = await openSite({ ...FORCED, set_from_header: value })
    const stdin = `From: X <x@other.ex>\n${M1}`
    expect(await site.run('mq-sendmail', ['-r', 'x@other.ex', 'one@d.ex'], { stdin })).toEqual(QUIET)
    expect(sent(site, 'From')).toMatchObject({ from, fields })
  })

  it('leaves a bounce a bounce', async () => {
    const site = await openSite(FORCED)
    const stdin = `From: MAILER-DAEMON\n${M1}`
    await site.run('mq-sendmail', ['-f', '<>', 'one@d.ex'], { stdin })
    expect(sent(site, 'From')).toMatchObject({ from: '', fields: ['From: MAILER-DAEMON@h.example'] })
  })

  it('holds for mq-mail, also for a From of its own', async () => {
    const site = await openSite(FORCED)
    const args = ['-r', 'x@other.ex', '-a', 'From: Other <o@other.ex>', 'one@d.ex']
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    expect(sent(site, 'From')).toEqual({
      from: 'me@site.example',
      to: ['one@d.ex'],
      fields: ['From: Server <me@site.example>'],
    })
  })

  it('is a mistake without a sender', async () => {
    const site = await openSite({ force_from: 'yes' })
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(result.code).toBe(78)
    expect(result.stderr).toContain('force_from = yes needs a sender; add from with an address')
    expect(site.queue()).toEqual([])
  })

  it('is what a queued message has', async () => {
    const site = await openSite({ ...FORCED, ...DOWN })
    expect(await site.run('mq-sendmail', CRON_CALL, { stdin: CRON })).toEqual(QUIET)
    const [queued] = site.queued()
    expect(queued).toMatchObject({ sender: 'me@site.example' })
    expect(site.queue()).toHaveLength(1)
  })
})

describe('a masquerade', () => {
  const stdin = `From: root (Cron)\nReply-To: root\nTo: root, x@H.EXAMPLE, z@d.ex\n${M1}`

  it('with a domain takes the place of that of this host', async () => {
    const site = await openSite({ masquerade: 'site.example' })
    site.write('aliases', 'root: boss@h.example\n')
    expect(await site.run('mq-sendmail', ['-t', '-f', 'root'], { stdin })).toEqual(QUIET)
    expect(sent(site, 'From', 'Reply-To', 'To')).toEqual({
      from: 'root@site.example',
      to: ['boss@h.example', 'x@H.EXAMPLE', 'z@d.ex'],
      fields: [
        'From: root@site.example (Cron)',
        'Reply-To: root@site.example',
        'To: root@site.example, x@site.example, z@d.ex',
      ],
    })
  })

  it('with an address stands for every sender of this host, and for no other', async () => {
    const site = await openSite({ masquerade: 'me@site.example' })
    await site.run('mq-sendmail', ['-t'], { stdin })
    expect(sent(site, 'From', 'Reply-To', 'Message-ID')).toMatchObject({
      from: 'me@site.example',
      fields: [
        'From: me@site.example (Cron)',
        'Reply-To: root@site.example',
        expect.stringMatching(/@site\.example>$/),
      ],
    })
    const other = await openSite({ masquerade: 'me@site.example' })
    await other.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    expect(other.received[0]).toMatchObject({ mailFrom: 'a@s.ex' })
    expect(other.received[0]?.data.toString()).toBe(M0_WIRE)
  })

  it('holds for mq-mail', async () => {
    const site = await openSite({ masquerade: 'site.example' })
    await site.run('mq-mail', ['-r', 'Ann <ann>', 'bob'], { stdin: 'b\n' })
    expect(sent(site, 'From', 'To')).toEqual({
      from: 'ann@site.example',
      to: ['bob@h.example'],
      fields: ['From: Ann <ann@site.example>', 'To: bob@site.example'],
    })
  })
})

describe('set_to_header', () => {
  it('on shows the recipients after aliases', async () => {
    const site = await openSite({ set_to_header: 'on' })
    site.write('aliases', 'root: boss@d.ex, two@d.ex\n')
    const stdin = `To: root\nCc: root\n${M1}`
    expect(await site.run('mq-sendmail', ['-t'], { stdin })).toEqual(QUIET)
    expect(sent(site, 'To', 'Cc')).toMatchObject({
      to: ['boss@d.ex', 'two@d.ex'],
      fields: ['To: boss@d.ex,\r\n two@d.ex'],
    })
  })

  it.each(['on', 'auto'])('%s never shows whom Bcc names', async (value) => {
    const site = await openSite({ set_to_header: value })
    const stdin = `Bcc: two@d.ex\n${M1}`
    expect(await site.run('mq-sendmail', ['-t', '--set-to-header', 'one@d.ex'], { stdin })).toEqual(QUIET)
    expect(sent(site, 'To', 'Bcc')).toMatchObject({
      to: ['one@d.ex', 'two@d.ex'],
      fields: ['To: undisclosed-recipients:;'],
    })
  })

  it('on never shows whom mq-mail -b names', async () => {
    const site = await openSite({ set_to_header: 'on' })
    await site.run('mq-mail', ['-b', 'two@d.ex', '-c', 'three@d.ex', 'one@d.ex'], { stdin: 'b\n' })
    expect(sent(site, 'To', 'Cc')).toMatchObject({
      to: ['one@d.ex', 'three@d.ex', 'two@d.ex'],
      fields: ['To: one@d.ex,\r\n three@d.ex'],
    })
  })
})

describe('the other options', () => {
  it('add nothing and keep Bcc when they say so', async () => {
    const site = await openSite({
      ...{
        set_from_header: 'off',
        set_date_header: 'off',
        set_msgid_header: 'off',
        remove_bcc_headers: 'no',
      },
    })
    const stdin = 'To: one@d.ex\nBcc: two@d.ex\n\nb\n'
    expect(await site.run('mq-sendmail', ['-t'], { stdin })).toEqual(QUIET)
    expect(site.received[0]?.data.toString()).toBe(stdin.replaceAll('\n', '\r\n'))
  })

  it('replace From by the envelope sender and keep the name that it had', async () => {
    const site = await openSite({ set_from_header: 'on', from: 'Other <other@s.ex>' })
    const stdin = `From: =?UTF-8?Q?J=C3=B6?= <x@y.ex>\n${M1}`
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin })
    expect(sent(site, 'From').fields).toEqual(['From: =?UTF-8?Q?J=C3=B6?= <a@s.ex>'])
  })
})
