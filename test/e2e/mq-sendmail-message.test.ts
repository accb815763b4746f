/**
 * What mq-sendmail makes of the bytes it reads, and who it takes for a recipient.
 */
import { describe, expect, it } from 'vitest'
import { M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const FIELDS = 'From: a@s.ex\nDate: Sat, 21 Nov 2026 20:12:00 +0000\nMessage-ID: <m@s.ex>\n'
const FIELDS_WIRE = FIELDS.replaceAll('\n', '\r\n')

const sent = (site: MailSite): string[] => site.received.map(({ data }) => data.toString('latin1'))
const rcpts = (site: MailSite): (readonly string[])[] => site.received.map(({ rcptTo }) => rcptTo)

describe('the message', () => {
  it.each([
    [
      'gets CRLF for LF, CRLF and bare CR',
      `${FIELDS}\na\nb\r\nc\rd\n`,
      `${FIELDS_WIRE}\r\na\r\nb\r\nc\r\nd\r\n`,
    ],
    ['gets a line end at its end', `${FIELDS}\nlast`, `${FIELDS_WIRE}\r\nlast\r\n`],
    ['may have a header with CRLF and a body with LF', `${FIELDS_WIRE}\r\nx\n`, `${FIELDS_WIRE}\r\nx\r\n`],
    ['may be a header alone', FIELDS, `${FIELDS_WIRE}\r\n`],
    ['loses its mbox line', `From x@y Mon Jan 1\n${M0}`, M0_WIRE],
    ['loses a quoted mbox line', `>From x@y Mon Jan 1\n${M0}`, M0_WIRE],
    ['loses its Return-Path', `Return-Path: <x@y.ex>\n${M0}`, M0_WIRE],
    ['keeps From at the start of a body line', `${FIELDS}\nFrom here\n`, `${FIELDS_WIRE}\r\nFrom here\r\n`],
    ['keeps folding and trailing blanks', `${FIELDS}X: a \n\t b\n\n`, `${FIELDS_WIRE}X: a \r\n\t b\r\n\r\n`],
    [
      'ends its header at a malformed line',
      `${FIELDS}no field\nX: 1\n`,
      `${FIELDS_WIRE}\r\nno field\r\nX: 1\r\n`,
    ],
    [
      'keeps 8-bit bytes',
      Buffer.from(`${FIELDS}\nj\xf6 \xff\n`, 'latin1'),
      `${FIELDS_WIRE}\r\nj\xf6 \xff\r\n`,
    ],
  ])('%s', async (_, stdin, wire) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-i', 'one@d.ex'], { stdin })).toEqual(QUIET)
    expect(sent(site)).toEqual([wire])
  })

  it.each([
    ['text without a header', 'just text\nmore\n', 'just text\r\nmore\r\n'],
    ['a first line that is blank', '\nSubject: text\n', 'Subject: text\r\n'],
    ['a first line that begins with a blank', ' x: y\nz: 1\n', ' x: y\r\nz: 1\r\n'],
    ['nothing at all', '', ''],
  ])('of %s gets a header of its own and a blank line', async (_, stdin, wire) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin })).toEqual(QUIET)
    const [message = ''] = sent(site)
    const end = message.indexOf('\r\n\r\n') + 4
    expect(message.slice(0, end)).toMatch(
      /^From: [^\r\n]*a@s\.ex>?\r\nDate: [^\r\n]+\r\nMessage-ID: <[^\r\n]+>\r\n\r\n$/,
    )
    expect(message.slice(end)).toBe(wire)
  })

  it('is announced as 8-bit only when it is, and to a server that takes it', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: `${FIELDS}\nj\u00f6\n` })
    expect(site.received.map(({ params }) => params.includes('BODY=8BITMIME'))).toEqual([false, true])
  })

  it('has no NUL on the wire, which is told', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: `${FIELDS}\na\0b\0\n` })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toBe(
      'mq-sendmail: 2 NUL bytes were left out of the message: no server takes them\n',
    )
    expect(sent(site)).toEqual([`${FIELDS_WIRE}\r\nab\r\n`])
  })

  it('is sent with its long lines encoded, and not bounced', async () => {
    const site = await openSite()
    const long = 'x'.repeat(1200)
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: `${FIELDS}\n${long}\nend\n` })).toEqual(QUIET)
    const [head = '', body = ''] = (sent(site)[0] ?? '').split('\r\n\r\n')
    expect(head).toContain('\r\nContent-Transfer-Encoding: quoted-printable')
    expect(body.replaceAll('=\r\n', '')).toBe(`${long}\r\nend\r\n`)
  })

  it('gets Resent fields only when it has any', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-t'], { stdin: `${FIELDS}Resent-To: one@d.ex\nTo: old@d.ex\n\n` })
    expect(rcpts(site)).toEqual([['one@d.ex']])
    expect(sent(site)[0]).toMatch(/\r\nResent-Date: [^\r\n]+\r\nResent-Message-ID: <[^\r\n]+>\r\n\r\n$/)
  })
})

