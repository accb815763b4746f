/** The options -B, -N, -R and -V, from the command line to the commands that the server gets, now or after a run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const SENDER = ['-f', 'a@s.ex']
const ASKING = ['-N', 'failure,DELAY', '-R', 'hdrs', '-V', 'id+20 x=1']
const EIGHT_BIT = M0.replace('body', 'gr\u00fc\u00dfe')

const commands = (site: MailSite): string[] =>
  site.server.commands
    .filter((line) => /^(?:MAIL|RCPT)/.test(line))
    .map((line) => line.replace(/ SIZE=\d+/, ''))

/** Both ways of a message: at once, and out of the queue. */
const WAYS = [
  ['at once', false],
  ['out of the queue', true],
] as const

async function send(site: MailSite, queued: boolean, args: readonly string[], stdin = M0): Promise<void> {
  const all = [...(queued ? ['-odq'] : []), ...SENDER, ...args]
  expect(await site.run('mq-sendmail', all, { stdin })).toEqual(QUIET)
  if (!queued) return
  expect(commands(site)).toEqual([])
  expect((await site.run('mq-run', [])).code).toBe(0)
}

describe.each(WAYS)('what the sender asks for, sent %s,', (_way, queued) => {
  it('gets to a server that offers it', async () => {
    const site = await openSite({}, { extensions: ['DSN', '8BITMIME', 'SIZE 1000000'] })
    await send(site, queued, [...ASKING, '-B', '8BITMIME', 'one@d.ex', 'two@d.ex'])
    expect(commands(site)).toEqual([
      'MAIL FROM:<a@s.ex> BODY=8BITMIME RET=HDRS ENVID=id+2B20+20x+3D1',
      'RCPT TO:<one@d.ex> NOTIFY=FAILURE,DELAY',
      'RCPT TO:<two@d.ex> NOTIFY=FAILURE,DELAY',
    ])
    expect(site.queue()).toEqual([])
  })

  it('stays away from a server that does not', async () => {
    const site = await openSite({}, { extensions: ['SIZE 1000000'] })
    await send(site, queued, [...ASKING, '-B', '8BITMIME', 'one@d.ex'])
    expect(commands(site)).toEqual(['MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>'])
    expect(site.queue()).toEqual([])
  })

  it.each([
    [['-B8BITMIME'], M0, ' BODY=8BITMIME'],
    [['-B', '8bitMime'], M0, ' BODY=8BITMIME'],
    [['-B', '7BIT'], M0, ''],
    [['-B', '8BITMIME', '-B', '7bit'], M0, ''],
    [['-B', 'BINARYMIME'], M0, ''],
    [['-B', '8BITMIME', '-B', 'other'], M0, ' BODY=8BITMIME'],
    [[], EIGHT_BIT, ' BODY=8BITMIME'],
    [['-B', '7BIT'], EIGHT_BIT, ' BODY=8BITMIME'],
  ])('is the body type %j as far as the message allows', async (args, stdin, body) => {
    const site = await openSite({}, { extensions: ['8BITMIME'] })
    await send(site, queued, [...args, 'one@d.ex'], stdin)
    expect(commands(site)).toEqual([`MAIL FROM:<a@s.ex>${body}`, 'RCPT TO:<one@d.ex>'])
    expect(site.received.map(({ data }) => data.toString())).toEqual([stdin.replaceAll('\n', '\r\n')])
    expect(site.queue()).toEqual([])
  })
})

it('a message that asks for nothing has nothing about it in its file', async () => {
  const site = await openSite(DOWN)
  expect(await site.run('mq-sendmail', ['-B', '7BIT', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
  const blocks = site.queued().map(({ folder, name }) => {
    const text = readFileSync(join(site.queueDir, folder, name), 'latin1')
    return text.slice(0, text.indexOf('From: ')).split('\r\n')
  })
  expect(blocks).toEqual([
    [
      expect.stringMatching(/^Return-path: /),
      'Envelope-to: one@d.ex',
      expect.stringMatching(/^X-Queue-Date: /),
      'X-Queue-Meta-End: end',
      '',
    ],
  ])
})
