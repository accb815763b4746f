/**
 * What a process leaves that dies or hangs while it takes a dropped file over, and what the next one makes of it: one message
 * or none, and nothing that stays. Whoever left it is a runner of the queue, and its copy is made as all copies are.
 */
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeOverDrops } from '../../../../src/delivery/drop/take-over.ts'
import { bufferContent } from '../../../../src/message/content.ts'
import { markName, takerName } from '../../../../src/queue/drop/taker-name.ts'
import { stage } from '../../../../src/queue/drop/stage.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import type { Runner } from '../../../../src/queue/store.ts'
import { systemClock } from '../../../../src/util/clock.ts'
import { droppedText, messageName } from '../../../helpers/drop-site.ts'
import { namesIn, queueContents } from '../../../helpers/queue-dir.ts'
import { deadPid, disown, heartbeat } from '../../queue/maildir.ts'
import { HOUR, isRoot, openPlace, type Place } from './place.ts'

/** A take-over that got as far as to a copy of one file. */
interface Begun {
  readonly place: Place
  readonly runner: Runner
  readonly name: string
  readonly mark: string
}

type State = 'ended' | 'hangs' | 'silent'

/** Makes a runner look as if it had died, as if it hung, or as one of another host that is not heard of. */
function put(queueDir: string, runner: Runner, state: State): void {
  if (state === 'ended') disown(queueDir, runner, { pid: deadPid() })
  if (state === 'silent') disown(queueDir, runner, { host: 'elsewhere' })
  heartbeat(queueDir, runner, Date.now() - 61_000)
}

async function begun(state: State, { elsewhere = false } = {}): Promise<Begun> {
  const place = openPlace()
  const name = messageName()
  place.put(name, droppedText('one@d.ex'))
  const runner = await new MaildirQueue(place.queueDir).openRunner('intake')
  onTestFinished(() => runner.close())
  const { ino } = statSync(place.drop)
  const taker = takerName(runner.id, { ino: elsewhere ? ino + 1 : ino })
  const message = {
    envelope: { sender: 'a@s.ex', recipients: ['one@d.ex'] },
    content: bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n')),
  }
  await stage(place.queueDir, [message], { drop: name, taker, report: false, clock: systemClock })
  put(place.queueDir, runner, state)
  return { place, runner, name, mark: markName(name, taker) }
}

/** It got the file. */
const marked = ({ place, name, mark }: Begun): void => {
  renameSync(join(place.drop, name), join(place.drop, mark))
}

/** Somebody else got the file, or its owner took it away. */
const removed = ({ place, name }: Begun): void => {
  rmSync(join(place.drop, name))
}

/** Messages, copies, and what lies in the drop. */
const heldBy = (place: Place) => [
  queueContents(place.queueDir)['new'] ?? [],
  readdirSync(join(place.queueDir, 'taken')).length,
  place.dropped().length,
]
const message = ['one@d.ex=pending']

/** Looks after what is left, and takes no file. */
const lookAfter = (place: Place) => takeOverDrops({ ...place.parts(), signal: AbortSignal.abort() })

describe.runIf(isRoot)('a copy whose taker got the file', () => {
  it.each(['ended', 'silent'] as const)('is the message, once its taker has %s', async (state) => {
    const left = await begun(state)
    marked(left)
    expect((await left.place.takeOver()).problem).toBeUndefined()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })

  it('is the message when its taker hangs, whose mark stays until it has ended', async () => {
    const left = await begun('hangs')
    marked(left)
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 1])
    await left.runner.close()
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })

  it('is the message however long nobody took over: its mark is no leftover', async () => {
    const left = await begun('ended')
    marked(left)
    left.place.later(1000 * HOUR)
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })
})

describe.runIf(isRoot)('a copy whose file is still there', () => {
  it('is removed when its taker has ended', async () => {
    const left = await begun('ended')
    await lookAfter(left.place)
    expect(heldBy(left.place)).toEqual([[], 0, 1])
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })

  it.each(['hangs', 'silent'] as const)('stays until another one has got the file: %s', async (state) => {
    const left = await begun(state)
    await lookAfter(left.place)
    expect(heldBy(left.place)).toEqual([[], 1, 1])
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })
})

describe.runIf(isRoot)('a copy whose file is gone', () => {
  it.each(['ended', 'silent'] as const)("is nobody's when its taker has %s", async (state) => {
    const left = await begun(state)
    removed(left)
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([[], 0, 0])
  })

  it('stays as long as its taker hangs', async () => {
    const left = await begun('hangs')
    removed(left)
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([[], 1, 0])
    await left.runner.close()
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([[], 0, 0])
  })

  it('is the message when this is not the directory that the file was in', async () => {
    const left = await begun('ended', { elsewhere: true })
    removed(left)
    await left.place.takeOver()
    expect(heldBy(left.place)).toEqual([message, 0, 0])
  })
})

describe.runIf(isRoot)('a mark without a copy', () => {
  it('is removed, unless its taker lives', async () => {
    const left = await begun('hangs')
    marked(left)
    rmSync(join(left.place.queueDir, 'taken'), { recursive: true })
    writeFileSync(join(left.place.drop, markName(messageName(), 'p1r00000000i1')), 'forged')
    await left.place.takeOver()
    expect(left.place.dropped()).toEqual([left.mark])
    await left.runner.close()
    await left.place.takeOver()
    expect(left.place.dropped()).toEqual([])
    expect(queueContents(left.place.queueDir)).toEqual({})
  })
})

describe.runIf(isRoot)('the file of a runner that took over', () => {
  it('stays as long as its copies do, so that it can be told whether it has ended', async () => {
    const { place, runner } = await begun('ended')
    const recover = async (): Promise<string[]> => {
      const next = await new MaildirQueue(place.queueDir).openRunner('run')
      await next.recover(() => 0)
      await next.close()
      return namesIn(place.queueDir, 'runners').filter((name) => !name.endsWith('.lock'))
    }
    expect(await recover()).toEqual([runner.id])
    await place.takeOver()
    expect(await recover()).toEqual([])
    expect(heldBy(place)).toEqual([message, 0, 0])
  })
})
