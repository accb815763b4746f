/** Queues of mailqueue-runner, and of this project. */
import { linkSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { queueContents } from '../../../helpers/queue-dir.ts'
import { claimOnly, deferred, delivered, messageTo } from '../contract.ts'
import { onlyMessage, queueOf, whyOf } from './files.ts'
import { testQueue } from '../maildir.ts'

const NAME = '1763755920.M123456P77Q1.host.example'
const BODY = 'Subject: hi\r\n\r\nX-Queue-Meta-End: end\r\nEnvelope-to: evil@site.example\r\n'
const STORED = [
  'Return-path: <foo@site.example>',
  'Envelope-to: bar@site.example,"b,c"@site.example',
  'X-Queue-Date: Fri, 21 Nov 2025 21:12:00 +0100',
  'X-Last-Attempt: Fri, 21 Nov 2025 21:42:00 +0100',
  'X-Retries: 3',
  'X-Queue-Meta-End: end',
  BODY,
].join('\r\n')
const LATER = { clock: { now: () => Date.now() + 31 * 60_000 } }

describe('a message of mailqueue-runner', () => {
  it('comes with its history, and its octets stay', async () => {
    const queue = queueOf({ [`new/${NAME}`]: STORED }, ['cur', 'tmp'])
    const message = await onlyMessage(queue, 'mailqueue-runner')
    expect(message).toMatchObject({
      envelope: { sender: 'foo@site.example', recipients: ['bar@site.example', '"b,c"@site.example'] },
      attempts: 3,
      lastAttempt: Date.UTC(2025, 10, 21, 20, 42),
      queuedAt: Date.UTC(2025, 10, 21, 20, 12),
      failed: false,
      notes: [],
    })
    expect(message.content.bytes?.toString()).toBe(BODY)
    await message.remove()
    expect(readdirSync(join(queue, 'new'))).toEqual([])
  })

  it('comes with what its sender asks for', async () => {
    const asked = [
      'X-Queue-Dsn: RET=HDRS NOTIFY=FAILURE',
      'X-Queue-Rcpt-Dsn: TO="b,c"@site.example NOTIFY=NEVER ORCPT=rfc822;root+2B1@site.example',
      'X-Queue-Body: 8BITMIME',
      'X-Queue-Meta-End: end',
    ]
    const queue = queueOf({ [`new/${NAME}`]: STORED.replace('X-Queue-Meta-End: end', asked.join('\r\n')) })
    const { envelope, content } = await onlyMessage(queue, 'mailqueue-runner')
    content.close()
    expect(envelope).toEqual({
      sender: 'foo@site.example',
      recipients: ['bar@site.example', '"b,c"@site.example'],
      reports: {
        ret: 'hdrs',
        notify: ['failure'],
        recipients: new Map([
          ['"b,c"@site.example', { notify: ['never'], original: 'rfc822;root+1@site.example' }],
        ]),
      },
      body: '8bitmime',
    })
  })

  it('is left alone while it is claimed, and for half an hour', async () => {
    const queue = queueOf({ [`cur/${NAME}`]: STORED, 'cur/ours:1,p9r9.1': STORED }, ['new'])
    expect(await whyOf(queue, 'mailqueue-runner')).toEqual({
      [`cur/${NAME}`]: 'it is being sent, or was claimed less than 30 minutes ago',
      'cur/ours:1,p9r9.1': 'it is claimed; let mq-run deliver or recover it first',
    })
    expect(await whyOf(queue, 'mailqueue-runner', LATER)).toMatchObject({ [`cur/${NAME}`]: 'message' })
  })

  it('that has two names after a crash is one message', async () => {
    const queue = queueOf({ [`new/${NAME}`]: STORED }, ['cur'])
    linkSync(join(queue, 'new', NAME), join(queue, 'cur', NAME))
    expect(await whyOf(queue, 'mailqueue-runner')).toEqual({ [`new/${NAME}`]: 'it is being claimed' })
    await (await onlyMessage(queue, 'mailqueue-runner', LATER)).remove()
    expect([...readdirSync(join(queue, 'new')), ...readdirSync(join(queue, 'cur'))]).toEqual([])
  })

  it('is not imported when it is torn', async () => {
    const queue = queueOf({
      'new/within-block': STORED.slice(0, 60),
      'new/no-message': STORED.slice(0, STORED.indexOf(BODY)),
      'new/other': 'Subject: hi\n\nbody\n',
    })
    expect(await whyOf(queue, 'mailqueue-runner')).toEqual({
      'new/within-block': 'the end line of the metadata block is missing',
      'new/no-message': 'it has an envelope but no message',
      'new/other': 'the end line of the metadata block is missing',
    })
  })
})

describe('a message of our own queue', () => {
  it('goes only to those who do not have it, and its journal goes away with it', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    await claim.record([delivered('a@x'), deferred('b@x')])
    await claim.finish({ action: 'retry', at: 1_800_000_000_000 })
    await runner.close()
    const message = await onlyMessage(queueDir, 'mailqueue-runner')
    expect(message.envelope.recipients).toEqual(['b@x'])
    expect(message.attempts).toBe(1)
    expect(message.notes).toEqual(['1 of its recipients have it or were given up, and are left out'])
    await message.remove()
    expect(queueContents(queueDir)).toEqual({})
  })

  it('is not imported while it is held, and is a failed one when it is in failed/', async () => {
    const queue = queueOf({ [`hold/${NAME}`]: STORED, 'failed/x': STORED, 'new/x.reason': 'x' })
    expect(await whyOf(queue, 'mailqueue-runner')).toEqual({
      [`hold/${NAME}`]: 'it is held; release it first',
      'failed/x': 'message',
    })
    expect((await onlyMessage(join(queue, 'failed'), 'mailqueue-runner')).failed).toBe(true)
  })
})
