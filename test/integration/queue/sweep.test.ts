/**
 * What is removed by age, what runners leave behind, and that readers write nothing.
 */
import { existsSync, mkdirSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { namesIn, queueContents, snapshot, storedIn } from '../../helpers/queue-dir.ts'
import { claimOnly, deferred, entriesOf, failed, messageTo } from './contract.ts'
import { claimed, deadPid, disown, recover, testQueue } from './maildir.ts'

const HOUR = 3_600_000

describe('the sweep', () => {
  it('removes what was left in tmp/ once it is 36 hours old, and nothing younger', async () => {
    const queue = testQueue()
    const path = join(queue.queueDir, 'tmp', 'torn')
    writeFileSync(path, 'x')
    utimesSync(path, 0, 0)
    mkdirSync(join(queue.queueDir, 'tmp', 'directory'))
    queue.clock.ahead = 35 * HOUR
    await recover(queue)
    expect(namesIn(queue.queueDir, 'tmp')).toEqual(['directory', 'torn'])
    queue.clock.ahead = 37 * HOUR
    await recover(queue)
    expect(queueContents(queue.queueDir)).toEqual({ tmp: ['directory'] })
  })

  it('removes old journals of messages that are gone, and no journal of a message that is there', async () => {
    const queue = testQueue()
    const { store, queueDir } = queue
    const history = { outcomes: [deferred('a@x')] }
    await store.enqueue(messageTo('a@x', 'new@x'), history)
    await store.enqueue(messageTo('a@x'), { outcomes: [failed('a@x')] })
    await store.enqueue(messageTo('a@x', 'gone@x'), history)
    const [gone] = storedIn(queueDir, 'new').filter(({ recipients }) => 'gone@x' in recipients)
    unlinkSync(join(queueDir, 'new', gone?.name ?? ''))
    const orphans = [`${gone?.unique}.log`]
    const left = { new: ['a@x=deferred new@x=pending'], failed: ['a@x=failed'] }
    queue.clock.ahead = 35 * HOUR
    await recover(queue)
    expect(queueContents(queueDir)).toEqual({ ...left, orphans })
    queue.clock.ahead = 37 * HOUR
    await recover(queue)
    expect(queueContents(queueDir)).toEqual(left)
    expect(namesIn(queueDir, 'state')).toHaveLength(2)
  })

  it('leaves old journals alone while another runner is at work', async () => {
    const queue = testQueue()
    const orphan = '1795000000.M1P1Q1R0123456789ab.h.log'
    const busy = await queue.store.openRunner('run')
    writeFileSync(join(queue.queueDir, 'state', orphan), '\n')
    queue.clock.ahead = 24 * 365 * HOUR
    await recover(queue)
    expect(namesIn(queue.queueDir, 'state')).toEqual([orphan])
    await busy.close()
    await recover(queue)
    expect(queueContents(queue.queueDir)).toEqual({})
  })

  it('removes what dead runners left, and nothing of live ones', async () => {
    const queue = testQueue()
    const dead = await queue.store.openRunner('run')
    disown(queue.queueDir, dead, { pid: deadPid() })
    const live = await queue.store.openRunner('submit')
    const lonely = join(queue.queueDir, 'runners', 'p1r1.lock')
    mkdirSync(lonely)
    await recover(queue)
    expect(namesIn(queue.queueDir, 'runners')).toEqual([live.id, `${live.id}.lock`, 'p1r1.lock'].sort())
    utimesSync(lonely, 0, 0)
    await recover(queue)
    expect(existsSync(lonely)).toBe(false)
    await live.close()
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})

describe('a runner that closes', () => {
  it('leaves nothing behind', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    await claim.release()
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('leaves its flight log to a claim that it abandoned', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    claim.abandon()
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ cur: ['a@x=pending'], runners: [runner.id] })
    expect(await recover(queue)).toEqual([false])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})

describe('the flight log', () => {
  it('starts over at 1 MB and still knows what is in the air or was abandoned', async () => {
    const queue = testQueue()
    const { store, queueDir } = queue
    await store.enqueue(messageTo('abandoned@x'))
    const runner = await store.openRunner('run')
    const abandoned = await claimOnly(store, runner)
    abandoned.markFlight()
    abandoned.abandon()
    await store.enqueue(messageTo('many@x'))
    const flying = await claimOnly(store, runner)
    const log = join(queueDir, 'runners', runner.id)
    let largest = 0
    let startedOver = false
    for (let marks = 0; marks < 200_000 && !startedOver; marks += 1) {
      flying.markFlight()
      if (marks % 500 !== 0) continue
      const { size } = statSync(log)
      startedOver = size < largest
      largest = Math.max(largest, size)
    }
    expect(startedOver).toBe(true)
    expect(largest).toBeGreaterThan(1_000_000)
    expect(largest).toBeLessThan(1_100_000)
    disown(queueDir, runner, { pid: deadPid() })
    expect(await recover(queue)).toEqual([true, true])
    expect(queueContents(queueDir)).toEqual({ new: ['abandoned@x=in-doubt', 'many@x=in-doubt'] })
  })

  it('is only for its owner', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    expect(statSync(join(queue.queueDir, 'runners', runner.id)).mode & 0o777).toBe(0o600)
    await claim.release()
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})

describe('a reader', () => {
  it('writes nothing, whatever it looks at', async () => {
    const { store, queueDir } = testQueue()
    const outcomes = [deferred('a@x')]
    const id = await store.enqueue(messageTo('a@x', 'b@x'), { outcomes, nextAttempt: 4_000_000_000_000 })
    await store.enqueue(messageTo('a@x'), { outcomes: [failed('a@x')] })
    writeFileSync(join(queueDir, 'new', 'junk'), 'x')
    writeFileSync(join(queueDir, 'tmp', 'torn'), 'x')
    const runner = await store.openRunner('run')
    const before = snapshot(queueDir)
    for (const entry of await entriesOf(store)) {
      await store.describe(entry)
      const content = await store.content(entry)
      content?.close()
    }
    expect(await store.find(id)).toHaveLength(1)
    expect(await store.find('junk')).toHaveLength(1)
    expect(await store.find('none')).toEqual([])
    await runner.othersAtWork()
    expect(snapshot(queueDir)).toEqual(before)
    await runner.close()
    rmSync(join(queueDir, 'new', 'junk'))
    expect(queueContents(queueDir)).toEqual({
      new: ['a@x=deferred b@x=pending'],
      failed: ['a@x=failed'],
      tmp: ['torn'],
    })
  })

  it('is told when there is no queue, and makes none', async () => {
    const queue = testQueue()
    const missing = join(queue.queueDir, 'none')
    await expect(entriesOf(new MaildirQueue(missing))).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(existsSync(missing)).toBe(false)
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})
