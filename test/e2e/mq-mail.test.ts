/**
 * mq-mail: the message it composes, as the server gets it, and who it goes to.
 */
import { describe, expect, it } from 'vitest'
import { CALLER, DOWN, openSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const cut = (data: Buffer | undefined): { header: string; body: string } => {
  const text = data?.toString('latin1') ?? ''
  const end = text.indexOf('\r\n\r\n')
  return { header: text.slice(0, end + 2), body: text.slice(end + 4) }
}

const field = (data: Buffer | undefined, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\r$`, 'm').exec(cut(data).header)?.[1]

describe('mq-mail', () => {
  it('sends what -s, -r, -c and -b ask for; -b is named nowhere in the message', async () => {
    const site = await openSite()
    const args = [
      '-s',
      'the subject',
      '-r',
      'Anna <a@s.ex>',
      '-c',
      'two@d.ex',
      '-c',
      'three@d.ex',
      '-b',
      'four@d.ex',
      'one@d.ex',
    ]
    expect(await site.run('mq-mail', args, { stdin: 'line one\n.\n..\nFrom here\nlast' })).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    const [sent] = site.received
    expect(sent).toMatchObject({
      mailFrom: 'a@s.ex',
      rcptTo: ['one@d.ex', 'two@d.ex', 'three@d.ex', 'four@d.ex'],
    })
    const { header, body } = cut(sent?.data)
    expect(body).toBe('line one\r\n.\r\n..\r\nFrom here\r\nlast\r\n')
    expect(header).toMatch(
      /^Date: [^\r\n]+\r\nFrom: Anna <a@s\.ex>\r\nTo: one@d\.ex\r\nCc: two@d\.ex, three@d\.ex\r\nSubject: the subject\r\nMessage-ID: <[^\r\n]+@s\.ex>\r\nMIME-Version: 1\.0\r\nContent-Type: text\/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n$/i,
    )
    expect(sent?.data.toString()).not.toMatch(/^bcc|four@/im)
  })

  it('has long options and takes lists', async () => {
    const site = await openSite()
    const args = [
      '--subject=s',
      '--from-address=a@s.ex',
      '--cc=two@d.ex, three@d.ex',
      '--bcc',
      'four@d.ex',
      'one@d.ex,five@d.ex',
    ]
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    expect(site.received[0]?.rcptTo).toEqual(['one@d.ex', 'five@d.ex', 'two@d.ex', 'three@d.ex', 'four@d.ex'])
    expect(field(site.received[0]?.data, 'Cc')).toBe('two@d.ex, three@d.ex')
  })

  it('is sent by the caller unless -r says otherwise, and an empty -r asks for the configured sender', async () => {
    const site = await openSite()
    const env = { NAME: 'Env N' }
    await site.run('mq-mail', ['one@d.ex'], { stdin: 'b\n', env })
    site.configure({ from: 'Site <site@s.ex>' })
    await site.run('mq-mail', ['-r', '', 'one@d.ex'], { stdin: 'b\n', env })
    expect(site.received.map(({ mailFrom, data }) => [mailFrom, field(data, 'From')])).toEqual([
      [CALLER, `Env N <${CALLER}>`],
      ['site@s.ex', 'Site <site@s.ex>'],
    ])
  })

  it('writes UTF-8 so that every server takes it', async () => {
    const site = await openSite({}, { extensions: [] })
    const args = ['-s', 'Größe ✓', '-r', 'Jörg <a@s.ex>', '-a', 'X-Note: naïve', 'one@d.ex']
    expect(await site.run('mq-mail', args, { stdin: 'Zeile – eins\n' })).toEqual(QUIET)
    const { header, body } = cut(site.received[0]?.data)
    expect(header + body).toMatch(/^[\t\r\n -~]*$/)
    const word = (text: string | undefined): string => {
      const encoded = /^=\?UTF-8\?B\?([\w+/=]+)\?=/i.exec(text ?? '')?.[1]
      if (encoded !== undefined) return Buffer.from(encoded, 'base64').toString()
      const quoted = /^=\?UTF-8\?Q\?([^?]*)\?=/i.exec(text ?? '')?.[1]?.replaceAll('_', ' ') ?? ''
      return decodeURIComponent(quoted.replaceAll('=', '%'))
    }
    expect(word(field(site.received[0]?.data, 'Subject'))).toBe('Größe ✓')
    expect(word(field(site.received[0]?.data, 'From'))).toBe('Jörg')
    expect(word(field(site.received[0]?.data, 'X-Note'))).toBe('naïve')
    expect(header).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/im)
    expect(header).toMatch(/^Content-Transfer-Encoding: quoted-printable\r$/m)
    expect(decodeURIComponent(body.replaceAll('=\r\n', '').replaceAll('=', '%'))).toBe('Zeile – eins\r\n')
  })

  it('sends an empty body and says so, and sends nothing with -E', async () => {
    const site = await openSite()
    expect(await site.run('mq-mail', ['-s', 's', 'one@d.ex'])).toEqual({
      ...QUIET,
      stderr: 'mq-mail: the message body is empty\n',
    })
    expect(site.received.map(({ data }) => cut(data).body)).toEqual([''])
    expect(await site.run('mq-mail', ['-E', '-s', 's', 'one@d.ex'])).toEqual(QUIET)
    expect(site.received).toHaveLength(1)
    expect(await site.run('mq-mail', ['-E', 'one@d.ex'], { stdin: '\n' })).toEqual(QUIET)
    expect(site.received).toHaveLength(2)
  })

  it('looks names up in the aliases, and the header shows where the mail goes', async () => {
    const site = await openSite()
    site.write('aliases', 'root: boss@d.ex, two@d.ex\nops: three@d.ex\n')
    expect(await site.run('mq-mail', ['-c', 'ops', 'root', 'nosuch'], { stdin: 'b\n' })).toEqual(QUIET)
    const [sent] = site.received
    expect(sent?.rcptTo).toEqual(['boss@d.ex', 'two@d.ex', 'nosuch@h.example', 'three@d.ex'])
    expect(field(sent?.data, 'To')).toBe('boss@d.ex, two@d.ex, nosuch@h.example')
    expect(field(sent?.data, 'Cc')).toBe('three@d.ex')
  })

  it('tells a bad line of the aliases file once', async () => {
    const site = await openSite()
    site.write('aliases', 'junk\nroot: boss@d.ex\n')
    const result = await site.run('mq-mail', ['-c', 'root', '-b', 'root', 'root'], { stdin: 'b\n' })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-mail: [^\n]*aliases:1: [^\n]+\n$/)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['boss@d.ex']])
  })

  it('is queued without a word when the server is down, as mq-sendmail does', async () => {
    const site = await openSite(DOWN)
    expect(await site.run('mq-mail', ['-s', 's', '-b', 'two@d.ex', 'one@d.ex'], { stdin: 'b\n' })).toEqual(
      QUIET,
    )
    expect(site.queue()).toEqual([expect.stringMatching(/^new one@d\.ex\S* two@d\.ex\S*$/)])
    expect(site.queued()[0]?.message).not.toContain('two@d.ex')
  })

  it('tells refused recipients with 67, and no recipients with 64', async () => {
    const site = await openSite()
    const refused = await site.run('mq-mail', ['one@d.ex', 'reject@d.ex'], { stdin: 'b\n' })
    expect(refused).toMatchObject({ code: 67, stdout: '' })
    expect(refused.stderr).toMatch(/^mq-mail: reject@d\.ex was refused: [^\n]+\n$/)
    const nobody = await site.run('mq-mail', ['-s', 's'], { stdin: 'b\n' })
    expect(nobody).toMatchObject({ code: 64, stdout: '' })
    expect(nobody.stderr).toMatch(/^mq-mail: no recipients[^\n]*\n$/)
    expect(site.received).toHaveLength(1)
  })
})

describe('a header given with -a', () => {
  it('is added, or takes the place of a generated one', async () => {
    const site = await openSite()
    const args = [
      '-a',
      'X-Name: value',
      '-a',
      'X-Name:second',
      '-a',
      'subject: new',
      '-a',
      'Reply-To: r@s.ex',
      'one@d.ex',
    ]
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    const { header } = cut(site.received[0]?.data)
    expect(header).toContain('X-Name: value\r\nX-Name: second\r\n')
    expect(header).toContain('Reply-To: r@s.ex\r\n')
    expect(header.match(/^subject:.*$/gim)).toEqual(['Subject: new'])
    await site.run('mq-mail', ['-a', 'Subject: new', '-s', 'option', 'one@d.ex'], { stdin: 'b\n' })
    expect(site.received[1]?.data.toString().match(/^subject:.*$/gim)).toEqual(['Subject: option'])
  })

  it.each(['To', 'Cc', 'cc'])('that is %s names recipients too', async (name) => {
    const site = await openSite()
    const args = ['-a', `${name}: Two <two@d.ex>, three@d.ex`, '-c', 'four@d.ex', 'one@d.ex']
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    const [sent] = site.received
    expect([...(sent?.rcptTo ?? [])].sort()).toEqual(['four@d.ex', 'one@d.ex', 'three@d.ex', 'two@d.ex'])
    const lists = { to: field(sent?.data, 'To'), cc: field(sent?.data, 'Cc') }
    if (name === 'To') expect(lists).toEqual({ to: 'one@d.ex, Two <two@d.ex>, three@d.ex', cc: 'four@d.ex' })
    else expect(lists).toEqual({ to: 'one@d.ex', cc: 'four@d.ex, Two <two@d.ex>, three@d.ex' })
  })

  it('that is Bcc names recipients and is never written', async () => {
    const site = await openSite()
    expect(await site.run('mq-mail', ['-a', 'Bcc: two@d.ex', 'one@d.ex'], { stdin: 'b\n' })).toEqual(QUIET)
    expect(await site.run('mq-mail', ['-a', 'BCC : two@d.ex', 'one@d.ex'], { stdin: 'b\n' })).toEqual(QUIET)
    const both = ['one@d.ex', 'two@d.ex']
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([both, both])
    for (const { data } of site.received) expect(data.toString()).not.toMatch(/^bcc|two@/im)
  })

  it.each([
    ['-a', 'no header', 66],
    ['-a', 'X Name: value', 66],
    ['-c', 'a@s.ex\nBcc: evil@d.ex', 64],
    ['-b', 'a@s.ex\nBcc: evil@d.ex', 64],
    ['-r', 'a@s.ex\nBcc: evil@d.ex', 64],
    ['-r', 'a@s.ex>\r\nRCPT TO:<evil@d.ex', 64],
    ['-r', 'Anna\r\nBcc: evil@d.ex <a@s.ex>', 64],
    ['-r', 'bad addr here', 64],
  ])('%s %j is refused before anything is sent', async (option, value, code) => {
    const site = await openSite()
    const result = await site.run('mq-mail', [option, value, 'one@d.ex'], { stdin: 'b\n' })
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(/^mq-mail: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('stays on its line, whatever is in its value', async () => {
    const site = await openSite()
    const args = ['-a', 'X-Name: value\r\nBcc: evil@d.ex\n\nbody', 'one@d.ex']
    expect(await site.run('mq-mail', args, { stdin: 'b\n' })).toEqual(QUIET)
    expect(field(site.received[0]?.data, 'X-Name')).toBe('value Bcc: evil@d.ex body')
    expect(site.received[0]?.rcptTo).toEqual(['one@d.ex'])
    expect(cut(site.received[0]?.data).body).toBe('b\r\n')
  })

  it('cannot come in through the subject, whose line breaks become blanks', async () => {
    const site = await openSite()
    expect(
      await site.run('mq-mail', ['-s', 'a\r\nBcc: evil@d.ex\n\nb', 'one@d.ex'], { stdin: 'b\n' }),
    ).toEqual(QUIET)
    expect(field(site.received[0]?.data, 'Subject')).toBe('a Bcc: evil@d.ex b')
    expect(site.received[0]?.rcptTo).toEqual(['one@d.ex'])
    expect(cut(site.received[0]?.data).body).toBe('b\r\n')
  })
})

describe('the command line of mq-mail', () => {
  it.each([[['-z', 'one@d.ex']], [['-s']], [['--nonsense', 'one@d.ex']], [['-S']]])(
    '%j is refused with 64',
    async (args) => {
      const site = await openSite()
      const result = await site.run('mq-mail', args, { stdin: 'b\n' })
      expect(result).toMatchObject({ code: 64, stdout: '' })
      expect(result.stderr).toMatch(/^mq-mail: [^\n]+\n$/)
      expect(site.server.connections).toBe(0)
    },
  )

  it('prints help and version', async () => {
    const site = await openSite()
    const help = await site.run('mq-mail', ['--help'], { config: '/nonexistent' })
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('--skip-empty ')
    const version = await site.run('mq-mail', ['--version'], { config: '/nonexistent' })
    expect(version).toMatchObject({ code: 0, stderr: '' })
    expect(version.stdout).toMatch(/^mq-mail \d+\.\d+\.\d+\n$/)
  })
})
