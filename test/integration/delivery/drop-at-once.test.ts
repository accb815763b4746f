/**
 * Two processes take over the same dropped files at the same time, each believing that it is alone, and one of them may die
 * at any step: one message comes of each file, and none is lost.
 */
import fs, { readdirSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeOverDrops, type DropParts } from '../../../src/delivery/drop-take-over.ts'
import { droppedText, messageName } from '../../helpers/drop-site.ts'
import { queueContents } from '../../helpers/queue-dir.ts'
import { isRoot, openPlace, type Place } from './drop-place.ts'

/** Does something while the first take-over waits for the disk to keep its copy. */
function whileCopying(place: Place, action: () => Promise<unknown> | void): void {
  const { fsync } = fs
  const restore = (): void => {
    fs.fsync = fsync
    syncBuiltinESMExports()
  }
  onTestFinished(restore)
  fs.fsync = ((fd: number, done: (error: Error | null) => void) => {
    if (!fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(place.queueDir, 'tmp')))
      return fsync(fd, done)
    restore()
    void Promise.resolve(action()).then(() => fsync(fd, done))
  }) as typeof fsync
  syncBuiltinESMExports()
}

/** A host whose clock is behind: it takes itself for the one that was there first. */
function clockBehind({ config, context }: DropParts): DropParts {
  return { config, context: { ...context, clock: { now: () => context.clock.now() - 60_000 } } }
}

/** What is left anywhere. */
const heldBy = (place: Place) => ({
  queue: queueContents(place.queueDir),
  taken: readdirSync(join(place.queueDir, 'taken')),
  drop: place.dropped(),
})
const once = { queue: { new: ['one@d.ex=pending'] }, taken: [], drop: [] }

describe.runIf(isRoot && process.platform === 'linux')('of two that take over at the same time', () => {
  it('one alone makes a message of a file, whoever of them is faster', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex'))
    let faster
    whileCopying(place, async () => {
      faster = await takeOverDrops(clockBehind(place.parts()))
    })
    expect(await place.takeOver()).toMatchObject({ taken: 0, problem: undefined })
    expect(faster).toMatchObject({ taken: 1, problem: undefined })
    expect(heldBy(place)).toEqual(once)
    expect(place.events.map(([event]) => event)).toEqual(['intake.taken', 'message.queued'])
  })
})
