/**
 * The journal: what was appended is read back, what was torn is not, and a fault is never an empty journal.
 */
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RecipientOutcome } from '../../../../src/message/outcome.ts'
import { attemptEvents } from '../../../../src/queue/journal/attempt-events.ts'
import { parseJournal, type TimedEvent } from '../../../../src/queue/journal/event.ts'
import {
  appendJournal,
  journalPath,
  readJournal,
  removeJournal,
} from '../../../../src/queue/journal/journal.ts'
import { namesIn, temporaryQueue } from '../../../helpers/queue-dir.ts'

const TIME = Date.UTC(2026, 10, 21, 20, 12, 0)
const UNIQUE = '1795000000.M1P1Q1R0123456789ab.h'
const delivered = (...recipients: string[]): TimedEvent => ({
  event: 'delivered',
  recipients,
  reply: '2.0.0 Ok',
  time: TIME,
})

function queueWithState(): string {
  const queueDir = temporaryQueue()
  mkdirSync(join(queueDir, 'state'), { recursive: true })
  return queueDir
}

describe('a journal', () => {
  it('reads back what was appended, in order', async () => {
    const queueDir = queueWithState()
    const failed: TimedEvent = {
      event: 'failed',
      recipient: 'b@x',
      reason: 'no such user',
      class: 'recipient',
      code: 550,
      enhanced: '5.1.1',
      time: TIME + 1,
    }
    await appendJournal(queueDir, UNIQUE, [delivered('a@x')], true)
    await appendJournal(queueDir, UNIQUE, [failed], false)
    expect(readJournal(queueDir, UNIQUE)).toEqual([delivered('a@x'), failed])
  })

  it('is only for its owner, and each line is a JSON object with its time first', async () => {
    const queueDir = queueWithState()
    await appendJournal(queueDir, UNIQUE, [delivered('a@x')], true)
    const path = journalPath(queueDir, UNIQUE)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).toBe(
      '\n{"time":"2026-11-21T20:12:00.000Z","event":"delivered","recipients":["a@x"],"reply":"2.0.0 Ok"}\n',
    )
  })

  it('loses nothing but the torn line when a crash tore its end, wherever that was', async () => {
    const line = JSON.stringify({ ...delivered('torn@x'), time: 'x' })
    for (let length = 1; length < line.length; length += 1) {
      const queueDir = queueWithState()
      await appendJournal(queueDir, UNIQUE, [delivered('a@x')], true)
      appendFileSync(journalPath(queueDir, UNIQUE), `\n${line.slice(0, length)}`)
      await appendJournal(queueDir, UNIQUE, [delivered('b@x')], true)
      expect(readJournal(queueDir, UNIQUE)).toEqual([delivered('a@x'), delivered('b@x')])
    }
  })

  it('is torn in the middle of a character without harm', () => {
    const bytes = Buffer.from('{"event":"delivered","recipients":["\u00fc@x"],"reply":""}\n')
    const torn = bytes.subarray(0, bytes.indexOf(0xc3) + 1)
    expect(parseJournal(torn.toString('utf8'))).toEqual([])
  })

  it('passes over lines that are no events, and events it does not know', () => {
    const text = [
      'null',
      '[]',
      '"x"',
      '{}',
      '{"event":"toString"}',
      '{"event":"future","recipients":["a@x"]}',
      '{"event":"delivered"}',
      '{"event":"delivered","recipients":"a@x"}',
      '{"event":"delivered","recipients":[1]}',
      '{"event":"failed"}',
      '{"event":"hold","by":"me","why":"x","time":"2026-11-21T20:12:00Z"}',
    ].join('\n')
    expect(parseJournal(text)).toEqual([{ event: 'hold', by: 'me', why: 'x', time: TIME }])
  })

  it('has time 0 for an event without a time', () => {
    expect(parseJournal('{"event":"expire","recipients":["a@x"],"why":"old"}')).toEqual([
      { event: 'expire', recipients: ['a@x'], why: 'old', time: 0 },
    ])
  })

  it('that does not exist is empty, and may be removed twice', async () => {
    const queueDir = queueWithState()
    expect(readJournal(queueDir, UNIQUE)).toEqual([])
    await appendJournal(queueDir, UNIQUE, [delivered('a@x')], true)
    removeJournal(queueDir, UNIQUE)
    removeJournal(queueDir, UNIQUE)
    expect(namesIn(queueDir, 'state')).toEqual([])
  })

  it('that cannot be looked for is an error, never an empty journal', () => {
    const queueDir = queueWithState()
    // A name too long for the file system: stat fails with something else than ENOENT.
    expect(() => readJournal(queueDir, 'x'.repeat(300))).toThrow(
      expect.objectContaining({ code: 'QUEUE_IO' }),
    )
  })

  it('that cannot be written is a queue error', async () => {
    const queueDir = temporaryQueue()
    mkdirSync(queueDir)
    writeFileSync(join(queueDir, 'state'), '')
    await expect(appendJournal(queueDir, UNIQUE, [delivered('a@x')], true)).rejects.toMatchObject({
      code: 'QUEUE_IO',
    })
  })
})

describe('the events of an attempt', () => {
  const outcomes: RecipientOutcome[] = [
    { status: 'delivered', recipient: 'a@x', reply: 'Ok 1', remoteId: 'R1' },
    { status: 'failed', recipient: 'b@x', scope: 'recipient', reason: 'no', code: 550, enhanced: '5.1.1' },
    { status: 'delivered', recipient: 'c@x', reply: 'Ok 1', remoteId: 'R1' },
    { status: 'in-doubt', recipient: 'd@x', reason: 'reset' },
    { status: 'deferred', recipient: 'e@x', scope: 'recipient', reason: 'later' },
    { status: 'in-doubt', recipient: 'f@x', reason: 'reset' },
  ]

  it('name each recipient once, with what it got', () => {
    expect(attemptEvents(outcomes, 'p1', TIME)).toEqual([
      { event: 'attempt', runner: 'p1', counts: true, time: TIME },
      { event: 'delivered', recipients: ['a@x', 'c@x'], reply: 'Ok 1', remoteId: 'R1', time: TIME },
      {
        event: 'failed',
        recipient: 'b@x',
        class: 'recipient',
        reason: 'no',
        code: 550,
        enhanced: '5.1.1',
        time: TIME,
      },
      { event: 'deferred', recipient: 'e@x', class: 'recipient', reason: 'later', time: TIME },
      { event: 'in-doubt', recipients: ['d@x', 'f@x'], why: 'reset', time: TIME },
    ])
  })

  it.each([
    ['recipient', true],
    ['message', true],
    ['account', false],
    ['host', false],
  ] as const)('count as a failed attempt for a delay of scope %s: %s', (scope, counts) => {
    const delayed: RecipientOutcome = { status: 'deferred', recipient: 'b@x', scope, reason: 'later' }
    const taken: RecipientOutcome = { status: 'delivered', recipient: 'a@x', reply: 'Ok' }
    expect(attemptEvents([taken, delayed], 'p1', TIME)[0]).toMatchObject({ event: 'attempt', counts })
  })
})
