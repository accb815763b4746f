/**
 * mq-sendmail as a caller sees it: what arrives at the server, what stays in the queue, the exit code and what
 * is said.
 */
import { describe, expect, it } from 'vitest'
import { CALLER, DOWN, M0, M0_WIRE, openSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const body = (data: Buffer | undefined): string => {
  const text = data?.toString('latin1') ?? ''
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

describe('a message that the server takes', () => {
  it('goes out with its bytes unchanged and nothing is said', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(site.received[0]).toMatchObject({ mailFrom: CALLER, rcptTo: ['one@d.ex'], connection: 1 })
    expect(site.received[0]?.data.toString('latin1')).toBe(M0_WIRE)
    expect(site.queue()).toEqual([])
  })

  it('is given the fields that it lacks', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], {
      stdin: 'Subject: s\n\nb\n',
      env: { NAME: 'Env N' },
    })
    expect(result).toEqual(QUIET)
    expect(site.received[0]?.data.toString()).toMatch(
      /^Subject: s\r\nFrom: Env N <a@s\.ex>\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r\nMessage-ID: <[^<>@ ]+@s\.ex>\r\n\r\nb\r\n$/,
    )
  })

  it('takes the recipients of To, Cc and Bcc with -t, after those of the command line, each once', async () => {
    const site = await openSite()
    const stdin =
      'From: a@s.ex\nTO: One <one@d.ex>,\n two@d.ex\nCc: three@d.ex (c), ONE@d.ex\nBcc : four@d.ex,\n\tfive@d.ex\nResent-Note: x\n\nb\n'
    expect(await site.run('mq-sendmail', ['-ti', 'zero@d.ex', 'two@d.ex'], { stdin })).toEqual(QUIET)
    expect(site.received[0]?.rcptTo).toEqual([
      'zero@d.ex',
      'two@d.ex',
      'one@d.ex',
      'three@d.ex',
      'ONE@d.ex',
      'four@d.ex',
      'five@d.ex',
    ])
    const sent = site.received[0]?.data.toString() ?? ''
    expect(sent).not.toMatch(/bcc\s*:|four@|five@/i)
    expect(sent).toContain('TO: One <one@d.ex>,\r\n two@d.ex\r\nCc: three@d.ex (c), ONE@d.ex\r\n')
  })

  it.each([
    ['Bcc without -t', [], 'Bcc: hidden@d.ex\nTo: one@d.ex\n', ['one@d.ex']],
    ['Resent-Bcc without -t', [], 'resent-bcc: hidden@d.ex\nTo: one@d.ex\n', ['one@d.ex']],
    ['Bcc alone with -t', ['-t'], 'Bcc: hidden@d.ex\n', ['one@d.ex', 'hidden@d.ex']],
    [
      'Bcc beside an empty group',
      ['-t'],
      'To: undisclosed:;\nBcc: hidden@d.ex\n',
      ['one@d.ex', 'hidden@d.ex'],
    ],
    [
      'both kinds of Bcc when the message is resent',
      ['-t'],
      'To: old@d.ex\nBcc: older@d.ex\nResent-To: two@d.ex\nResent-Bcc: hidden@d.ex\n',
      ['one@d.ex', 'two@d.ex', 'hidden@d.ex'],
    ],
  ])('never shows %s', async (_, options, fields, recipients) => {
    const site = await openSite()
    const stdin = `${fields}Subject: s\n\nbcc: this is text\n`
    expect(await site.run('mq-sendmail', [...options, 'one@d.ex'], { stdin })).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([recipients])
    const sent = site.received[0]?.data.toString() ?? ''
    expect(sent.split('\r\n\r\n')[0]).not.toMatch(/bcc\s*:|hidden|older/i)
    expect(body(site.received[0]?.data)).toBe('bcc: this is text\r\n')
  })
})

