/** The events of a message, a line each. */
import { describe, expect, it } from 'vitest'
import { eventLine } from '../../../../src/cli/queue/log.ts'
import { formatJournal, parseJournal, type JournalEvent } from '../../../../src/queue/journal/event.ts'

const TIME = Date.UTC(2026, 10, 21, 20, 12)

describe('the line of an event', () => {
  const events: readonly (readonly [JournalEvent, string])[] = [
    [{ event: 'attempt', runner: 'p1', counts: true }, 'attempt       counted'],
    [{ event: 'delivered', recipients: ['a@x', 'b@x'], reply: '250 ok' }, 'delivered     a@x, b@x (250 ok)'],
    [
      { event: 'deferred', recipient: 'a@x', reason: '451\tlater', class: 'recipient' },
      'deferred      a@x (451 later)',
    ],
    [{ event: 'in-doubt', recipients: ['a@x'], why: 'no reply' }, 'in-doubt      a@x (no reply)'],
    [{ event: 'hold', by: 'ann', why: 'looks odd' }, 'hold          looks odd [ann]'],
    [
      { event: 'bounce', recipients: ['a@x'], report: 'F00' },
      'bounce        a@x (the sender is told by F00)',
    ],
    [{ event: 'edit', by: 'ann', sender: '', added: ['c@x'] }, 'edit          sender <>, added c@x [ann]'],
  ]

  it.each(events)('%j', (event, line) => {
    expect(eventLine({ ...event, time: TIME })).toBe(`2026-11-21T20:12:00.000Z  ${line}`)
  })

  it('is there for lines that lack what they should have', () => {
    const text = '{"event":"deferred","recipient":"a@x"}\n{"event":"hold"}\n'
    expect(parseJournal(text).map(eventLine)).toEqual([
      '1970-01-01T00:00:00.000Z  deferred      a@x',
      '1970-01-01T00:00:00.000Z  hold',
    ])
  })

  it('is there for whatever the journal can hold', () => {
    const stored = parseJournal(formatJournal(events.map(([event]) => ({ ...event, time: TIME }))))
    expect(stored.map(eventLine)).toHaveLength(events.length)
  })
})
