/** The queue of msmtpq. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { itemsOf, onlyMessage, queueOf, whyOf } from './files.ts'

const MESSAGE =
  'From: Me <me@site.example>\nTo: Ann <ann@x.example>\nBcc: bob@x.example\nSubject: hi\n\nTo: evil@x.example\n'
const SENT =
  'From: Me <me@site.example>\r\nTo: Ann <ann@x.example>\r\nSubject: hi\r\n\r\nTo: evil@x.example\r\n'
const NAME = '2026-11-21-20.12.00'

const queueWith = (words: string, mail = MESSAGE) =>
  queueOf({ [`${NAME}.mail`]: mail, [`${NAME}.msmtp`]: `${words}\n` })

describe('a message of msmtpq', () => {
  it.each([
    ['-f a@x -- b@x c@x', 'a@x', ['b@x', 'c@x']],
    ['-fa@x b@x', 'a@x', ['b@x']],
    ['b@x --from=a@x c@x', 'a@x', ['b@x', 'c@x']],
    ['--from a@x -oi -i -oem -Fme b@x', 'a@x', ['b@x']],
    ['--read-envelope-from --read-recipients', 'me@site.example', ['ann@x.example', 'bob@x.example']],
    ['-tif a@x c@x', 'a@x', ['c@x', 'ann@x.example', 'bob@x.example']],
    ['-C /etc/x --tls=on --user hugo --passwordeval=x -d -f <> b@x', '', ['b@x']],
  ])('called with %s has its envelope', async (words, sender, recipients) => {
    const message = await onlyMessage(queueWith(words), 'msmtpq')
    expect(message.envelope).toEqual({ sender, recipients })
    expect(message.content.bytes?.toString()).toBe(SENT)
    expect(message.notes).toEqual([])
  })

  it('keeps Bcc where msmtp would have, and what it asks for', async () => {
    const message = await onlyMessage(
      queueWith('-f a@x --remove-bcc-headers=off -a work -N failure,delay -R headers b@x'),
      'msmtpq',
    )
    expect(message.content.bytes?.toString()).toContain('Bcc: bob@x.example\r\n')
    expect(message.envelope.reports).toEqual({ notify: ['failure', 'delay'], ret: 'hdrs' })
    expect(message.notes).toEqual(['it chooses an account or a server; it goes to the configured one'])
  })

  it('takes its sender from the caller when the configuration of msmtp had it', async () => {
    const queue = queueWith('b@x')
    expect(await whyOf(queue, 'msmtpq')).toEqual({
      [`${NAME}.mail`]: 'its sender is not known; name one with --from',
    })
    expect((await onlyMessage(queue, 'msmtpq', { from: 'a@x' })).envelope.sender).toBe('a@x')
  })

  it.each([
    ['-f a@x --new-option b@x', 'its command line has an option that is not known'],
    ['-f a@x -P b@x', 'its command line has an option that is not known'],
    ['-f a@x -Z b@x', 'its command line has an option that is not known'],
    ['b@x -f', 'its command line ends before its last option does'],
    ['-f a@x --undisclosed-recipients b@x', 'it asks for undisclosed recipients'],
    ['-f a@x', 'it has no recipients'],
    [
      '-F John Smith -f a@x b@x',
      'its command line has a name with blanks, which cannot be told from recipients',
    ],
  ])('called with %s is not imported', async (words, why) => {
    expect(await whyOf(queueWith(words), 'msmtpq')).toEqual({ [`${NAME}.mail`]: why })
  })

  it('is not imported when a half of it is missing, empty or torn', async () => {
    const queue = queueOf({
      'alone.mail': MESSAGE,
      'lost.msmtp': '-f a@x b@x\n',
      'empty.mail': '',
      'empty.msmtp': '-f a@x b@x\n',
      'torn.mail': MESSAGE,
      'torn.msmtp': '-f a@x b@x.exam',
      'none.mail': MESSAGE,
      'none.msmtp': '',
      'msmtp.queue.log': 'a log',
    })
    expect(await whyOf(queue, 'msmtpq')).toEqual({
      'alone.mail': 'its .msmtp file cannot be used: it has gone',
      'lost.msmtp': 'its .mail file is missing',
      'empty.mail': 'it is empty',
      'torn.mail': 'its .msmtp file is torn: it does not end with a line end',
      'none.mail': 'its .msmtp file cannot be used: it is empty',
    })
    expect(await whyOf(join(queue, 'msmtp.queue.log'), 'msmtpq')).toEqual({
      '.': 'it is not a message of such a queue',
    })
  })

  it('stays where it is while msmtpq has its lock', async () => {
    const queue = queueWith('-f a@x b@x')
    mkdirSync(join(queue, '.lock'))
    const why = `msmtpq is at work, or has died: end it, remove ${queue}/.lock and import again`
    expect(await whyOf(queue, 'msmtpq')).toEqual({ [`${NAME}.mail`]: why })
  })

  it('is removed with both of its files', async () => {
    const queue = queueOf({
      'a.mail': MESSAGE,
      'a.msmtp': '-f a@x b@x\n',
      'b.mail': MESSAGE,
      'b.msmtp': '-f a@x b@x\n',
    })
    const items = await itemsOf(queue, 'msmtpq')
    const first = items.get('a.mail')
    if (first?.kind === 'message') await first.remove()
    expect(readdirSync(queue).sort()).toEqual(['b.mail', 'b.msmtp'])
  })
})
