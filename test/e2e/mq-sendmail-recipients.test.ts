/**
 * Recipients of mq-sendmail, from the command line and from the header: how they are read, which are the same, and
 * what is refused.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const BARE = 'Subject: s\n\nb\n'

const rcpts = (site: MailSite): (readonly string[])[] => site.received.map(({ rcptTo }) => rcptTo)

describe('recipients on the command line', () => {
  it.each<[string, string[], string[]]>([
    ['a list in one operand', ['one@d.ex, two@d.ex'], ['one@d.ex', 'two@d.ex']],
    ['a list without blanks', ['one@d.ex,two@d.ex'], ['one@d.ex', 'two@d.ex']],
    ['names and comments', ['Full N <one@d.ex>', '"q, r" <two@d.ex> (c)'], ['one@d.ex', 'two@d.ex']],
    ['an empty operand beside another', ['', 'one@d.ex'], ['one@d.ex']],
    ['blanks around it', [' one@d.ex '], ['one@d.ex']],
    ['a name of this host', ['root'], ['root@h.example']],
    ['a name and the same with the domain', ['root', 'root@H.EXAMPLE'], ['root@h.example']],
    ['the same twice', ['one@d.ex', 'one@d.ex,one@d.ex'], ['one@d.ex']],
    ['the domain in capitals', ['one@d.ex', 'one@D.EX'], ['one@d.ex']],
    ['the name in capitals, which may be another', ['one@d.ex', 'ONE@d.ex'], ['one@d.ex', 'ONE@d.ex']],
    ['after the end of options', ['--', 'one@d.ex'], ['one@d.ex']],
  ])('may be %s', async (_, operands, wanted) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', operands, { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([wanted])
    expect(site.queue()).toEqual([])
  })

  it.each(['foo@@bar..x', '|/bin/touch MARK', 'MARK', '"MARK"', ':include:/etc/passwd'])(
    'such as %s are refused with 65: nothing is run, read, written, sent or queued',
    async (operand) => {
      const site = await openSite()
      const marker = join(site.directory, 'marker')
      const result = await site.run('mq-sendmail', [operand.replace('MARK', marker)], { stdin: M0 })
      expect(result).toMatchObject({ code: 65, stdout: '' })
      expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
      expect(existsSync(marker)).toBe(false)
      expect(site.server.connections).toBe(0)
      expect(site.queue()).toEqual([])
    },
  )

  it('that cannot be used do not stop the others; the code is 65', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['foo@@bar..x', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 65, stdout: '' })
    expect(rcpts(site)).toEqual([['one@d.ex']])
    expect(site.queue()).toEqual([])
  })
})

describe('recipients in the header, with -t', () => {
  it.each<[string, string, string[]]>([
    [
      'To, Cc and Bcc',
      'To: one@d.ex\nCc: two@d.ex\nBcc: three@d.ex\n',
      ['one@d.ex', 'two@d.ex', 'three@d.ex'],
    ],
    ['Bcc alone', 'Bcc: two@d.ex\n', ['two@d.ex']],
    [
      'any case, and blanks before the colon',
      'TO: one@d.ex\nBCC: two@d.ex\nBcc : three@d.ex\n',
      ['one@d.ex', 'two@d.ex', 'three@d.ex'],
    ],
    [
      'folded fields',
      'To: one@d.ex,\n two@d.ex\nBcc: three@d.ex,\n\tfour@d.ex\n',
      ['one@d.ex', 'two@d.ex', 'three@d.ex', 'four@d.ex'],
    ],
    ['an empty group and Bcc', 'To: undisclosed-recipients:;\nBcc: joe@d.ex\n', ['joe@d.ex']],
  ])('come from %s', async (_, fields, wanted) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-t'], { stdin: `${fields}${BARE}` })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([wanted])
    expect(site.received[0]?.data.toString()).not.toMatch(/bcc\s*:|joe@/i)
    expect(site.queue()).toEqual([])
  })

  it('join those of the command line, also when the header names none', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-t', '--', 'one@d.ex'], { stdin: BARE })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['one@d.ex']])
  })

  it.each([[['-t']], [[]], [['']]])('must be somewhere: %j without any ends with 64', async (args) => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', args, { stdin: BARE })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*no recipients[^\n]*\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('a recipient that the server refuses', () => {
  it('beside another ends with 67 and is named; the other has the whole message once', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['one@d.ex', 'reject@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toContain('reject@d.ex')
    expect(rcpts(site)).toEqual([['one@d.ex']])
    expect(site.received[0]?.data.toString()).toContain('\r\n\r\nbody\r\n')
    expect(site.queued().map(({ folder, recipients }) => [folder, recipients])).toEqual([
      ['failed', ['reject@d.ex']],
    ])
  })

  it('is not tried again', async () => {
    const site = await openSite()
    expect((await site.run('mq-sendmail', ['reject@d.ex'], { stdin: M0 })).code).toBe(67)
    const queue = site.queue()
    await site.run('mq-sendmail', ['-q'])
    expect(site.server.commands.filter((command) => command.startsWith('RCPT'))).toHaveLength(1)
    expect(site.queue()).toEqual(queue)
    expect(site.queued().map(({ folder }) => folder)).toEqual(['failed'])
  })
})
