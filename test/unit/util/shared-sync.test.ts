/**
 * Many callers that wait for the same directory: each hears of a sync that began after its call, and of every failure
 * that it was there for.
 */
import { mkdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { syncTogether } from '../../../src/util/shared-sync.ts'
import { temporaryQueue } from '../../helpers/queue-dir.ts'

const outcomes = async (calls: readonly Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(calls)).map(({ status }) => status)

describe('a directory sync for many', () => {
  it('is shared by those who ask while another one is under way, and by nobody else', async () => {
    const path = temporaryQueue()
    mkdirSync(path)
    const first = syncTogether(path)
    const second = syncTogether(path)
    expect(second).not.toBe(first)
    expect(syncTogether(path)).toBe(second)
    await first
    // The second is under way now: it says nothing about what is made from here on.
    const third = syncTogether(path)
    expect(third).not.toBe(second)
    expect(await outcomes([first, second, third])).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  })

  it('fails for all who were there, since a failure is told only once, and is tried anew for those who come later', async () => {
    const path = temporaryQueue()
    const first = syncTogether(path)
    // The next one would succeed.
    const made = first.catch(() => mkdirSync(path))
    const second = syncTogether(path)
    expect(await outcomes([first, second])).toEqual(['rejected', 'rejected'])
    await made
    await syncTogether(path)
  })
})
