/** Work that several wait for: each with its own patience. */
import { describe, expect, it } from 'vitest'
import { shareWork } from '../../../src/transport/shared-work.ts'

/** Work that ends when the test says so, and tells when it was broken off. */
function begin() {
  let finish: (value: string) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  let brokenOff = false
  const shared = shareWork((signal) => {
    signal.addEventListener('abort', () => (brokenOff = true))
    return new Promise<string>((resolve, reject) => {
      finish = resolve
      fail = reject
    })
  }, 'the thing')
  return {
    shared,
    finish: (value: string) => finish(value),
    fail: (error: Error) => fail(error),
    brokenOff: () => brokenOff,
  }
}

describe('shared work', () => {
  it('goes on for the others when the first one gives up', async () => {
    const { shared, finish, brokenOff } = begin()
    const patience = new AbortController()
    const first = shared.wait(patience.signal)
    const second = shared.wait(new AbortController().signal)
    patience.abort(new Error('30 s are over'))
    await expect(first).rejects.toThrow('30 s are over')
    expect([brokenOff(), shared.lost, shared.value]).toEqual([false, false, undefined])
    finish('done')
    expect(await second).toBe('done')
    expect([await shared.wait(), shared.lost, shared.value]).toEqual(['done', false, 'done'])
  })

  it('is broken off when the last one gives up, and has no result then', async () => {
    const { shared, brokenOff } = begin()
    const [one, two] = [new AbortController(), new AbortController()]
    const both = [shared.wait(one.signal), shared.wait(two.signal)]
    one.abort()
    two.abort()
    for (const each of both) await expect(each).rejects.toThrow('interrupted while waiting for the thing')
    expect([brokenOff(), shared.lost]).toEqual([true, true])
  })

  it('is not waited for by one who has given up before', async () => {
    const { shared } = begin()
    await expect(shared.wait(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    expect(shared.lost).toBe(true)
  })

  it('that fails does so for all, and is lost', async () => {
    const { shared, fail } = begin()
    const both = [shared.wait(), shared.wait()]
    fail(new Error('no'))
    for (const each of both) await expect(each).rejects.toThrow('no')
    expect(shared.lost).toBe(true)
  })
})
