/**
 * What a run delivers, and in which order.
 */
import { describe, expect, it } from 'vitest'
import { dueWindows } from '../../../src/delivery/due-window.ts'
import { bufferContent } from '../../../src/message/content.ts'
import { MemoryQueue } from '../../../src/queue/memory/queue.ts'
import type { QueueEntry } from '../../../src/queue/store.ts'

const NOW = 1_795_000_000_000
const POLICY = { retry: [60_000], expire: 1000 }

/** A queue whose messages are due at these times, and the ids in the order of the times given. */
async function queueOf(times: readonly number[]): Promise<{ queue: MemoryQueue; ids: string[] }> {
  const clock = { time: NOW - times.length - 1, now: () => (clock.time += 1) }
  const queue = new MemoryQueue(clock)
  const ids: string[] = []
  for (const nextAttempt of times) {
    const envelope = { sender: 's@x', recipients: ['a@x'] }
    ids.push(await queue.enqueue({ envelope, content: bufferContent(Buffer.alloc(1)) }, { nextAttempt }))
  }
  return { queue, ids }
}

async function windowsOf(
  queue: MemoryQueue,
  selection: { all?: boolean; size?: number },
  deal: (entry: QueueEntry) => Promise<void> = () => Promise.resolve(),
): Promise<string[][]> {
  const windows: string[][] = []
  const { all = false, size = 100 } = selection
  for await (const window of dueWindows(queue, {
    cutoff: NOW,
    all,
    policy: POLICY,
    clock: { now: () => NOW },
    size,
  })) {
    windows.push(window.map(({ id }) => id))
    for (const entry of window) await deal(entry)
  }
  return windows
}

const deliver = (queue: MemoryQueue) => async (entry: QueueEntry) => {
  const runner = await queue.openRunner('run')
  const result = await runner.claim(entry)
  if (result.kind === 'claimed') await result.claim.finish({ action: 'discard' })
  await runner.close()
}

describe('what is due', () => {
  it('comes in the order of its time, and what is not due does not come', async () => {
    const { queue, ids } = await queueOf([NOW - 1, NOW - 3, NOW + 1, NOW, NOW - 2])
    const [a, b, , d, e] = ids
    expect(await windowsOf(queue, {})).toEqual([[b, e, a, d]])
  })

  it('comes in windows, each message once', async () => {
    const times = Array.from({ length: 95 }, (_, place) => NOW - ((place * 37) % 95))
    const { queue, ids } = await queueOf(times)
    const windows = await windowsOf(queue, { size: 10 }, deliver(queue))
    expect(windows.map(({ length }) => length)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5])
    const byTime = ids.map((id, place) => ({ id, time: times[place] ?? 0 }))
    byTime.sort((one, two) => one.time - two.time)
    expect(windows.flat()).toEqual(byTime.map(({ id }) => id))
  })

  it('comes once also when it goes on waiting, because the run is about other messages', async () => {
    const { queue, ids } = await queueOf([NOW - 5, NOW - 4, NOW - 3, NOW - 2])
    expect(await windowsOf(queue, { size: 2 })).toEqual([ids.slice(0, 2), ids.slice(2)])
  })

  it('is nothing in an empty queue', async () => {
    const { queue } = await queueOf([])
    expect(await windowsOf(queue, {})).toEqual([])
    expect(await windowsOf(queue, { all: true })).toEqual([])
  })

  it('is also what a wrong clock has put too far away', async () => {
    const { queue, ids } = await queueOf([4_000_000_000_000])
    expect(await windowsOf(queue, {})).toEqual([ids])
  })

  it('is everything when the schedule is ignored, the oldest first, each once although it goes on waiting', async () => {
    const { queue, ids } = await queueOf([NOW + 30_000, NOW - 1, NOW + 10_000, NOW, NOW + 20_000])
    expect(await windowsOf(queue, { all: true, size: 2 })).toEqual([
      ids.slice(0, 2),
      ids.slice(2, 4),
      ids.slice(4),
    ])
  })

  it('is, with the schedule ignored, also what seems to have been queued in the future', async () => {
    const queue = new MemoryQueue({ now: () => NOW + 3_600_000 })
    const envelope = { sender: 's@x', recipients: ['a@x'] }
    const id = await queue.enqueue({ envelope, content: bufferContent(Buffer.alloc(1)) })
    expect(await windowsOf(queue, { all: true })).toEqual([[id]])
  })
})

describe('whether a run may begin', () => {
  const ask = async (queue: MemoryQueue, begins: (entry: QueueEntry) => Promise<'go' | 'ask' | 'stop'>) => {
    const selection = { cutoff: NOW, all: false, policy: POLICY, clock: { now: () => NOW }, size: 2, begins }
    const windows: string[][] = []
    for await (const window of dueWindows(queue, selection)) windows.push(window.map(({ id }) => id))
    return windows
  }

  it('is asked until it is known, about what is due only', async () => {
    const { queue, ids } = await queueOf([NOW - 1, NOW + 1, NOW - 3, NOW - 2])
    const asked: string[] = []
    const windows = await ask(queue, async ({ id }) => {
      asked.push(id)
      return asked.length === 2 ? 'go' : 'ask'
    })
    expect(asked).toEqual([ids[0], ids[2]])
    expect(windows).toEqual([[ids[2], ids[3]], [ids[0]]])
  })

  it('ends everything with a stop, and where nothing is what the run is about', async () => {
    const { queue } = await queueOf([NOW - 1, NOW - 2])
    expect(await ask(queue, async () => 'stop')).toEqual([])
    expect(await ask(queue, async () => 'ask')).toEqual([])
  })
})
