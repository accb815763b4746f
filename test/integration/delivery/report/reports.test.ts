/**
 * Delivery reports, from the failure to the sender's mailbox: who is told, once, and that reports come to an end.
 */
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { enqueueMessage, runQueue, type EnqueueMessageOptions } from '../../../../src/index.ts'
import type { RecipientRequest } from '../../../../src/message/envelope.ts'
import type { RecordedTransaction, Script } from '../../../helpers/scripted-server.ts'
import { holds, settingsOf, sink, temporaryDirectory } from '../workspace.ts'

const HOUR = 3600_000
const DAY = 24 * HOUR
const MESSAGE = 'From: a@site.example\nSubject: the subject\nMessage-ID: <m1@site.example>\n\nbody\n'
const SENDER = 'a@site.example'

/** A queue with one message, a server, and runs of it at a time of one's choice. */
async function site(
  recipients: string,
  {
    script = {},
    more = {},
    ...options
  }: { script?: Script; more?: Record<string, unknown> } & Partial<EnqueueMessageOptions> = {},
) {
  const server = await sink(script)
  const queueDir = join(temporaryDirectory(), 'queue')
  await enqueueMessage(MESSAGE, queueDir, { sender: SENDER, recipients: recipients.split(' '), ...options })
  const start = Date.now()
  const run = (later = 0) =>
    runQueue(queueDir, settingsOf(server.port, { bounce: 'dsn', ...more }), {
      context: { clock: { now: () => start + later } },
    })
  const reports = (): readonly RecordedTransaction[] =>
    server.messages.filter(({ mailFrom }) => mailFrom === '')
  return { server, queueDir, run, reports }
}

/** The part of a report for programs, one group of fields after the other. */
async function statusOf({ data }: RecordedTransaction): Promise<string> {
  const mail = await simpleParser(data)
  const part = mail.attachments.find(({ contentType }) => contentType === 'message/delivery-status')
  return part?.content.toString('utf8') ?? mail.text ?? ''
}

describe('a message that fails for some', () => {
  it('is delivered once to who takes it, bounced once for who does not, and tried again for the rest', async () => {
    let open = false
    const script: Script = {
      rcpt: ({ address }) => {
        if (address === 'no@x.example') return '550 5.1.1 no such user'
        return address === 'later@x.example' && !open ? '451 4.7.1 greylisted' : undefined
      },
    }
    const { server, queueDir, run, reports } = await site('yes@x.example no@x.example later@x.example', {
      script,
    })
    expect(await run()).toMatchObject({ deferred: 1, failed: 0 })
    expect(await holds(queueDir)).toEqual([
      `new: ${SENDER}=pending`,
      'new: yes@x.example=delivered no@x.example=failed later@x.example=deferred',
    ])
    open = true
    await run(HOUR)
    await run(2 * HOUR)
    expect(await holds(queueDir)).toEqual([
      'failed: yes@x.example=delivered no@x.example=failed later@x.example=delivered',
    ])
    expect(server.messages.map(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo])).toEqual(
      expect.arrayContaining([
        [SENDER, 'yes@x.example'],
        [SENDER, 'later@x.example'],
        ['', SENDER],
      ]),
    )
    expect(server.messages).toHaveLength(3)
    const [report] = reports()
    const status = report === undefined ? '' : await statusOf(report)
    expect(status).toMatch(/^Final-Recipient: rfc822; ?no@x\.example\r?$/m)
    expect(status).toMatch(/^Action: failed\r?$/m)
    expect(status).toMatch(/^Status: 5\.1\.1\r?$/m)
    expect(status).toMatch(/^Diagnostic-Code: smtp; 550 5\.1\.1 no such user\r?$/m)
    expect(status).toMatch(/^Remote-MTA: dns; ?\S*127\.0\.0\.1\S*\r?$/m)
    expect(status).not.toMatch(/yes@|later@/)
  })

  it('is bounced when its last recipient expires', async () => {
    const { queueDir, run, reports } = await site('defer@x.example')
    expect(await run(6 * DAY)).toMatchObject({ failed: 1 })
    await run(6 * DAY + HOUR)
    expect(await holds(queueDir)).toEqual(['failed: defer@x.example=expired'])
    const [report] = reports()
    expect(report === undefined ? '' : await statusOf(report)).toMatch(/^Status: 4\.2\.0\r?$/m)
  })

  it('is not bounced twice however often it is run', async () => {
    const { queueDir, run, reports } = await site('reject@x.example')
    for (const time of [0, HOUR, 2 * HOUR, 3 * HOUR]) await run(time)
    expect(reports()).toHaveLength(1)
    expect(await holds(queueDir)).toEqual(['failed: reject@x.example=failed'])
  })
})

