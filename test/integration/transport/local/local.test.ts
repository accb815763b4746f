/** Mail that never leaves the machine: Maildir, program, nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bufferContent } from '../../../../src/message/content.ts'
import { DiscardTransport } from '../../../../src/transport/local/discard.ts'
import { MaildirTransport } from '../../../../src/transport/local/maildir.ts'
import { PipeTransport } from '../../../../src/transport/local/pipe.ts'
import { deliveryTo } from '../settings.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailqueue-local-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const content = bufferContent(Buffer.from('Subject: gr\u00fc\u00dfe\r\n\r\n.\r\nFrom x\r\n'))
const refusing = (): void => {
  throw new Error('the disk is full')
}

describe('a Maildir', () => {
  const maildir = (): string => join(directory, 'deep', 'Maildir')
  const names = (): string[][] => ['tmp', 'new', 'cur'].map((folder) => readdirSync(join(maildir(), folder)))
  const stored = (): string => readFileSync(join(maildir(), 'new', names()[1]?.[0] ?? ''), 'utf8')

  it('is made, and gets one file for all recipients, with the envelope in front', async () => {
    const transport = new MaildirTransport(maildir())
    const outcomes = await transport.send(deliveryTo(['a@x', 'b@x'], { content }))
    const name = names()[1]?.[0] ?? ''
    expect(outcomes).toEqual([
      { status: 'delivered', recipient: 'a@x', reply: `stored as new/${name}` },
      { status: 'delivered', recipient: 'b@x', reply: `stored as new/${name}` },
    ])
    expect(names()).toEqual([[], [name], []])
    expect(stored()).toBe(
      'Return-Path: <sender@a.example>\nX-Original-To: a@x\nX-Original-To: b@x\nSubject: grüße\n\n.\nFrom x\n',
    )
    expect(statSync(join(maildir(), 'new', name)).mode & 0o777).toBe(0o600)
    expect(statSync(maildir()).mode & 0o777).toBe(0o700)
  })

  it('has nothing of a message whose delivery cannot be announced, or that was interrupted', async () => {
    const transport = new MaildirTransport(maildir())
    const outcomes = [
      ...(await transport.send(deliveryTo('a@x', { beforeLastByte: refusing }))),
      ...(await transport.send(deliveryTo('a@x'), AbortSignal.abort())),
    ]
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'deferred', scope: 'host' })
    expect(names()).toEqual([[], [], []])
  })

  it('that cannot be made defers the message and says why', async () => {
    writeFileSync(join(directory, 'deep'), '')
    const [outcome] = await new MaildirTransport(maildir()).send(deliveryTo('a@x'))
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'host' })
    expect(JSON.stringify(outcome)).toContain(maildir())
  })
})

describe('a program', () => {
  const seen = (): string => readFileSync(join(directory, 'seen'), 'utf8')
  const script = (text: string): string => {
    writeFileSync(join(directory, 'take'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return join(directory, 'take')
  }

  it('runs once for each recipient, with the message, without a shell', async () => {
    const program = script(
      `{ printf '%s|' "$@" "$SENDER" "$RECIPIENT" "$MAILQUEUE_SECRET"; cat; } >>${directory}/seen`,
    )
    const transport = new PipeTransport(
      [program, '-f', '${sender}', 'to=${recipient}', '$(id)', 'a b'],
      30_000,
    )
    process.env['MAILQUEUE_SECRET'] = 'hunter2'
    const steps: string[] = []
    const outcomes = await transport.send(
      deliveryTo(['a@x', '"$(id) ${sender}"@x'], {
        content,
        onBodyStart: () => void steps.push('start'),
        beforeLastByte: () => void steps.push('last byte'),
        onOutcomes: (some) => Promise.resolve(void steps.push(...some.map(({ recipient }) => recipient))),
      }),
    )
    delete process.env['MAILQUEUE_SECRET']
    expect(outcomes.map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    const message = 'Subject: grüße\n\n.\nFrom x\n'
    const line = (to: string): string =>
      `-f|sender@a.example|to=${to}|$(id)|a b|sender@a.example|${to}||${message}`
    expect(seen()).toBe(line('a@x') + line('"$(id) ${sender}"@x'))
    expect(steps).toEqual(['start', 'last byte', 'a@x', 'last byte'])
  })

  it.each([
    [0, 'delivered'],
    [67, 'failed'],
    [69, 'failed'],
    [75, 'deferred'],
    [1, 'deferred'],
  ])('that ends with %i means %s', async (code, status) => {
    const program = script(`echo first >&2; echo no such user >&2; exit ${code}`)
    const [outcome] = await new PipeTransport([program], 30_000).send(deliveryTo('a@x'))
    expect(outcome).toMatchObject({ status, recipient: 'a@x' })
    expect(JSON.stringify(outcome)).toContain('no such user')
  })

  it('that is killed, or does not end in its time, defers the message', async () => {
    const [killed] = await new PipeTransport([script('kill -9 $$')], 30_000).send(deliveryTo('a@x'))
    expect(killed).toMatchObject({ status: 'deferred', scope: 'recipient' })
    const [late] = await new PipeTransport([script('sleep 600 & wait')], 200).send(deliveryTo('a@x'))
    expect(late).toMatchObject({
      status: 'deferred',
      reason: 'the command did not take it: it did not end within 0.2 s',
    })
  })

  it('that cannot be started defers the message as a fault of this machine, and is not tried again', async () => {
    const outcomes = await new PipeTransport([join(directory, 'none')], 30_000).send(
      deliveryTo(['a@x', 'b@x']),
    )
    expect(outcomes).toHaveLength(2)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'deferred', scope: 'host' })
  })

  it('is not started for a message that cannot be announced', async () => {
    const program = script(`: >${directory}/seen`)
    const [outcome] = await new PipeTransport([program], 30_000).send(
      deliveryTo('a@x', { beforeLastByte: refusing }),
    )
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'host' })
    expect(readdirSync(directory)).toEqual(['take'])
  })

  it('that is interrupted leaves its recipient in doubt', async () => {
    const stopper = new AbortController()
    const transport = new PipeTransport([script('sleep 600 & wait')], 30_000)
    const delivery = deliveryTo('a@x', { beforeLastByte: () => setImmediate(() => stopper.abort()) })
    const [outcome] = await transport.send(delivery, stopper.signal)
    expect(outcome).toMatchObject({ status: 'in-doubt', recipient: 'a@x' })
  })
})

describe('discarding', () => {
  it('takes every message and logs it', async () => {
    const events: unknown[] = []
    const note = (event: string, fields?: unknown): void => void events.push([event, fields])
    const log = { debug: note, info: note, warn: note, error: note, debugEnabled: false }
    const outcomes = await new DiscardTransport(log).send(deliveryTo(['a@x', 'b@x'], { id: 'Q1' }))
    expect(outcomes.map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    expect(events).toEqual([
      ['message.dropped', { id: 'Q1', sender: 'sender@a.example', recipients: ['a@x', 'b@x'] }],
    ])
  })
})
