/**
 * The command line of mq-sendmail; mq-sendmail-callers.test.ts has the lines that real callers write. No option and no argument of one ever becomes a
 * recipient, and a line that is not understood sends nothing.
 */
import { describe, expect, it } from 'vitest'
import { SENDMAIL_OPTIONS } from '../../src/cli/sendmail/options.ts'
import { CALLER, M0, M0_WIRE, openSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const M1 = 'Subject: s\n\nb\n'

const from = (data: Buffer | undefined): string => /^From: (.*)\r$/m.exec(data?.toString() ?? '')?.[1] ?? ''
const body = (data: Buffer | undefined): string => {
  const text = data?.toString('latin1') ?? ''
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

describe('options that change nothing', () => {
  const ignored = SENDMAIL_OPTIONS.filter(({ effect }) => effect === 'ignored')

  it('are all accepted, alone and in one line, with their arguments apart', async () => {
    const site = await openSite()
    const args = ignored.flatMap(({ letter, long, takes }) => [
      ...(letter === undefined ? [] : [`-${letter}`, ...(takes === 'required' ? ['argument'] : [])]),
      ...(long === undefined ? [] : [`--${long}`]),
    ])
    expect(args.length).toBeGreaterThan(ignored.length)
    expect(await site.run('mq-sendmail', [...args, 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
  })

  it.each(ignored.filter(({ letter, takes }) => letter !== undefined && takes === 'required'))(
    '-$letter takes its argument attached too',
    async ({ letter = '' }) => {
      const site = await openSite()
      expect(await site.run('mq-sendmail', [`-i${letter}x@y.ex`, 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
      expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    },
  )

  it.each(['-om', '-oeq', '-oo', '-odi', '-odb', '-or0s', '-oT', '-O', '-os'])(
    '%s is one of them',
    async (option) => {
      const site = await openSite()
      const args = option === '-O' ? ['-O', 'DeliveryMode=b'] : [option]
      expect(await site.run('mq-sendmail', [...args, 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
      expect(site.received.map(({ data }) => data.toString())).toEqual([M0_WIRE])
    },
  )
})

describe('the sender', () => {
  it.each([
    [['-f', ''], '', 'MAILER-DAEMON <MAILER-DAEMON@h.example>'],
    [['-f', '<>'], '', 'MAILER-DAEMON <MAILER-DAEMON@h.example>'],
    [['-f', ' a@s.ex '], 'a@s.ex', 'Env N <a@s.ex>'],
    [['-f', 'Full N <a@s.ex>'], 'a@s.ex', 'Full N <a@s.ex>'],
    [['-f', 'tester'], 'tester@h.example', 'Env N <tester@h.example>'],
    [['-f', 'a@s.ex', '-f', 'b@s.ex'], 'b@s.ex', 'Env N <b@s.ex>'],
    [['-r', 'env@s.ex'], 'env@s.ex', 'Env N <env@s.ex>'],
    [['-F', 'A B', '-fa@s.ex'], 'a@s.ex', 'A B <a@s.ex>'],
    [['-F', 'Ünï', '-fa@s.ex'], 'a@s.ex', '=?UTF-8?B?w5xuw68=?= <a@s.ex>'],
    [['-F', 'B. A, Jr', '-fa@s.ex'], 'a@s.ex', '"B. A, Jr" <a@s.ex>'],
    [[], CALLER, `Env N <${CALLER}>`],
  ])('of %j is %s', async (args, sender, header) => {
    const site = await openSite()
    const run = { stdin: M1, env: { NAME: 'Env N' } }
    expect(await site.run('mq-sendmail', [...args, '--', 'one@d.ex'], run)).toEqual(QUIET)
    expect(site.received.map(({ mailFrom }) => mailFrom)).toEqual([sender])
    expect(from(site.received[0]?.data)).toBe(header)
  })

  it('is the configured one when the caller names none', async () => {
    const site = await openSite({ from: 'Site Mail <site@s.ex>' })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M1 })).toEqual(QUIET)
    expect(site.received[0]?.mailFrom).toBe('site@s.ex')
    expect(from(site.received[0]?.data)).toBe('Site Mail <site@s.ex>')
  })

  it.each(['a@s.ex, b@s.ex', 'foo@@bar..x', 'a@s.ex\r\nRCPT TO:<x@d.ex>'])(
    '%j is refused with 65',
    async (sender) => {
      const site = await openSite()
      const result = await site.run('mq-sendmail', ['-f', sender, 'one@d.ex'], { stdin: M1 })
      expect(result).toMatchObject({ code: 65, stdout: '' })
      expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
      expect(site.server.commands).toEqual([])
      expect(site.queue()).toEqual([])
    },
  )
})

describe('a line that is not understood', () => {
  it.each([
    ['-z', 'one@d.ex'],
    ['-iz', 'one@d.ex'],
    ['--frobnicate', 'one@d.ex'],
    ['one@d.ex', '-f', 'env@s.ex'],
    ['-s', 'subj', 'one@d.ex'],
    ['-h'],
    ['-f'],
    ['-V'],
    ['-V', 'caf\u00e9', 'one@d.ex'],
    ['-N', 'sometimes', 'one@d.ex'],
    ['--host', 'a b', 'one@d.ex'],
    ['--host', '', 'one@d.ex'],
    ['--dsn-notify=never,failure', 'one@d.ex'],
    ['-R', 'half', 'one@d.ex'],
    ['-bs', 'one@d.ex'],
    ['-bs', '-t'],
    ['-bd'],
    ['-bD'],
    ['-bt'],
    ['-bz'],
    ['-q30m'],
    ['-q', 'one@d.ex'],
    ['-bp', 'one@d.ex'],
    ['-bi', 'one@d.ex'],
    ['--verbose=yes', 'one@d.ex'],
    ['-M', 'id'],
    ['-Qreason'],
    ['-D'],
    ['-E', 'one@d.ex'],
    ['-J', 'one@d.ex'],
    ['-bh'],
    ['-bH'],
    ['-bl'],
    ['-bP'],
  ])('ends with 64, one line, and nothing sent: %s %s', async (...args) => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', args, { stdin: M0 })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})

describe('the end of the message', () => {
  const text = 'l1\n.\n..x\nl2\n'

  it.each([
    [[], text, 'l1\r\n'],
    [['-FAnacron', '-odi'], text, 'l1\r\n'],
    [[], 'l1\r\n.\r\nl2\r\n', 'l1\r\n'],
    [[], 'l1\n.', 'l1\r\n'],
    [[], '..x\n.y\n. \nend', '.x\r\n.y\r\n. \r\nend\r\n'],
    [['-i'], text, 'l1\r\n.\r\n..x\r\nl2\r\n'],
    [['-oi'], text, 'l1\r\n.\r\n..x\r\nl2\r\n'],
    [['-O', 'IgnoreDots=true'], text, 'l1\r\n.\r\n..x\r\nl2\r\n'],
    [['-O', 'IgnoreDots'], text, 'l1\r\n.\r\n..x\r\nl2\r\n'],
    [['-oitrue'], text, 'l1\r\n.\r\n..x\r\nl2\r\n'],
    [['-oifalse'], text, 'l1\r\n'],
    [['-O', 'IgnoreDots=false'], text, 'l1\r\n'],
  ])('with %j and %j leaves the body %j', async (args, given, wanted) => {
    const site = await openSite()
    const stdin = `Subject: s\n\n${given}`
    expect(await site.run('mq-sendmail', [...args, 'one@d.ex'], { stdin })).toEqual(QUIET)
    expect(site.received.map(({ data }) => body(data))).toEqual([wanted])
  })
})

describe('the full name in the configured sender', () => {
  it.each(['Doe, Jane', 'x (y', 'a"b', 'a;b', 'a\\b', 'a:b'])(
    '%s stops no mail, and stands in quotes',
    async (name) => {
      const site = await openSite({ from: '%F <me@s.ex>' })
      const run = { stdin: M1, env: { NAME: name } }
      expect(await site.run('mq-sendmail', ['one@d.ex'], run)).toEqual(QUIET)
      expect(from(site.received[0]?.data)).toBe(`"${name.replace(/["\\]/g, '\\$&')}" <me@s.ex>`)
      expect(site.queue()).toEqual([])
    },
  )

  it.each(['a@b@c', 'Doe, Jane <me@s.ex>'])(
    '%s as a sender is a fault of the configuration',
    async (sender) => {
      const site = await openSite({ from: sender })
      const result = await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
      expect(result).toMatchObject({ code: 78, stdout: '' })
      expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*\.conf:\d+: from [^\n]*\n$/)
      expect(site.server.connections).toBe(0)
      expect(site.queue()).toEqual([])
    },
  )
})

describe('settings of sendmail', () => {
  it.each(['DoubleBounceAddress=x', 'DeadLetterDrop=/x', 'DontBlameSendmail=safe', 'DeliveryMode=q'])(
    '-O %s does not end -odq',
    async (setting) => {
      const site = await openSite()
      expect(await site.run('mq-sendmail', ['-odq', '-O', setting, 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
      expect(site.server.connections).toBe(0)
      expect(site.queue()).toEqual(['new one@d.ex'])
    },
  )
})

describe('a message that is given to something else', () => {
  it.each([
    ['-t', '-q'],
    ['-t', '-bp'],
    ['-t', '-I'],
    ['-t', '-S'],
    ['-f', 'a@s.ex', '-t', '-q'],
    ['-bs', '-q'],
    ['-q', '-bs'],
    ['-bp', '-bi'],
    ['-bm', '-q'],
    ['-bs', '--read-envelope-from'],
    ['--host=h', '-bp'],
    ['--host=h', '-q'],
  ])('is refused with 64 and not forgotten: %s %s', async (...args) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', args, { stdin: M0 })).toMatchObject({ code: 64, stdout: '' })
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })
})