describe('a report', () => {
  it('that is refused is never bounced', async () => {
    const script: Script = { rcpt: () => '550 5.1.1 no such user' }
    const { server, queueDir, run } = await site('reject@x.example', { script })
    for (const time of [0, HOUR, 2 * HOUR]) await run(time)
    expect(server.messages).toEqual([])
    expect(await holds(queueDir)).toEqual([`failed: ${SENDER}=failed`, 'failed: reject@x.example=failed'])
  })

  it('that is refused goes to the postmaster, and ends there', async () => {
    const script: Script = { rcpt: () => '550 5.1.1 no such user' }
    const more = { postmaster: 'postmaster@site.example' }
    const { queueDir, run } = await site('reject@x.example', { script, more })
    for (const time of [0, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]) await run(time)
    expect(await holds(queueDir)).toEqual([
      `failed: ${SENDER}=failed`,
      'failed: postmaster@site.example=failed',
      'failed: reject@x.example=failed',
    ])
  })

  it('of more than the limit of an hour waits for the next', async () => {
    const { queueDir, run, reports } = await site('reject@x.example', { more: { bounce_limit: 1 } })
    await enqueueMessage(MESSAGE, queueDir, { sender: 'b@site.example', recipients: 'reject@x.example' })
    await run()
    expect((await holds(queueDir)).filter((line) => line.endsWith('reject@x.example=failed'))).toEqual([
      'failed: reject@x.example=failed',
      'new: reject@x.example=failed',
    ])
    await run(2 * HOUR)
    await run(3 * HOUR)
    expect(
      reports()
        .map(({ rcptTo }) => rcptTo[0])
        .sort(),
    ).toEqual([SENDER, 'b@site.example'])
    expect(await holds(queueDir)).toEqual([
      'failed: reject@x.example=failed',
      'failed: reject@x.example=failed',
    ])
  })

  it.each([
    ['the site makes none', { more: { bounce: 'none' } }],
    ['the sender wants none', { reports: { notify: ['never' as const] } }],
    ['the message has the null sender', { sender: '' }],
  ])('is not made where %s', async (_why, options) => {
    const { queueDir, run, reports } = await site('reject@x.example', options)
    await run()
    await run(HOUR)
    expect(reports()).toEqual([])
    expect(await holds(queueDir)).toEqual(['failed: reject@x.example=failed'])
  })

  it('has the whole message when its sender asked for that, and the name he gave it', async () => {
    const { run, reports, queueDir } = await site('reject@x.example', {
      reports: { ret: 'full', envid: 'my id=1' },
    })
    await run()
    await run(HOUR)
    const [report] = reports()
    const text = report?.data.toString('latin1') ?? ''
    expect(text).toContain('Content-Type: message/rfc822')
    expect(text).toContain('\r\nbody\r\n')
    expect(report === undefined ? '' : await statusOf(report)).toMatch(/^Original-Envelope-Id: my id=1\r?$/m)
    expect(await holds(queueDir)).toEqual(['failed: reject@x.example=failed'])
  })
})

