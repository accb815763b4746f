/** The probe: what is a warning, what is critical, and the line that says so. */
import { describe, expect, it } from 'vitest'
import { judgeQueue, probeLine, type Thresholds } from '../../../../src/cli/queue/health.ts'
import type { Survey } from '../../../../src/cli/queue/survey.ts'
import { newWalkLog } from '../../../../src/cli/queue/walk.ts'
import { newTally, tallyMessage } from '../../../../src/delivery/tally.ts'
import type { AccountTrouble } from '../../../../src/message/outcome.ts'
import type { QueuedMessage, QueueFacts } from '../../../../src/queue/store.ts'
import { QUEUED, queuedMessage } from './sample-message.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const USUAL: Thresholds = {
  age: { warn: 4 * HOUR, crit: 24 * HOUR },
  count: { warn: 2, crit: 3 },
  run: { warn: 30 * MINUTE, crit: 2 * HOUR },
  minFree: { octets: 1000 },
}

const ROOM: QueueFacts = { freeOctets: 5000, totalOctets: 10_000, freeFiles: 1_000_000, quarantined: 0 }

function survey(messages: readonly QueuedMessage[], changes: Partial<Survey> = {}): Survey {
  const tally = newTally()
  for (const message of messages) tallyMessage(tally, message)
  const now = QUEUED + MINUTE
  return {
    queue: '/queue',
    now,
    tally,
    unreadable: 0,
    log: newWalkLog(),
    facts: ROOM,
    accounts: [],
    missing: [],
    lastRun: { time: now - MINUTE, delivered: 0, deferred: 0, failed: 0, stopped: undefined },
    outbox: { reports: 0, oldest: undefined },
    suspended: { all: false, batches: new Set() },
    ...changes,
  }
}

const ranAgo = (ms: number): Partial<Survey> => ({
  lastRun: { time: QUEUED + MINUTE - ms, delivered: 0, deferred: 0, failed: 0, stopped: undefined },
})

function broken(trouble: Exclude<AccountTrouble, 'limit' | 'uncounted'>): Partial<Survey> {
  const state = { trouble, reason: 'no | way', failures: 1, failedAt: 0, since: QUEUED, until: QUEUED + HOUR }
  return {
    accounts: [
      { account: 'default', server: 'smtp://h:25', breaker: 'open', state, fault: undefined, limits: [] },
    ],
  }
}

const waiting = (count: number): QueuedMessage[] => Array.from({ length: count }, () => queuedMessage())

it('mail that users dropped and nobody takes over is a WARNING after ten minutes', () => {
  const dropped = (age: number) => ({ dropped: { messages: 2, oldest: QUEUED + MINUTE - age } })
  expect(judgeQueue(survey(waiting(1), dropped(9 * MINUTE)), USUAL).state).toBe('OK')
  const verdict = judgeQueue(survey(waiting(1), dropped(10 * MINUTE)), USUAL)
  expect(verdict.state).toBe('WARNING')
  expect(verdict.line).toContain('2 dropped messages wait to be taken over, the oldest for 10m')
})

describe('a queue that is well', () => {
  it('is OK, with all that was measured and the limits', () => {
    const verdict = judgeQueue(survey(waiting(1)), USUAL)
    expect(verdict).toEqual({
      state: 'OK',
      line:
        'MAILQUEUE OK - 1 message waits, the oldest for 1m | waiting=1;2;3;0 age=60s;14400;86400;0 active=0;;;0 ' +
        'held=0;;;0 failed=0;;;0 in_doubt=0;;;0 corrupt=0;0;;0 untold=0;;;0 last_run=60s;1800;7200;0 free=5000B;;1000:;0',
    })
  })

  it('may be empty and new, and may hold what is held or failed for long', () => {
    expect(judgeQueue(survey([], { lastRun: undefined, facts: undefined }), USUAL).state).toBe('OK')
    const old = QUEUED - 100 * HOUR
    const resting = (['hold', 'failed'] as const).flatMap((place) =>
      Array.from({ length: 5 }, () => queuedMessage({ place, queuedAt: old })),
    )
    const verdict = judgeQueue(survey(resting), USUAL)
    expect(verdict.state).toBe('OK')
    expect(verdict.line).toContain(' held=5;;;0 failed=5;;;0 ')
  })
})

describe('a queue that is not well', () => {
  const aged = (ms: number): QueuedMessage => queuedMessage({ queuedAt: QUEUED + MINUTE - ms })

  it.each([
    ['4 hours of waiting', survey([aged(4 * HOUR)]), 'WARNING', 'a message waits for 4h'],
    ['a day of waiting', survey([aged(24 * HOUR)]), 'CRITICAL', 'a message waits for 1d'],
    ['many messages', survey(waiting(2)), 'WARNING', '2 messages wait'],
    ['too many messages', survey(waiting(3)), 'CRITICAL', '3 messages wait'],
    ['no run for 30 minutes', survey([], ranAgo(30 * MINUTE)), 'WARNING', 'the last run was 30m ago'],
    ['no run for 2 hours', survey([], ranAgo(2 * HOUR)), 'CRITICAL', 'the last run was 2h ago'],
    [
      'mail that waits and no run ever',
      survey([aged(HOUR)], { lastRun: undefined }),
      'WARNING',
      'mail waits and the queue was never run',
    ],
    [
      'a server that is down',
      survey([], broken('connection')),
      'WARNING',
      'account default cannot be used: no / way',
    ],
    [
      'a quota that is used up',
      survey([], broken('quota')),
      'WARNING',
      'account default cannot be used: no / way',
    ],
    [
      'a login that is refused',
      survey([], broken('login')),
      'CRITICAL',
      'account default cannot be used: no / way',
    ],
    [
      'little space',
      survey([], { facts: { ...ROOM, freeOctets: 999 } }),
      'CRITICAL',
      'only 999 of space are free',
    ],
    [
      'few files',
      survey([], { facts: { ...ROOM, freeFiles: 7 } }),
      'CRITICAL',
      'only 7 more files can be made',
    ],
    [
      'files in corrupt/',
      survey([], { facts: { ...ROOM, quarantined: 1 } }),
      'WARNING',
      '1 file in corrupt/',
    ],
    ['files that cannot be read', survey([], { unreadable: 2 }), 'WARNING', '2 files cannot be read'],
  ])('for %s', (_, found, state, words) => {
    const verdict = judgeQueue(found, USUAL)
    expect(verdict.state).toBe(state)
    expect(verdict.line.split(' | ')[0]).toBe(`MAILQUEUE ${state} - ${words}`)
  })

  it('says what is worst first', () => {
    const { state, line } = judgeQueue(survey([aged(5 * HOUR)], broken('login')), USUAL)
    expect(state).toBe('CRITICAL')
    expect(line).toMatch(/CRITICAL - account default [^|]*; a message waits for 5h \| /)
  })

  it('has its space judged by a part of the whole where the limit is one', () => {
    const limit = { ...USUAL, minFree: { percent: 51 } }
    expect(judgeQueue(survey([]), limit).state).toBe('CRITICAL')
    expect(judgeQueue(survey([]), { ...USUAL, minFree: { percent: 50 } }).state).toBe('OK')
  })
})

describe('the line of a probe', () => {
  it('is one line in which only the data follow a bar', () => {
    expect(probeLine('UNKNOWN', 'a | b\nc')).toBe('MAILQUEUE UNKNOWN - a / b c')
  })
})
