import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { TransactionLimits } from '../../../src/transport/transaction-limits.ts'

const nothing = (): void => undefined
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('TransactionLimits', () => {
  it('listens once to the signal of all transactions, and tells the one under way', () => {
    const caller = new AbortController()
    const limits = new TransactionLimits()
    const told: string[] = []
    limits.begin(caller.signal, () => told.push('first'))
    limits.end()
    limits.begin(caller.signal, () => told.push('second'))
    expect(listeners(caller.signal)).toBe(1)
    caller.abort()
    expect(told).toEqual(['second'])
  })

  it('tells nobody of a signal between two transactions', () => {
    const caller = new AbortController()
    const limits = new TransactionLimits()
    let told = false
    limits.begin(caller.signal, () => (told = true))
    limits.end()
    caller.abort()
    expect(told).toBe(false)
  })

  it('leaves a signal when another one takes its place, or none', () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const limits = new TransactionLimits()
    limits.begin(first.signal, nothing)
    limits.end()
    limits.begin(second.signal, nothing)
    expect([listeners(first.signal), listeners(second.signal)]).toEqual([0, 1])
    limits.end()
    limits.begin(undefined, nothing)
    expect(listeners(second.signal)).toBe(0)
  })

  it('leaves the signal with the connection, but not before a transaction under way has ended', () => {
    const caller = new AbortController()
    const limits = new TransactionLimits()
    limits.begin(caller.signal, nothing)
    limits.close()
    expect(listeners(caller.signal)).toBe(1)
    limits.end()
    expect(listeners(caller.signal)).toBe(0)
  })

  it('keeps the time that was set last, be it shorter or longer', async () => {
    const limits = new TransactionLimits()
    const kept: string[] = []
    limits.begin(undefined, nothing)
    limits.within(60_000, () => kept.push('too long'))
    limits.within(1, () => kept.push('replaced'))
    await new Promise<void>((resolve) => {
      limits.within(2, () => {
        kept.push('longer')
        resolve()
      })
    })
    expect(kept).toEqual(['longer'])
  })

  it('keeps no time for a transaction that is over', async () => {
    const limits = new TransactionLimits()
    limits.begin(undefined, nothing)
    limits.within(1, () => expect.unreachable())
    limits.end()
    limits.begin(undefined, nothing)
    await new Promise<void>((resolve) => limits.within(5, resolve))
    limits.end()
  })
})

describe('the process', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

  it('is kept alive by the time of a transaction, also of the next one, and by nothing between them', () => {
    const limits = new TransactionLimits()
    const before = timers()
    const counts: number[] = []
    for (const span of [60_000, 70_000]) {
      limits.begin(undefined, nothing)
      limits.within(span, nothing)
      counts.push(timers() - before)
      limits.end()
      counts.push(timers() - before)
    }
    limits.close()
    expect(counts).toEqual([1, 0, 1, 0])
  })
})
