/**
 * Two processes take over the same dropped files at the same time, each believing that it is alone, and one of them may die
 * at any step: one message comes of each file, and none is lost.
 */
import fs, { mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeOverDrops, type DropParts } from '../../../../src/delivery/drop/take-over.ts'
import { markName, takerName } from '../../../../src/queue/drop/taker-name.ts'
import { droppedText, messageName } from '../../../helpers/drop-site.ts'
import { namesIn, queueContents } from '../../../helpers/queue-dir.ts'
import { BOB, isRoot, openPlace, type Place } from './place.ts'

/** Does something while the first take-over waits for the disk to keep something below a path. */
function whileSyncing(path: string, action: () => unknown): void {
  const { fsync } = fs
  const restore = (): void => {
    fs.fsync = fsync
    syncBuiltinESMExports()
  }
  onTestFinished(restore)
  fs.fsync = ((fd: number, done: (error: Error | null) => void) => {
    if (!fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(path)) {
      fsync(fd, done)
      return
    }
    restore()
    void Promise.resolve(action()).then(() => fsync(fd, done))
  }) as typeof fsync
  syncBuiltinESMExports()
}

const whileCopying = (place: Place, action: () => unknown): void =>
  whileSyncing(join(place.queueDir, 'tmp/'), action)

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
  it.each([
    { when: 'copies', folder: 'queue/tmp/', taken: 0 },
    { when: 'has copied', folder: 'queue/taken', taken: 0 },
    { when: 'has marked the file', folder: 'drop', taken: 1 },
  ])('one alone makes a message of a file: a faster one comes when it $when', async ({ folder, taken }) => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex'))
    let faster
    whileSyncing(join(place.directory, folder), async () => {
      faster = await takeOverDrops(clockBehind(place.parts()))
    })
    expect(await place.takeOver()).toMatchObject({ taken, problem: undefined })
    expect(faster).toMatchObject({ taken: 1 - taken, problem: undefined })
    expect(heldBy(place)).toEqual(once)
    expect(place.events.map(([event]) => event)).toEqual(['intake.taken', 'message.queued'])
  })

  it("none makes one of a file that its owner took away before it was anybody's", async () => {
    const place = openPlace()
    const path = place.put(messageName(), droppedText('one@d.ex'))
    whileCopying(place, () => rmSync(path))
    expect(await place.takeOver()).toMatchObject({ taken: 0, left: 0, problem: undefined })
    expect(heldBy(place)).toEqual({ queue: {}, taken: [], drop: [] })
    expect(place.events).toEqual([])
  })

  it('each goes on with the files of others when an owner keeps his from being marked', async () => {
    const place = openPlace()
    const name = messageName()
    place.put(name, droppedText('kept@d.ex'))
    place.put(messageName(), droppedText('one@d.ex'), BOB)
    whileCopying(place, () => {
      const [runner = ''] = namesIn(place.queueDir, 'runners').filter((each) => !each.endsWith('.lock'))
      mkdirSync(join(place.drop, markName(name, takerName(runner, statSync(place.drop)))))
    })
    expect(await place.takeOver()).toMatchObject({ taken: 1, left: 1, problem: undefined })
    const [mark = '', ...files] = place.dropped()
    expect(files).toEqual([name])
    rmdirSync(join(place.drop, mark))
    expect(await place.takeOver()).toMatchObject({ taken: 1, left: 0 })
    const both = ['kept@d.ex=pending', 'one@d.ex=pending']
    expect(heldBy(place)).toEqual({ ...once, queue: { new: both } })
  })
})

/** Answers the first marking with an error, whether or not it was done. */
function failMarking(code: string, isDone: boolean): void {
  const { renameSync } = fs
  const restore = (): void => {
    fs.renameSync = renameSync
    syncBuiltinESMExports()
  }
  onTestFinished(restore)
  fs.renameSync = (from, to) => {
    const isMarking = basename(String(to)).startsWith('.')
    if (isDone || !isMarking) renameSync(from, to)
    if (!isMarking) return
    restore()
    throw Object.assign(new Error(code), { code })
  }
  syncBuiltinESMExports()
}

describe.runIf(isRoot)('a file server', () => {
  it('that says of a marking which it has done that there is no such file loses nothing', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex'))
    failMarking('ENOENT', true)
    expect(await place.takeOver()).toMatchObject({ taken: 1, problem: undefined })
    expect(heldBy(place)).toEqual(once)
  })

  it.each([true, false])(
    'that fails when a file is marked loses nothing (it was done: %s)',
    async (isDone) => {
      const place = openPlace()
      place.put(messageName(), droppedText('one@d.ex'))
      failMarking('EIO', isDone)
      expect((await place.takeOver()).problem?.code).toBe('QUEUE_IO')
      expect(queueContents(place.queueDir)).toEqual({})
      expect((await place.takeOver()).problem).toBeUndefined()
      expect(heldBy(place)).toEqual(once)
    },
  )
})
