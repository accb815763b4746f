/** Reports in an hour: counted for all processes, and never lost for ever by a wrong clock. */
import { describe, expect, it } from 'vitest'
import { countReport } from '../../../../src/delivery/report/limit.ts'
import { MemoryQueue } from '../../../../src/queue/memory/queue.ts'

const NOW = 1_795_000_000_000
const HOUR = 3600_000

async function countAt(queue: MemoryQueue, ...times: number[]): Promise<boolean[]> {
  const answers: boolean[] = []
  for (const time of times) answers.push(await countReport(queue, 2, undefined, time))
  return answers
}

describe('the reports of an hour', () => {
  it('are as many as allowed, and begin anew with the next hour', async () => {
    const queue = new MemoryQueue()
    expect(await countAt(queue, NOW, NOW + 1, NOW + 2, NOW + HOUR - 1, NOW + HOUR)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
  })

  it('are not stopped by a count from the future, nor by one that cannot be read', async () => {
    const queue = new MemoryQueue()
    await queue.writeNote('reports', `${NOW + HOUR} 2\n`)
    expect(await countAt(queue, NOW)).toEqual([true])
    for (const text of ['', 'x y', '1795000000000 many', `${NOW} -1`]) {
      await queue.writeNote('reports', text)
      expect(await countAt(queue, NOW)).toEqual([true])
    }
  })

  it('leave as many to all others as one user got, whoever he is', async () => {
    const queue = new MemoryQueue()
    const count = (uid?: number): Promise<boolean> => countReport(queue, 10, uid, NOW)
    const got = async (uid?: number): Promise<number> => {
      for (let reports = 0; ; reports += 1) if (!(await count(uid))) return reports
    }
    expect(await got(1000)).toBe(5)
    expect(await got(1001)).toBe(3)
    expect(await got(1002)).toBe(1)
    expect(await got()).toBe(1)
    expect(await got(1003)).toBe(0)
    expect(await countReport(queue, 10, 1000, NOW + HOUR)).toBe(true)
  })
})
