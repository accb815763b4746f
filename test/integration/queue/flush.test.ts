/**
 * Making removals durable: what depends on a directory sync waits for it, also when several are asked for.
 */
import fs, { existsSync, readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseName } from '../../../src/queue/entry-name.ts'
import { appendJournal, journalPath } from '../../../src/queue/journal/journal.ts'
import { queueContents } from '../../helpers/queue-dir.ts'
import { claimOnly, delivered, messageTo } from './contract.ts'
import { claimed, deadPid, disown, testQueue, type TestQueue } from './maildir.ts'

type Sync = (fd: number, done: fs.NoParamCallback) => void

/** Puts something in front of fsync. */
function replaceSync(make: (fsync: Sync) => Sync): void {
  const { fsync } = fs
  fs.fsync = Object.assign(make(fsync), { __promisify__: fsync.__promisify__ })
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsync = fsync
    syncBuiltinESMExports()
  })
}

/** Lets the real fsync run only once the returned function is called. */
function holdSyncs(): () => void {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  replaceSync((fsync) => (fd, done) => void gate.then(() => fsync(fd, done)))
  return open
}

/** Writes down which folders are synced and where files are removed, and calls back at each removal in cur/. */
function watch(removed: () => void = () => undefined): string[] {
  const seen: string[] = []
  replaceSync((fsync) => (fd, done) => {
    seen.push(`sync ${basename(readlinkSync(`/proc/self/fd/${fd}`))}`)
    fsync(fd, done)
  })
  const { unlinkSync } = fs
  fs.unlinkSync = (path) => {
    const folder = basename(dirname(String(path)))
    seen.push(`remove ${folder}`)
    unlinkSync(path)
    if (folder === 'cur') removed()
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.unlinkSync = unlinkSync
    syncBuiltinESMExports()
  })
  return seen
}

/** A message that its journal says everybody has, still claimed by a process that died. */
async function finishedByTheDead(queue: TestQueue): Promise<void> {
  const { runner, claim } = await claimed(queue, 'a@x')
  const event = { event: 'delivered' as const, recipients: ['a@x'], reply: 'Ok', time: 0 }
  await appendJournal(queue.queueDir, parseName(claim.message.key).unique, [event], true)
  disown(queue.queueDir, runner, { pid: deadPid() })
}

describe('the journal of a message that everybody has', () => {
  it('stays until the removal is durable, and the runner does not end before', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const first = await claimOnly(store, runner)
    await first.record([{ status: 'delivered', recipient: 'a@x', reply: '250 ok' }])
    await first.finish({ action: 'retry', at: 0 })
    await runner.flush()
    const second = await claimOnly(store, runner)
    await second.record([{ status: 'delivered', recipient: 'b@x', reply: '250 ok' }])
    await second.finish({ action: 'retry', at: 0 })
    const journal = journalPath(queueDir, parseName(second.message.key).unique)
    const goOn = holdSyncs()
    const done: string[] = []
    const flushed = runner.flush().then(() => done.push('flushed'))
    const closed = runner.close().then(() => done.push('closed'))
    // More turns of the event loop than an ending needs that waits for nothing.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect([existsSync(journal), existsSync(join(queueDir, 'runners', runner.id)), done]).toEqual([
      true,
      true,
      [],
    ])
    goOn()
    await Promise.all([flushed, closed])
    expect([existsSync(journal), done]).toEqual([false, ['flushed', 'closed']])
  })

  it('stays until then also when a recovery removes the message and a flush comes before its end', async () => {
    const queue = testQueue()
    await finishedByTheDead(queue)
    const runner = await queue.store.openRunner('run')
    const flushed: Promise<void>[] = []
    const seen = watch(() => flushed.push(runner.flush()))
    await runner.recover(() => 0)
    await Promise.all(flushed)
    await runner.close()
    expect(seen.indexOf('sync cur')).toBeGreaterThan(seen.indexOf('remove cur'))
    expect(seen.indexOf('remove state')).toBeGreaterThan(seen.indexOf('sync cur'))
    expect(queueContents(queue.queueDir)).toEqual({})
  })

  it('stays for the sweep when the removal could not be made durable: no later sync vouches for it', async () => {
    const queue = testQueue()
    await finishedByTheDead(queue)
    const runner = await queue.store.openRunner('run')
    await runner.recover(() => 0)
    let fail = true
    replaceSync((fsync) => (fd, done) => {
      if (fail) done(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
      else fsync(fd, done)
    })
    await expect(runner.flush()).rejects.toMatchObject({ code: 'QUEUE_IO' })
    fail = false
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ orphans: [expect.stringMatching(/\.log$/)] })
  })
})

describe('the removal of a message', () => {
  it('is durable in new/ as well, from where it was claimed', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('a@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    await claim.record([delivered('a@x')])
    await claim.finish({ action: 'retry', at: 0 })
    const seen = watch()
    await runner.close()
    expect(seen.filter((each) => each.startsWith('sync')).sort()).toEqual(['sync cur', 'sync new'])
    expect(queueContents(queueDir)).toEqual({})
  })
})
