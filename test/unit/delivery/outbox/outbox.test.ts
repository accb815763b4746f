/** The parts of the outbox that are pure: signatures, pauses, ids, and which states are told. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  eventOfState,
  formatEvents,
  parseEvents,
  untoldStates,
} from '../../../../src/delivery/outbox/event.ts'
import { nextPause } from '../../../../src/delivery/outbox/pause.ts'
import { pauseIn, signatureOf } from '../../../../src/delivery/outbox/post.ts'
import type { TimedEvent } from '../../../../src/queue/journal/event.ts'
import { messageState } from '../../../../src/queue/journal/recipient-state.ts'

const META = {
  envelope: { sender: 'a@x', recipients: ['b@x', 'c@x'] },
  queuedAt: 0,
  earlierAttempts: 0,
  lastAttempt: undefined,
  expires: undefined,
  batch: undefined,
  account: 'default',
  server: undefined,
}
const ALL = new Set(['delivered', 'deferred', 'failed', 'expired', 'in-doubt'] as const)
const refused = (event: 'deferred' | 'failed', recipient: string, time: number): TimedEvent[] => [
  { event: 'attempt', runner: 'p1', counts: true, time },
  { event, recipient, reason: '4xx', class: 'recipient', time },
]

describe('a signature', () => {
  it('is what openssl computes', () => {
    const body = '{"events":[{"recipient":"ü@x"}]}'
    const [, mac] = /^t=1700000000,v1=(.*)$/.exec(signatureOf(body, 'se cret', 1_700_000_000_999)) ?? []
    const args = ['dgst', '-sha256', '-hmac', 'se cret']
    const output = execFileSync('openssl', args, { input: `1700000000.${body}` }).toString()
    expect(output.trim().split(' ').at(-1)).toBe(mac)
  })
})

describe('a pause', () => {
  it.each([
    [undefined, undefined],
    ['120', 120_000],
    ['9999999', 24 * 3600_000],
    ['0', undefined],
    ['soon', undefined],
    [new Date(1_700_000_060_000).toUTCString(), 60_000],
    [new Date(1_600_000_000_000).toUTCString(), undefined],
  ])('after Retry-After %s is %s', (header, pause) => {
    expect(pauseIn(header, 1_700_000_000_000)).toBe(pause)
  })

  it('grows up to an hour', () => {
    let pause = nextPause(undefined, { reason: 'r' }, 0)
    const waits = [pause.until]
    for (let count = 0; count < 8; count += 1)
      waits.push((pause = nextPause(pause, { reason: 'r' }, 0)).until)
    expect(waits.map((wait) => wait / 60_000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })
})

describe('what is told', () => {
  it('is each new state once, with an id that stays the same', () => {
    const events = [...refused('deferred', 'b@x', 1000), ...refused('failed', 'c@x', 2000)]
    const before = messageState(META, events)
    expect(untoldStates(before, ALL).map(({ recipient }) => recipient)).toEqual(['b@x', 'c@x'])
    const told: TimedEvent = { event: 'told', recipients: ['b@x', 'c@x'], time: 3000 }
    expect(untoldStates(messageState(META, [...events, told]), ALL)).toEqual([])
    const again = [...events, told, ...refused('deferred', 'b@x', 4000)]
    const [state] = untoldStates(messageState(META, again), ALL)
    expect(state).toMatchObject({ recipient: 'b@x', attempt: 3, changedAt: 4000 })
    const about = { queue_id: 'Q', sender: 'a@x' }
    const idOf = (list: readonly TimedEvent[]) =>
      untoldStates(messageState(META, list), ALL).map((each) => eventOfState(about, each).id)
    expect(idOf(again)).toEqual(idOf(again))
    expect(idOf(again)).not.toContain(idOf(events)[0])
  })

  it('is only what is asked for', () => {
    const state = messageState(META, refused('deferred', 'b@x', 1000))
    expect(untoldStates(state, new Set(['failed'] as const))).toEqual([])
  })
})

describe('stored events', () => {
  it('read back, and are damaged when a part is missing', () => {
    const event = { id: 'i', event: 'failed', time: '', sender: '', recipient: 'b@x', attempt: 1 } as const
    const text = formatEvents([event, { ...event, id: 'j' }])
    expect(parseEvents(text)?.map(({ id }) => id)).toEqual(['i', 'j'])
    for (const damaged of ['', text.slice(0, -1), text.slice(1), `${text}\n`, '[]\n', '{"id":1}\n'])
      expect(parseEvents(damaged)).toBeUndefined()
  })
})
