/** mq-sendmail -bs: the text of a message is never obeyed, whatever is in it and wherever the client puts it. */
import { describe, expect, it } from 'vitest'
import { M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { openDialogue } from '../helpers/smtp-dialogue.ts'

const crlf = (...lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('')

const codes = (stdout: string): string[] => [...stdout.matchAll(/^(\d{3}) /gm)].map(([, code = '']) => code)

const delivered = (site: MailSite) =>
  site.received.map(({ mailFrom, rcptTo, data }) => [mailFrom, rcptTo, data.toString()])

const FORGED = crlf(
  'Subject: hello',
  '',
  'MAIL FROM:<ceo@bank.ex>',
  'RCPT TO:<victim@d.ex>',
  'DATA',
  'Subject: forged',
  '',
  'pay',
  '.',
)

it('a message with commands in it is one message, and its dots are as they were', async () => {
  const site = await openSite()
  const body = 'a\n.\nMAIL FROM:<evil@x.ex>\nRCPT TO:<evil@x.ex>\nDATA\nx\n.\nend'
  const stdin =
    crlf('EHLO c', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>', 'DATA') +
    M0_WIRE +
    crlf(body, '..', '...x', '.', 'QUIT')
  const { code, stdout } = await site.run('mq-sendmail', ['-bs'], { stdin })
  expect(code).toBe(0)
  expect(codes(stdout)).toEqual(['220', '250', '250', '250', '354', '250', '221'])
  const wanted = `${M0}${body}\n.\n..x\n`.replaceAll('\n', '\r\n')
  expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], wanted]])
  expect(site.queue()).toEqual([])
})

it('ten unknown commands in a row end the session', async () => {
  const site = await openSite()
  const stdin = crlf('EHLO c', 'MAIL FROM:<a@s.ex>', ...'a b c d e f g h i j'.split(' '), 'QUIT')
  const { code, stdout, stderr } = await site.run('mq-sendmail', ['-bs'], { stdin })
  expect(code).toBe(65)
  expect(stdout).toMatch(/^421 4\.7\.0 [^\r]*\r\n$/m)
  expect(stderr).toMatch(/^mq-sendmail: the SMTP session was ended: too many unknown commands[^\n]*\n$/)
  expect(site.received).toEqual([])
  expect(site.queue()).toEqual([])
})

describe('after a DATA that was refused', () => {
  const ENDED =
    /^mq-sendmail: the SMTP session was ended: DATA was refused, and text came all the same; [^\n]*\n$/m

  it.each([
    ['without recipients', '554 5.5.1', ['MAIL FROM:<a@s.ex>', 'RCPT TO:<gone>']],
    ['without a sender', '503 5.5.1', ['MAIL FROM:<a b>', 'RCPT TO:<one@d.ex>']],
  ])('%s, a client that has said more is left, and nothing more is obeyed', async (_, refusal, opening) => {
    const site = await openSite()
    site.write('aliases', 'gone: :fail: no longer here\n')
    const stdin = crlf('EHLO c', ...opening, 'DATA') + FORGED + crlf('.', 'QUIT')
    const { code, stdout, stderr } = await site.run('mq-sendmail', ['-bs'], { stdin })
    const [refused = '', ended = '', ...more] = stdout.split('\r\n').slice(-3)
    expect(refused.slice(0, 9)).toBe(refusal)
    expect(ended).toMatch(/^421 4\.5\.0 /)
    expect(more).toEqual([''])
    expect(stderr).toMatch(ENDED)
    expect(code).toBe(65)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('text that comes later ends the session with its first line', async () => {
    const site = await openSite()
    const client = openDialogue(site)
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<a@s.ex>')
    expect(await client.say('DATA')).toMatch(/^554 5\.5\.1 /)
    client.write(FORGED)
    expect(await client.hear()).toMatch(/^421 4\.5\.0 /)
    const { code, stderr } = await client.result
    expect(stderr).toMatch(ENDED)
    expect(code).toBe(65)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('a client that waits for the reply goes on as it likes', async () => {
    const site = await openSite()
    const client = openDialogue(site)
    await client.hear()
    const replies = await client.sayAll(
      'EHLO c',
      'DATA',
      'RSET',
      'MAIL FROM:<a@s.ex>',
      'DATA',
      'RCPT TO:<one@d.ex>',
    )
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '503', '250', '250', '554', '250'])
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    expect(await client.sayAll('XYZZY', 'QUIT')).toEqual([
      expect.stringMatching(/^500 /),
      expect.stringMatching(/^221 /),
    ])
    expect(await client.result).toMatchObject({ code: 0, stderr: '' })
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })
})
