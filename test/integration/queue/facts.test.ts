/** What a queue says about itself without a look at its messages. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { MemoryQueue } from '../../../src/queue/memory/queue.ts'
import { snapshot, temporaryQueue } from '../../helpers/queue-dir.ts'

describe('the facts of a queue in a directory', () => {
  it('are the room of its file system and the files in corrupt/, reasons not counted', async () => {
    const queueDir = temporaryQueue()
    mkdirSync(join(queueDir, 'corrupt'), { recursive: true })
    for (const name of ['one', 'one.reason', 'two', '.hidden'])
      writeFileSync(join(queueDir, 'corrupt', name), '')
    const before = snapshot(queueDir)
    const facts = await new MaildirQueue(queueDir).facts()
    expect(facts.quarantined).toBe(2)
    expect(facts.totalOctets).toBeGreaterThan(0)
    expect(facts.freeOctets).toBeLessThanOrEqual(facts.totalOctets ?? 0)
    expect(facts.freeFiles ?? 1).toBeGreaterThan(0)
    expect(snapshot(queueDir)).toEqual(before)
  })

  it('need no folder, but a queue', async () => {
    const queueDir = temporaryQueue()
    await expect(new MaildirQueue(queueDir).facts()).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(existsSync(queueDir)).toBe(false)
    mkdirSync(queueDir)
    expect((await new MaildirQueue(queueDir).facts()).quarantined).toBe(0)
    expect(Object.keys(snapshot(queueDir))).toEqual(['.'])
  })
})

it('the facts of a queue in memory name no limit', async () => {
  expect(await new MemoryQueue().facts()).toEqual({ quarantined: 0 })
})