describe('operands', () => {
  it.each([
    [['one@d.ex,two@d.ex'], ['one@d.ex', 'two@d.ex']],
    [
      ['one@d.ex, two@d.ex', 'three@d.ex'],
      ['one@d.ex', 'two@d.ex', 'three@d.ex'],
    ],
    [
      ['Full N <one@d.ex>', '"q, r" <two@d.ex> (c)'],
      ['one@d.ex', 'two@d.ex'],
    ],
    [['', ' one@d.ex '], ['one@d.ex']],
    [
      ['one@d.ex', 'one@D.EX', 'ONE@d.ex'],
      ['one@d.ex', 'ONE@d.ex'],
    ],
    [['nosuchalias'], ['nosuchalias@h.example']],
    [['--', 'one@d.ex'], ['one@d.ex']],
    [['"odd name"@d.ex'], ['"odd name"@d.ex']],
    [['g: one@d.ex, B <two@d.ex>;'], ['one@d.ex', 'two@d.ex']],
  ])('%j are %j', async (args, wanted) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', args, { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([wanted])
  })
})

describe('the header with -t', () => {
  it.each([
    ['To: (a, b) one@d.ex (c (d)), "x, y" <two@d.ex>\n', ['one@d.ex', 'two@d.ex']],
    ['To: Team: one@d.ex,\n two@d.ex;,\n\tthree@d.ex\n', ['one@d.ex', 'two@d.ex', 'three@d.ex']],
    ['To: undisclosed-recipients:;\nBcc: joe@d.ex\n', ['joe@d.ex']],
    ['To: one@d.ex\nTo: two@d.ex\nApparently-To: three@d.ex\n', ['one@d.ex', 'two@d.ex', 'three@d.ex']],
    ['To: one@d.ex,, ,two@d.ex,\n', ['one@d.ex', 'two@d.ex']],
    ['To: =?UTF-8?Q?J=C3=B6?= <one@d.ex>\nCc: root\n', ['one@d.ex', 'root@h.example']],
    ['To:\n one@d.ex\n', ['one@d.ex']],
  ])('%j names %j', async (fields, wanted) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-t'], { stdin: `${FIELDS}${fields}\nb\n` })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([wanted])
  })

  it('gets a To field with --set-to-header when it has none', async () => {
    const site = await openSite()
    const stdin = `${FIELDS}\nb\n`
    await site.run('mq-sendmail', ['--set-to-header', 'one@d.ex', 'two@d.ex'], { stdin })
    await site.run('mq-sendmail', ['--set-to-header', 'two@d.ex'], { stdin: M0 })
    expect(sent(site)).toEqual([`${FIELDS_WIRE}To: one@d.ex,\r\n two@d.ex\r\n\r\nb\r\n`, M0_WIRE])
  })
})

describe('what is longer than usual', () => {
  it('is a local part, as in addresses for bounces and replies', async () => {
    const site = await openSite()
    const recipient = `reply+${'A'.repeat(70)}@d.ex`
    const sender = `b+${'b'.repeat(70)}@s.ex`
    expect(await site.run('mq-sendmail', ['-f', sender, recipient], { stdin: M0 })).toEqual(QUIET)
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([[sender, [recipient]]])
    expect(site.queue()).toEqual([])
  })

  it('is a line of the header, which is folded at a blank', async () => {
    const site = await openSite()
    const subject = `Cron <root@h> ${'command argument '.repeat(100)}end`
    const bare = Array.from({ length: 150 }, (_, at) => `u${at}`).join(',')
    const stdin = `${FIELDS}To: ${bare}\nSubject: ${subject}\nX-Word: ${'x'.repeat(1200)}\n\nbody\n`
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin })).toEqual(QUIET)
    const [message = ''] = sent(site)
    const long = message.split('\r\n').filter((line) => line.length > 998)
    expect(long.map((line) => line.slice(0, 7))).toEqual(['X-Word:'])
    expect(message.replaceAll(/\r\n(?=[ \t])/g, '')).toContain(`\r\nSubject: ${subject}\r\n`)
    expect(site.queue()).toEqual([])
  })
})