describe('a success that the sender wants to hear of', () => {
  const reports = { notify: ['success' as const, 'failure' as const] }

  it('is told by us when the server does not promise to', async () => {
    const { server, queueDir, run, reports: told } = await site('one@x.example', { reports })
    await run()
    expect(await holds(queueDir)).toEqual([`new: ${SENDER}=pending`])
    await run(HOUR)
    expect(server.messages).toHaveLength(2)
    const [report] = told()
    expect(report === undefined ? '' : await statusOf(report)).toMatch(/^Action: relayed\r?$/m)
    expect(await holds(queueDir)).toEqual([])
  })

  it('is left to a server that offers it, with everything the sender asked for', async () => {
    const script: Script = { extensions: ['DSN', 'SIZE 1000000'] }
    const { server, queueDir, run } = await site('one@x.example', {
      reports: { ...reports, envid: 'a b' },
      script,
    })
    await run()
    expect(server.messages.map(({ params }) => params)).toEqual([expect.stringContaining('ENVID=a+20b')])
    expect(await holds(queueDir)).toEqual([])
  })

  it('is told of those alone about whom he asks, by the names that he gave them', async () => {
    const recipients = new Map<string, RecipientRequest>([
      ['two@x.example', { notify: ['success'], original: 'rfc822;second@h.example' }],
      ['three@x.example', { notify: ['never'] }],
    ])
    const {
      queueDir,
      run,
      reports: told,
    } = await site('one@x.example two@x.example three@x.example', {
      reports: { recipients },
    })
    await run()
    expect(await holds(queueDir)).toEqual([`new: ${SENDER}=pending`])
    await run(HOUR)
    const [report, another] = told()
    const status = report === undefined ? '' : await statusOf(report)
    expect(status.match(/^(?:Original|Final)-Recipient: .*$/gm)).toEqual([
      'Original-Recipient: rfc822; second@h.example',
      'Final-Recipient: rfc822; two@x.example',
    ])
    expect(another).toBeUndefined()
    expect(await holds(queueDir)).toEqual([])
  })
})

describe('a delay', () => {
  it('is not reported of a message that the server takes, however late', async () => {
    const { queueDir, run, reports, server } = await site('b@x.example', { more: { delay_notice: '4h' } })
    expect(await run(5 * HOUR)).toMatchObject({ delivered: 1, deferred: 0 })
    await run(5 * HOUR)
    expect([server.messages.length, reports()]).toEqual([1, []])
    expect(await holds(queueDir)).toEqual([])
  })

  it('is told once when the site wants that', async () => {
    const { queueDir, run, reports } = await site('defer@x.example', { more: { delay_notice: '4h' } })
    for (const time of [0, HOUR, 5 * HOUR, 6 * HOUR, 12 * HOUR, DAY]) await run(time)
    const [notice, another] = reports()
    expect(another).toBeUndefined()
    const status = notice === undefined ? '' : await statusOf(notice)
    expect(status).toMatch(/^Action: delayed\r?$/m)
    expect(status).toMatch(/^Will-Retry-Until: /m)
    expect(await holds(queueDir)).toEqual(['new: defer@x.example=deferred'])
  })

  it('is not told by itself', async () => {
    const { queueDir, run, reports } = await site('defer@x.example')
    for (const time of [0, 5 * HOUR, DAY]) await run(time)
    expect(reports()).toEqual([])
    expect(await holds(queueDir)).toEqual(['new: defer@x.example=deferred'])
  })
})

describe('in_doubt = hold', () => {
  it('keeps a message that the server may have until somebody decides', async () => {
    const { queueDir, run, server } = await site('one@x.example', {
      script: { dot: { just: 'drop' } },
      more: { in_doubt: 'hold' },
    })
    expect(await run()).toMatchObject({ held: 1 })
    await run(DAY)
    expect(server.messages).toEqual([])
    expect(await holds(queueDir)).toEqual(['hold: one@x.example=in-doubt'])
  })
})
