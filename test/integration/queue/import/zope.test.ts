/** The queues of zope.sendmail, repoze.sendmail and CPSMailAccess. */
import { linkSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../helpers/queue-dir.ts'
import { itemsOf, onlyMessage, queueOf, whyOf } from './files.ts'

const NAME = '1763755920.4711.host.1234567890'
const ENVELOPE = 'X-Zope-From: me@site.example\nX-Zope-To: Ann <ann@x.example>, bob@x.example\n'
const MESSAGE = 'Subject: hi\n\nbody\n'
const HOUR = 3_600_000

describe('a message of zope.sendmail', () => {
  it('has its envelope in its first two lines, and the rest is the message with CRLF', async () => {
    const queue = queueOf({ [`new/${NAME}`]: ENVELOPE + MESSAGE }, ['cur', 'tmp'])
    const before = snapshot(queue)
    expect(await onlyMessage(queue, 'zope')).toMatchObject({
      source: join(queue, 'new', NAME),
      envelope: { sender: 'me@site.example', recipients: ['ann@x.example', 'bob@x.example'] },
      content: { bytes: Buffer.from('Subject: hi\r\n\r\nbody\r\n') },
      attempts: 0,
      lastAttempt: undefined,
      queuedAt: 1_763_755_920_000,
      failed: false,
      notes: [],
    })
    expect(snapshot(queue)).toEqual(before)
  })

  it.each([
    [
      'CRLF line ends',
      'X-Zope-From: a@x\r\nX-Zope-To: b@x\r\nSubject: s\r\n\r\nb\r\n',
      'Subject: s\r\n\r\nb\r\n',
    ],
    ['no blank line', 'X-Zope-From: a@x\nX-Zope-To: b@x\nSubject: s', 'Subject: s\r\n'],
    [
      'lines in its body that look like an envelope',
      'X-Zope-From: a@x\nX-Zope-To: b@x\nSubject: s\n\nX-Zope-To: evil@x\nBcc: evil@x\n',
      'Subject: s\r\n\r\nX-Zope-To: evil@x\r\nBcc: evil@x\r\n',
    ],
    [
      'Bcc, which that program sends as well',
      'X-Zope-From: a@x\nX-Zope-To: b@x\nBcc: c@x\n\n',
      'Bcc: c@x\r\n\r\n',
    ],
  ])('may have %s', async (_, file, bytes) => {
    const { content, envelope } = await onlyMessage(queueOf({ [`new/${NAME}`]: file }), 'zope')
    expect(content.bytes?.toString()).toBe(bytes)
    expect(envelope).toEqual({ sender: 'a@x', recipients: ['b@x'] })
  })

  it.each([
    ['the null sender', 'X-Zope-From: <>\nX-Zope-To: b@x\n', { sender: '', recipients: ['b@x'] }],
    ['no sender at all', 'X-Zope-From: \nX-Zope-To: b@x\n', { sender: '', recipients: ['b@x'] }],
    [
      'a comma in a local part',
      'X-Zope-From: a@x\nX-Zope-To: "b,c"@x\n',
      { sender: 'a@x', recipients: ['"b,c"@x'] },
    ],
    ['other than ASCII', 'X-Zope-From: a@x\nX-Zope-To: jörg@x\n', { sender: 'a@x', recipients: ['jörg@x'] }],
    [
      'a local name',
      'X-Zope-From: app\nX-Zope-To: root\n',
      { sender: 'app@h.example', recipients: ['root@h.example'] },
    ],
  ])('may have %s in its envelope', async (_, lines, envelope) => {
    const queue = queueOf({ [`new/${NAME}`]: lines + MESSAGE })
    expect((await onlyMessage(queue, 'zope', { domain: 'h.example' })).envelope).toEqual(envelope)
  })

  it('is not imported when it is torn or an address cannot be used', async () => {
    const queue = queueOf({
      'new/empty': '',
      'new/first-line': 'X-Zope-From: a@x\n',
      'new/within-line': 'X-Zope-From: a@x\nX-Zope-To: b@x',
      'new/no-message': 'X-Zope-From: a@x\nX-Zope-To: b@x\n',
      'new/zeroes': Buffer.alloc(4096),
      'new/bad-address': `X-Zope-From: a@x\nX-Zope-To: b@x, c d@x\n${MESSAGE}`,
      'new/latin1': Buffer.from(`X-Zope-From: a@x\nX-Zope-To: j\xf6rg@x\n${MESSAGE}`, 'latin1'),
      'new/nobody': `X-Zope-From: a@x\nX-Zope-To: \n${MESSAGE}`,
      'cur/good': ENVELOPE + MESSAGE,
    })
    const why = await whyOf(queue, 'zope')
    expect(why).toEqual({
      'new/empty': 'it is empty',
      'new/first-line': 'it ends before its envelope does',
      'new/within-line': 'it ends before its envelope does',
      'new/no-message': 'it has an envelope but no message',
      'new/zeroes': 'it ends before its envelope does',
      'new/bad-address': expect.stringContaining('"c d@x" is not a mail address') as string,
      'new/latin1': expect.stringContaining('not valid UTF-8') as string,
      'new/nobody': 'it has no recipients',
      'cur/good': 'message',
    })
  })

  it('has an envelope of any length', async () => {
    const recipients = Array.from({ length: 20_000 }, (_, place) => `user${place}@x.example`)
    const file = `X-Zope-From: a@x\nX-Zope-To: ${recipients.join(', ')}\n${MESSAGE}`
    const { envelope } = await onlyMessage(queueOf({ [`new/${NAME}`]: file }), 'zope')
    expect(envelope.recipients).toEqual(recipients)
  })
})

describe('the hidden files of zope.sendmail', () => {
  it('keep a message that is being sent where it is, until the lock is 3 hours old', async () => {
    const queue = queueOf({ [`new/${NAME}`]: ENVELOPE + MESSAGE })
    linkSync(join(queue, 'new', NAME), join(queue, 'new', `.sending-${NAME}`))
    expect(await whyOf(queue, 'zope')).toEqual({
      [`new/${NAME}`]: `it is being sent, or was tried less than 3 hours ago: .sending-${NAME}`,
    })
    const message = await onlyMessage(queue, 'zope', { clock: { now: () => Date.now() + 3 * HOUR + 1000 } })
    expect(message.notes).toEqual(['an earlier attempt failed or died; it may have been sent'])
    await message.remove()
    expect(readdirSync(join(queue, 'new'))).toEqual([])
  })

  it('say which messages were refused for good', async () => {
    const queue = queueOf({
      [`new/.rejected-${NAME}`]: ENVELOPE + MESSAGE,
      'new/half-way': ENVELOPE + MESSAGE,
      'new/.hidden': 'x',
    })
    linkSync(join(queue, 'new/half-way'), join(queue, 'new/.rejected-half-way'))
    const items = await itemsOf(queue, 'zope')
    expect([...items.keys()].sort()).toEqual([`new/.rejected-${NAME}`, 'new/half-way'])
    for (const item of items.values()) {
      expect(item).toMatchObject({ kind: 'message', failed: true })
      if (item.kind === 'message') await item.remove()
    }
    expect(readdirSync(join(queue, 'new'))).toEqual(['.hidden'])
  })

  it('are reported when a lock is all that is left', async () => {
    const queue = queueOf({ [`new/.sending-${NAME}`]: ENVELOPE + MESSAGE })
    utimesSync(join(queue, `new/.sending-${NAME}`), 0, 0)
    expect(await whyOf(queue, 'zope')).toEqual({
      [`new/.sending-${NAME}`]: 'it is a lock without a message, which was sent already',
    })
  })
})

const word = (text: string) => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`

describe('a message of repoze.sendmail', () => {
  it('has its envelope in two header fields, which are taken out, and every other octet stays', async () => {
    const file = [
      'Subject:  hi\tthere',
      `X-Actually-From: ${word('me@site.example')}`,
      'To: x@y',
      `X-Actually-To: ${word('ann@x.example,"b,')}`,
      ` ${word('c"@x.example,jörg@x.example')}`,
      'X-Last: 1',
      '',
      'X-Actually-To: evil@x.example',
      '.',
      '',
    ]
    const message = await onlyMessage(queueOf({ [`new/${NAME}`]: file.join('\n') }), 'repoze')
    expect(message.envelope).toEqual({
      sender: 'me@site.example',
      recipients: ['ann@x.example', '"b,c"@x.example', 'jörg@x.example'],
    })
    expect(message.content.bytes?.toString()).toBe(
      'Subject:  hi\tthere\r\nTo: x@y\r\nX-Last: 1\r\n\r\nX-Actually-To: evil@x.example\r\n.\r\n',
    )
  })

  it('is not imported when the fields are missing, doubled or not readable', async () => {
    const from = 'X-Actually-From: a@x\n'
    const to = 'X-Actually-To: b@x\n'
    const queue = queueOf({
      'new/plain': `${from}${to}\nbody\n`,
      'new/no-to': `${from}Subject: s\n\n${to}`,
      'new/twice': `X-Actually-To: evil@x\n${from}${to}\nbody\n`,
      'new/charset': `${from}X-Actually-To: =?klingon?q?b=40x?=\n\nbody\n`,
      'new/control': `${from}X-Actually-To: =?utf-8?q?b=0D=0A=40x?=\n\nbody\n`,
      'new/torn': `${from}X-Actually-`,
    })
    expect(await whyOf(queue, 'repoze')).toEqual({
      'new/plain': 'message',
      'new/no-to': 'its header has no X-Actually-To',
      'new/twice': 'its header has X-Actually-To twice',
      'new/charset': 'X-Actually-To is in an unknown encoding',
      'new/control': expect.stringContaining('it has a line break') as string,
      'new/torn': 'its header has no X-Actually-To',
    })
  })
})

describe('a message of CPSMailAccess', () => {
  const lines = (host: string, user: string, password: string) =>
    `${ENVELOPE}X-Zope-Hostname: ${host}\nX-Zope-Port: 2525\nX-Zope-Username: ${user}\nX-Zope-Password: ${password}\n`

  it('loses its user name and password, and says so without them', async () => {
    const file = `${lines('mail.x.example', 'hugo', 'hunter2')}Subject: hi\nBcc: c@x.example,\n d@x.example\n\nbody\n`
    const message = await onlyMessage(queueOf({ [`new/${NAME}`]: file }), 'cps')
    expect(message).toMatchObject({
      envelope: { sender: 'me@site.example', recipients: ['ann@x.example', 'bob@x.example'] },
      notes: [
        'it was meant for the server "mail.x.example:2525"; it goes to the configured one',
        'the user name and the password in it are not taken over',
      ],
    })
    expect(message.content.bytes?.toString()).toBe('Subject: hi\r\n\r\nbody\r\n')
    expect(JSON.stringify(message)).not.toMatch(/hugo|hunter2/)
  })

  it('may have nothing set', async () => {
    const queue = queueOf({
      [`new/${NAME}`]: lines('None', 'None', 'None').replace('me@site.example', 'None') + MESSAGE,
    })
    expect(await whyOf(queue, 'cps')).toEqual({
      [`new/${NAME}`]: 'its sender is not known; name one with --from',
    })
    expect(await onlyMessage(queue, 'cps', { from: 'app@x.example' })).toMatchObject({
      envelope: { sender: 'app@x.example' },
      notes: [],
    })
  })

  it('is never read as one of zope.sendmail: its password would be sent', async () => {
    const queue = queueOf({
      'new/whole': lines('None', 'hugo', 'hunter2') + MESSAGE,
      'new/torn': ENVELOPE + 'X-Zope-Host',
    })
    expect(await whyOf(queue, 'zope')).toMatchObject({ 'new/whole': 'it is a message of CPSMailAccess' })
    expect(await whyOf(queue, 'cps')).toEqual({
      'new/whole': 'message',
      'new/torn': 'it ends before its envelope does',
    })
  })
})
