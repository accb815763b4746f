/** mq-sendmail -bs: the dialogue, and what becomes of the messages. */
import { describe, expect, it } from 'vitest'
import { CALLER, DOWN, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'
import { openDialogue } from '../helpers/smtp-dialogue.ts'

const crlf = (...lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('')

const delivered = (site: MailSite) =>
  site.received.map(({ mailFrom, rcptTo, data }) => [mailFrom, rcptTo, data.toString()])

describe('a client that says everything before it is greeted', () => {
  const everything =
    crlf('EHLO client', 'MAIL FROM:<>', 'RCPT TO:<one@d.ex>', 'DATA') + M0_WIRE + crlf('.', 'QUIT')

  it('is served like any other', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['-bs'], { stdin: everything })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^220 \S+ ESMTP mailqueue\r\n250-\S+\r\n250-PIPELINING\r\n/)
    expect(result.stdout.split('\r\n').slice(3)).toEqual([
      '250-SIZE',
      '250-8BITMIME',
      '250-DSN',
      '250-SMTPUTF8',
      '250 ENHANCEDSTATUSCODES',
      '250 2.1.0 Ok',
      '250 2.1.5 Ok',
      '354 End data with <CR><LF>.<CR><LF>',
      '250 2.0.0 Ok: sent',
      '221 2.0.0 Bye',
      '',
    ])
    expect(delivered(site)).toEqual([['', ['one@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })

  it('may end its lines with LF, as a person does', async () => {
    const site = await openSite()
    const stdin = everything.replaceAll('\r\n', '\n')
    expect(await site.run('mq-sendmail', ['-bs'], { stdin })).toMatchObject({ code: 0, stderr: '' })
    expect(delivered(site)).toEqual([['', ['one@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })
})

describe('the options', () => {
  const session =
    crlf('EHLO c', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>', 'DATA') + M0_WIRE + crlf('.', 'QUIT')

  it.each([[['-i']], [['-odb', '-oem']], [['-oi', '-v', '-f', 'x@y.ex']]])('%j are taken', async (args) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-bs', ...args], { stdin: session })).toMatchObject({ code: 0 })
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })

  it('-odq only queues', async () => {
    const site = await openSite()
    const { stdout } = await site.run('mq-sendmail', ['-bs', '-odq'], { stdin: session })
    expect(stdout).toContain(`250 2.0.0 Ok: queued as ${site.queued()[0]?.id ?? '?'}\r\n`)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })

  it.each([[['-t']], [['--read-envelope-from']], [['one@d.ex']]])(
    '%j is refused with 64, and nothing is said',
    async (args) => {
      const site = await openSite()
      const result = await site.run('mq-sendmail', ['-bs', ...args], { stdin: session })
      expect(result).toMatchObject({ code: 64, stdout: '' })
      expect(site.received).toEqual([])
      expect(site.queue()).toEqual([])
    },
  )
})

describe('a dialogue', () => {
  it('answers every command as it should', async () => {
    const site = await openSite()
    const client = openDialogue(site)
    expect(await client.hear()).toMatch(/^220 /)
    const replies = await client.sayAll(
      'RSET',
      'noop what ever',
      'VRFY root',
      'HELP',
      'XYZZY',
      'STARTTLS',
      'EHLO',
      'HELO client',
      'DATA',
      'RCPT TO:<one@d.ex>',
      'MAIL TO:<a@s.ex>',
      'MAIL FROM:<a@s.ex> XYZZY=1',
      'MAIL FROM:<a@s.ex> SIZE=99999999 BODY=8BITMIME SMTPUTF8',
      'MAIL FROM:<b@s.ex>',
      'DATA',
      'RCPT TO:<>',
      'RCPT TO:<a b@d.ex>',
      'RCPT TO:<|/bin/sh>',
      'RSET',
      'RCPT TO:<one@d.ex>',
      'QUIT',
    )
    expect(replies.map((reply) => reply.slice(0, 9))).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '252 2.0.0',
      '214 2.0.0',
      '500 5.5.2',
      '502 5.5.1',
      '501 5.5.4',
      expect.stringMatching(/^250 /),
      '503 5.5.1',
      '503 5.5.1',
      '501 5.5.4',
      '555 5.5.4',
      '250 2.1.0',
      '503 5.5.1',
      '554 5.5.1',
      '553 5.1.3',
      '553 5.1.3',
      '553 5.1.3',
      '250 2.0.0',
      '503 5.5.1',
      '221 2.0.0',
    ])
    expect(await client.result).toMatchObject({ code: 0 })
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('sends several messages over one connection, each finished like any other', async () => {
    const site = await openSite({ from: 'nobody@else.ex' })
    const client = openDialogue(site, ['-F', 'Ann'])
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<ann>', 'RCPT TO:<one@d.ex>', 'RCPT TO:<bob>')
    expect(await client.send('Subject: first\r\nBcc: hidden@d.ex\r\n\r\nbare\nline\r\n')).toBe(
      '250 2.0.0 Ok: sent',
    )
    await client.sayAll('MAIL FROM:<"a b"@s.ex>', 'RCPT TO: <@relay.ex:"x@y"@xn--mnchen-3ya.ex>')
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    expect(await client.say('QUIT')).toBe('221 2.0.0 Bye')
    expect(await client.result).toMatchObject({ code: 0, stderr: '' })
    expect(delivered(site)).toEqual([
      ['ann@h.example', ['one@d.ex', 'bob@h.example'], expect.stringMatching(/^Subject: first\r\n/)],
      ['"a b"@s.ex', ['"x@y"@xn--mnchen-3ya.ex'], M0_WIRE],
    ])
    const first = site.received[0]?.data.toString() ?? ''
    expect(first).toMatch(/^From: Ann <ann@h\.example>\r$/m)
    expect(first).toMatch(/^Date: .*\r\nMessage-ID: <[^>]+>\r\n\r\nbare\r\nline\r\n$/m)
    expect(first).not.toMatch(/bcc\s*:|hidden/i)
    expect(site.server.connections).toBe(1)
    expect(site.queue()).toEqual([])
  })

  it('passes on which reports are wanted', async () => {
    const site = await openSite({}, { extensions: ['DSN'] })
    const client = openDialogue(site, ['-R', 'full'])
    await client.hear()
    await client.sayAll(
      'EHLO c',
      'MAIL FROM:<a@s.ex> RET=HDRS ENVID=QQ+2B1',
      'RCPT TO:<one@d.ex> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;root+2B1@h.ex',
      'RCPT TO:<two@d.ex> NOTIFY=never',
      'RCPT TO:<three@d.ex>',
      'RCPT TO:<four@d.ex> NOTIFY=NEVER',
    )
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    client.leave()
    expect(await client.result).toMatchObject({ code: 0, stderr: '' })
    const said = site.server.commands.filter((line) => /^(MAIL|RCPT)/.test(line))
    const mail = expect.stringMatching(/^MAIL FROM:<a@s\.ex> .*\bRET=HDRS ENVID=QQ\+2B1$/) as string
    expect(said).toEqual([
      mail,
      'RCPT TO:<one@d.ex> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;root+2B1@h.ex',
      mail,
      'RCPT TO:<two@d.ex> NOTIFY=NEVER',
      'RCPT TO:<four@d.ex> NOTIFY=NEVER',
      mail,
      'RCPT TO:<three@d.ex>',
    ])
    expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE, M0_WIRE, M0_WIRE])
    expect(site.queue()).toEqual([])
  })

  it('passes on that the body was declared as 8-bit', async () => {
    const site = await openSite({}, { extensions: ['8BITMIME'] })
    const client = openDialogue(site, [])
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<a@s.ex> BODY=8BITMIME', 'RCPT TO:<one@d.ex>')
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    client.leave()
    expect(await client.result).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ params }) => params)).toEqual([expect.stringContaining('BODY=8BITMIME')])
    expect(site.queue()).toEqual([])
  })
})

describe('aliases', () => {
  it('are looked up at RCPT, and what is wrong with them is the reply', async () => {
    const site = await openSite()
    site.write(
      'aliases',
      'team: one@d.ex, two@d.ex\nloop: pool\npool: loop\nnothing: /dev/null\nprog: |/bin/cat\n',
    )
    const client = openDialogue(site)
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<a@s.ex>')
    expect(await client.say('RCPT TO:<team>')).toBe('250 2.1.5 Ok')
    expect(await client.say('RCPT TO:<prog@h.example>')).toMatch(/^550 5\.1\.1 prog@h\.example: /)
    expect(await client.say('RCPT TO:<loop>')).toMatch(/^550 5\.1\.1 loop: /)
    expect(await client.say('RCPT TO:<nothing>')).toBe('250 2.1.5 Ok')
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    await client.sayAll('MAIL FROM:<a@s.ex>', 'RCPT TO:<nothing>')
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: dropped, as the aliases have it')
    client.leave()
    const { code, stderr } = await client.result
    expect(code).toBe(0)
    expect(stderr.split('\n').map((line) => line.split(':')[1])).toEqual([
      ' prog@h.example',
      ' loop',
      undefined,
    ])
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex', 'two@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })

  it('that cannot be read now mean: try again', async () => {
    const site = await openSite({ aliases: '/nonexistent/aliases' })
    const client = openDialogue(site)
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<a@s.ex>')
    expect(await client.say('RCPT TO:<root>')).toMatch(/^451 4\.3\.5 .*\/nonexistent\/aliases/)
    expect(await client.say('RCPT TO:<one@d.ex>')).toBe('250 2.1.5 Ok')
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    client.leave()
    expect(await client.result).toMatchObject({ code: 0 })
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })
})

describe('the reply to a message', () => {
  async function replyFor(site: MailSite, sender: string, ...recipients: string[]): Promise<string> {
    const client = openDialogue(site)
    await client.hear()
    await client.sayAll('EHLO c', `MAIL FROM:<${sender}>`, ...recipients.map((each) => `RCPT TO:<${each}>`))
    const reply = await client.send(M0_WIRE)
    client.leave()
    expect(await client.result).toMatchObject({ code: 0 })
    return reply
  }

  it('names the queue id when the server is down', async () => {
    const site = await openSite(DOWN)
    const reply = await replyFor(site, 'a@s.ex', 'one@d.ex')
    expect(reply).toBe(`250 2.0.0 Ok: queued as ${site.queued()[0]?.id ?? '?'}`)
    expect(site.queued().map(({ folder, sender, message }) => [folder, sender, message])).toEqual([
      ['new', 'a@s.ex', M0_WIRE],
    ])
  })

  it('is 451 when it can be neither sent nor queued', async () => {
    const site = await openSite({ ...DOWN, queue_dir: undefined })
    expect(await replyFor(site, 'a@s.ex', 'one@d.ex')).toMatch(/^451 4\.4\.1 the message was not accepted: /)
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual([])
  })

  it('is 451 when the queue cannot be used, also with spool = first', async () => {
    for (const spool of ['fallback', 'first']) {
      const site = await openSite({ ...DOWN, spool })
      site.write('queue', 'a file')
      expect(await replyFor(site, 'a@s.ex', 'one@d.ex')).toMatch(/^451 4\.\d\.\d .*queue/)
      expect(site.received).toEqual([])
    }
  })

  it('has the words of the server that refuses everybody', async () => {
    const site = await openSite()
    expect(await replyFor(site, 'a@s.ex', 'reject@d.ex')).toBe(
      '554 5.1.1 reject@d.ex was refused: 550 5.1.1 no such user',
    )
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual(['failed reject@d.ex=failed'])
  })

  it('has the words of a server that refuses the message', async () => {
    const site = await openSite({}, { dot: '554 5.7.1 spam' })
    expect(await replyFor(site, 'a@s.ex', 'one@d.ex')).toBe('554 5.7.1 one@d.ex was refused: 554 5.7.1 spam')
    expect(site.received).toEqual([])
    expect(site.queue()).toEqual(['failed one@d.ex=failed'])
  })

  it('is 554 when one of two is refused and nobody tells the sender', async () => {
    const site = await openSite({}, { extensions: ['PIPELINING'] })
    expect((await replyFor(site, 'a@s.ex', 'reject@d.ex', 'one@d.ex')).split('\n')).toEqual([
      '554-5.1.1 reject@d.ex was refused: 550 5.1.1 no such user',
      '554 5.0.0 for all others the message was sent: do not send it to them again',
    ])
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], M0_WIRE]])
    expect(site.server.transactions.filter(({ dotReceived }) => dotReceived)).toHaveLength(1)
    expect(site.queue()).toEqual(['failed reject@d.ex=failed'])
  })

  it('is 250 when one of two is refused and a report tells the sender', async () => {
    const site = await openSite({ bounce: 'dsn' })
    const [first, ...more] = (await replyFor(site, 'a@s.ex', 'reject@d.ex', 'one@d.ex')).split('\n')
    expect(first).toMatch(/^250-2\.0\.0 Ok: sent/)
    expect(more[0]).toBe('250-2.0.0 reject@d.ex was refused: 550 5.1.1 no such user')
    expect(delivered(site)).toEqual([['a@s.ex', ['one@d.ex'], M0_WIRE]])
    expect(site.queued().map(({ folder, sender, recipients }) => [folder, sender, recipients])).toEqual([
      ['new', '', ['a@s.ex']],
      ['failed', 'a@s.ex', ['reject@d.ex']],
    ])
  })

  it('is 554 for a header that is too large, and the session goes on', async () => {
    const site = await openSite()
    const client = openDialogue(site)
    await client.hear()
    await client.sayAll('EHLO c', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>')
    const huge = `X-Long: ${'x'.repeat(60)}\r\n`.repeat(70_000)
    expect(await client.send(`${huge}\r\nbody\r\n`)).toMatch(/^554 5\.6\.0 /)
    expect(await client.sayAll('MAIL FROM:<a@s.ex>', 'RCPT TO:<two@d.ex>')).toEqual([
      '250 2.1.0 Ok',
      '250 2.1.5 Ok',
    ])
    expect(await client.send(M0_WIRE)).toBe('250 2.0.0 Ok: sent')
    client.leave()
    expect(await client.result).toMatchObject({ code: 0 })
    expect(delivered(site)).toEqual([['a@s.ex', ['two@d.ex'], M0_WIRE]])
    expect(site.queue()).toEqual([])
  })
})

describe('the sender of a message', () => {
  it('is never the user or the configured one', async () => {
    const site = await openSite()
    const stdin = crlf('MAIL FROM:<>', 'RCPT TO:<root>', 'DATA', 'Subject: x', '', '.')
    expect(await site.run('mq-sendmail', ['-bs'], { stdin })).toMatchObject({ code: 0, stderr: '' })
    expect(site.received.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['', ['root@h.example']],
    ])
    expect(site.received[0]?.data.toString()).not.toContain(CALLER)
    expect(site.queue()).toEqual([])
  })
})
