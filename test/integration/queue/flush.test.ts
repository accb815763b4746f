/**
 * Making removals durable: what depends on a directory sync waits for it, also when several are asked for.
 */
import fs, { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseName } from '../../../src/queue/entry-name.ts'
import { journalPath } from '../../../src/queue/journal.ts'
import { claimOnly, messageTo } from './contract.ts'
import { testQueue } from './maildir.ts'

/** Lets the real fsync run only once the returned function is called. */
function holdSyncs(): () => void {
  const { fsync } = fs
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  const held = (fd: number, done: fs.NoParamCallback): void => void gate.then(() => fsync(fd, done))
  fs.fsync = Object.assign(held, { __promisify__: fsync.__promisify__ })
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsync = fsync
    syncBuiltinESMExports()
  })
  return open
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
})
