/** The breaker of an account: how long it is left alone, and what a note that means nothing is worth. */
import { describe, expect, it } from 'vitest'
import {
  afterFailure,
  isPaused,
  readAccountState,
  writeAccountState,
  type AccountState,
} from '../../../../src/delivery/account/state.ts'
import { MemoryQueue } from '../../../../src/queue/memory/queue.ts'

const NOW = 1_795_000_000_000
const SECOND = 1000
const failTimes = (times: number, trouble: AccountState['trouble'] = 'connection'): AccountState => {
  let state: AccountState | undefined
  for (let time = 0; time < times; time += 1) state = afterFailure(state, { trouble, reason: 'down' }, NOW)
  if (state === undefined) throw new Error('it never failed')
  return state
}

describe('an account that fails', () => {
  it.each([
    [1, 15],
    [2, 30],
    [3, 60],
    [6, 480],
    [7, 900],
    [1000, 900],
  ])('for the %i. time is left alone for %i seconds', (times, seconds) => {
    const state = failTimes(times)
    expect(state).toMatchObject({ failures: times, since: NOW, until: NOW + seconds * SECOND })
    expect(isPaused(state, NOW + seconds * SECOND - 1)).toBe(true)
    expect(isPaused(state, NOW + seconds * SECOND)).toBe(false)
  })

  it('is known by its last failure', () => {
    const state = afterFailure(failTimes(2), { trouble: 'login', reason: 'no' }, NOW + 5)
    expect(state).toMatchObject({ trouble: 'login', failures: 3, since: NOW, failedAt: NOW + 5 })
  })

  it('for its quota is left alone for an hour', () => {
    expect(failTimes(1, 'quota').until).toBe(NOW + 3600 * SECOND)
    expect(failTimes(9, 'quota').until).toBe(NOW + 3600 * SECOND)
  })

  it('is tried when a wrong clock says that it failed in the future', () => {
    expect(isPaused(failTimes(1), NOW - 24 * 3600 * SECOND)).toBe(false)
  })
})

describe('the note of an account', () => {
  it('reads back, and is gone when the account works', async () => {
    const queue = new MemoryQueue()
    await writeAccountState(queue, 'smtp://h:25', failTimes(2))
    expect(await readAccountState(queue, 'smtp://h:25')).toEqual(failTimes(2))
    expect(await readAccountState(queue, 'smtp://other:25')).toBeUndefined()
    await writeAccountState(queue, 'smtp://h:25', undefined)
    expect(await readAccountState(queue, 'smtp://h:25')).toBeUndefined()
  })

  it.each([
    '',
    'junk',
    'null',
    '[]',
    '{"trouble":"connection"}',
    '{"trouble":"rain","reason":"x","failures":1,"since":1,"failedAt":1,"until":1}',
    '{"trouble":"login","reason":"x","failures":1,"since":1,"failedAt":1,"until":"soon"}',
  ])('counts as none when it is %j', async (text) => {
    const queue = new MemoryQueue()
    await queue.writeNote('account.a', text)
    expect(await readAccountState(queue, 'a')).toBeUndefined()
  })
})