describe('a message that the server does not take now', () => {
  it.each([
    ['cannot be reached', DOWN, {}],
    ['greets with 421', {}, { banner: '421 4.3.2 closing' }],
    ['defers the sender', {}, { mail: '451 4.3.0 later' }],
    ['defers the message', {}, { dot: '452 4.3.1 disk full' }],
    ['cuts the connection after DATA', {}, { data: { just: 'drop' } as const }],
    [
      'refuses the password',
      { smtp_username: 'u', smtp_password: 'p', tls: 'off', insecure_auth: 'yes' },
      { extensions: ['AUTH PLAIN'] },
    ],
  ])('is queued without a word when the server %s', async (_, settings, script) => {
    const site = await openSite(settings, script)
    const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
    expect(result).toEqual(QUIET)
    const [queued, ...others] = site.queued()
    expect(others).toEqual([])
    expect(queued).toMatchObject({ folder: 'new', sender: 'a@s.ex', recipients: ['one@d.ex', 'two@d.ex'] })
    expect(queued?.message).toBe(M0_WIRE)
    expect(site.received).toEqual([])
  })

  it('is refused with 75 and one line when there is no queue', async () => {
    const site = await openSite({ ...DOWN, queue_dir: undefined })
    const result = await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(result.stderr).toMatch(
      /^mq-sendmail: the message was not accepted: [^\n]*no queue_dir[^\n]*one@d\.ex[^\n]*\n$/,
    )
  })

  it('is queued with -odq although the server is up', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })
})

describe('recipients with different answers', () => {
  it('each get what is theirs: the accepted one the mail once, the refused one failed/, the deferred one the queue', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['one@d.ex', 'reject@d.ex', 'defer@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toMatch(
      /^mq-sendmail: reject@d\.ex was refused: [^\n]*550 5\.1\.1 no such user[^\n]*it is kept in the queue as [0-9A-F]{12}\n$/,
    )
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()])).toEqual([
      [['one@d.ex'], M0_WIRE],
    ])
    expect(site.queue()).toEqual(['new reject@d.ex=failed defer@d.ex=deferred'])
  })

  it('stay in the queue only as long as one of them waits', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['one@d.ex', 'defer@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.queue()).toEqual(['new defer@d.ex=deferred'])
    expect(site.received).toHaveLength(1)
  })

  it('leave a message in failed/ when one was refused and none waits', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['reject@d.ex', 'one@d.ex'], { stdin: M0 })
    expect(result.code).toBe(67)
    expect(site.queue()).toEqual(['failed reject@d.ex=failed'])
    expect(site.queued()[0]?.message).toBe(M0_WIRE)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
  })

  it('end with 67 and are told to be lost when there is no queue', async () => {
    const site = await openSite({ queue_dir: undefined })
    const result = await site.run('mq-sendmail', ['one@d.ex', 'reject@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toMatch(
      /^mq-sendmail: reject@d\.ex was refused: [^\n]*550[^\n]*; it is not kept\n$/,
    )
    expect(site.received).toHaveLength(1)
  })
})

describe('a message that the server refuses', () => {
  it.each([
    ['at MAIL', { mail: '554 5.7.1 go away' }],
    ['at DATA', { data: '554 5.7.1 go away' }],
    ['at its end', { dot: '554 5.7.1 go away' }],
  ])('%s ends with 69 and is kept in failed/', async (_, script) => {
    const site = await openSite({}, script)
    const result = await site.run('mq-sendmail', ['one@d.ex', 'two@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 69, stdout: '' })
    const [queued, ...others] = site.queued()
    expect(others).toEqual([])
    expect(queued).toMatchObject({
      folder: 'failed',
      recipients: ['one@d.ex', 'two@d.ex'],
      states: { 'one@d.ex': 'failed', 'two@d.ex': 'failed' },
    })
    expect(queued?.message).toBe(M0_WIRE)
    const lines = result.stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines)
      expect(line).toMatch(/^mq-sendmail: (one|two)@d\.ex was refused: .*554 5\.7\.1 go away/)
    expect(result.stderr).toContain(`failed/ as ${queued?.id ?? '?'}`)
  })
})
