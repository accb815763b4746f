/** What a check of the queue finds that only time, or another user, can make. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkQueue } from '../../../src/queue/fsck/check-queue.ts'
import { checkModes } from '../../../src/queue/fsck/modes.ts'
import { queueContents, snapshot } from '../../helpers/queue-dir.ts'
import { messageTo } from './contract.ts'
import { testQueue, type TestQueue } from './maildir.ts'

/** What is found, without the directory; mended when asked for. */
async function found(queue: TestQueue, mends: boolean): Promise<string[]> {
  const lines: string[] = []
  const recover = async (): Promise<void> => {
    const runner = await queue.store.openRunner('admin')
    await runner.recover(() => 0)
    await runner.close()
  }
  const checking = { queueDir: queue.queueDir, now: queue.clock.now() }
  for await (const { path, what, cure, mend } of checkQueue(checking, recover)) {
    lines.push(`${path.slice(queue.queueDir.length + 1)} ${what}: ${String(cure)}`)
    if (mends) await mend?.()
  }
  return lines.sort()
}

async function soundQueue(): Promise<TestQueue> {
  const queue = testQueue()
  await queue.store.enqueue(messageTo('a@x'))
  for (const folder of ['', 'tmp', 'new', 'cur']) {
    chmodSync(join(queue.queueDir, folder), 0o700)
  }
  return queue
}

describe('a check of the queue', () => {
  it('finds drafts and journals that are too old to belong to anybody', async () => {
    const queue = await soundQueue()
    writeFileSync(join(queue.queueDir, 'tmp', 'draft'), 'x', { mode: 0o600 })
    writeFileSync(join(queue.queueDir, 'state', '1.M1P1Q1R0.host.log'), '', { mode: 0o600 })
    expect(await found(queue, true)).toEqual([])
    queue.clock.ahead = 37 * 3600_000
    const before = snapshot(queue.queueDir)
    const lines = [
      'state/1.M1P1Q1R0.host.log is the journal of a message that is gone: removed',
      'tmp/draft is what a process that died was writing: removed',
    ]
    expect(await found(queue, false)).toEqual(lines)
    expect(snapshot(queue.queueDir)).toEqual(before)
    expect(await found(queue, true)).toEqual(lines)
    expect(await found(queue, true)).toEqual([])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('keeps what cannot be cleared away while somebody else is at work, and says so', async () => {
    const queue = await soundQueue()
    writeFileSync(join(queue.queueDir, 'state', '1.M1P1Q1R0.host.log'), '', { mode: 0o600 })
    const other = await queue.store.openRunner('run')
    queue.clock.ahead = 37 * 3600_000
    await expect(found(queue, true)).rejects.toMatchObject({ code: 'QUEUE_BUSY' })
    await other.close()
    expect(await found(queue, true)).toHaveLength(1)
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it.runIf(process.getuid?.() === 0)('tells of files that belong to somebody else', async () => {
    const queue = await soundQueue()
    mkdirSync(join(queue.queueDir, 'notes', 'x'), { mode: 0o700 })
    chownSync(join(queue.queueDir, 'notes', 'x'), 4321, 4321)
    expect(await found(queue, true)).toEqual(['notes/x belongs to the user 4321, the queue to 0: undefined'])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})

describe.runIf(process.getuid?.() === 0)('mending a mode as root', () => {
  it('changes nothing behind a link that was put in the place of what was found', async () => {
    const queue = await soundQueue()
    const [draft, secret] = [join(queue.queueDir, 'tmp', 'draft'), `${queue.queueDir}.secret`]
    for (const path of [draft, secret]) {
      writeFileSync(path, '')
      chmodSync(path, 0o644)
    }
    onTestFinished(() => rmSync(secret))
    for await (const { path, mend } of checkModes({ queueDir: queue.queueDir, now: queue.clock.now() })) {
      expect(path).toBe(draft)
      renameSync(draft, `${queue.queueDir}/tmp/moved`)
      symlinkSync(secret, draft)
      expect(await mend?.()).toBe(false)
    }
    expect(statSync(secret).mode & 0o777).toBe(0o644)
    for (const name of ['draft', 'moved']) rmSync(join(queue.queueDir, 'tmp', name))
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})
