/**
 * Claims of processes that are gone come back, and those of others do not.
 */
import fs, { readFileSync, renameSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { appendJournal } from '../../../src/queue/journal/journal.ts'
import { journalOf, namesIn, queueContents, storedIn } from '../../helpers/queue-dir.ts'
import { claimOnly, deferred, delivered, messageTo } from './contract.ts'
import { claimed, deadPid, disown, heartbeat, recover, testQueue, unlock } from './maildir.ts'

describe('a claim of a process that is gone', () => {
  it('goes back as it was when its message was not handed over', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'a@x')
    const before = namesIn(queue.queueDir, 'cur')[0]?.split(':')[0]
    disown(queue.queueDir, runner, { pid: deadPid() })
    expect(await recover(queue)).toEqual([false])
    expect(namesIn(queue.queueDir, 'new')).toEqual([before])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('is in doubt when its message was handed over, and waits', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x', 'b@x')
    claim.markFlight()
    disown(queue.queueDir, runner, { pid: deadPid() })
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt b@x=in-doubt'] })
    const [stored] = storedIn(queue.queueDir, 'new')
    expect(Number(/,N=(\d+)/.exec(stored?.name ?? '')?.[1])).toBeGreaterThan(Date.now() / 1000 + 50)
    expect(journalOf(queue.queueDir, stored?.unique ?? '')).toMatchObject([
      { event: 'attempt', counts: true },
      { event: 'in-doubt', recipients: ['a@x', 'b@x'] },
    ])
  })

  it('keeps what was recorded before its process died', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x', 'b@x')
    claim.markFlight()
    await claim.record([delivered('a@x'), deferred('b@x')])
    disown(queue.queueDir, runner, { pid: deadPid() })
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=delivered b@x=in-doubt'] })
  })

  it('of a pid that belongs to another process now is taken back as well', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'a@x')
    disown(queue.queueDir, runner, { start: '1' })
    expect(await recover(queue)).toEqual([false])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('is in doubt after a reboot, whatever its flight log says: that is not synced', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'a@x')
    disown(queue.queueDir, runner, { boot: 'the boot before' })
    heartbeat(queue.queueDir, runner, Date.now() - 61_000)
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
  })

  it('is taken back at once when its process lives on but has given up the lease', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    claim.markFlight()
    claim.abandon()
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ cur: ['a@x=pending'], runners: [runner.id] })
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
  })

  it('is in doubt when nothing is known of its runner', async () => {
    const queue = testQueue()
    const { claim } = await claimed(queue, 'a@x')
    claim.abandon()
    rmSync(join(queue.queueDir, 'runners'), { recursive: true })
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
  })

  it('disappears when everybody was recorded to have the message', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x', 'b@x')
    await claim.record([delivered('a@x'), deferred('b@x')])
    await claim.finish({ action: 'retry', at: 0 })
    const second = await runner.claim(
      (await queue.store.find(claim.message.id))[0] ?? { ...claim.message, key: 'none' },
    )
    if (second.kind !== 'claimed') throw new Error('not claimed')
    second.claim.markFlight()
    const [{ unique } = { unique: '' }] = storedIn(queue.queueDir, 'cur')
    const event = { event: 'delivered' as const, recipients: ['b@x'], reply: 'Ok', time: 0 }
    await appendJournal(queue.queueDir, unique, [event], true)
    disown(queue.queueDir, runner, { pid: deadPid() })
    expect(await recover(queue)).toEqual([false])
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})

describe('a claim of a process that may live', () => {
  it('is left alone while the process lives, however long it is silent', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    heartbeat(queue.queueDir, runner, Date.now() - 3_600_000)
    expect(await recover(queue)).toEqual([])
    expect(queueContents(queue.queueDir)).toEqual({
      cur: ['a@x=pending'],
      runners: [runner.id, `${runner.id}.lock`],
    })
    await claim.release()
    await runner.close()
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it.each([{ host: 'other.example' }, { machine: 'another' }, { namespace: 'pid:[1]' }])(
    'on another host (%j) is left alone while its lease is fresh, and taken back when it is stale',
    async (elsewhere) => {
      const queue = testQueue()
      const { runner } = await claimed(queue, 'a@x')
      disown(queue.queueDir, runner, { ...elsewhere, pid: deadPid() })
      heartbeat(queue.queueDir, runner, Date.now() - 50_000)
      expect(await recover(queue)).toEqual([])
      expect(queueContents(queue.queueDir)).toMatchObject({ cur: ['a@x=pending'] })
      heartbeat(queue.queueDir, runner, Date.now() - 61_000)
      expect(await recover(queue)).toEqual([false])
      expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
    },
  )

  it('on another host is in doubt: its flight log may not have reached the disk', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'a@x')
    disown(queue.queueDir, runner, { host: 'other.example', boot: 'another' })
    unlock(queue.queueDir, runner)
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
  })

  it('cannot hand its message over any more once it was taken back', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    disown(queue.queueDir, runner, { host: 'other.example' })
    unlock(queue.queueDir, runner)
    expect(await recover(queue)).toEqual([false])
    expect(() => {
      claim.markFlight()
    }).toThrow(expect.objectContaining({ code: 'QUEUE_BUSY' }))
    expect(claim.lost).toBe(true)
    await claim.release()
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('still tells who has the message when it was taken back after the hand-over', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    claim.markFlight()
    disown(queue.queueDir, runner, { host: 'other.example' })
    unlock(queue.queueDir, runner)
    expect(await recover(queue)).toEqual([true])
    await claim.record([delivered('a@x')])
    expect(await claim.finish({ action: 'retry', at: 0 })).toBe('done')
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=delivered'] })
    const next = await queue.store.openRunner('run')
    const [entry] = await queue.store.find(claim.message.id)
    expect(entry && (await next.claim(entry))).toEqual({ kind: 'gone' })
    await next.close()
    expect(queueContents(queue.queueDir)).toEqual({})
  })
})

describe('a claim that cannot be read', () => {
  it('does not hold up the others, and stays for the next recovery', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'bad@x')
    const [bad = ''] = namesIn(queue.queueDir, 'cur')
    await queue.store.enqueue(messageTo('good@x'))
    await claimOnly(queue.store, runner)
    disown(queue.queueDir, runner, { pid: deadPid() })
    const { openSync } = fs
    const restore = (): void => {
      fs.openSync = openSync
      syncBuiltinESMExports()
    }
    onTestFinished(restore)
    const start = bad.split(':')[0] ?? ''
    fs.openSync = (path, ...more) => {
      if (!String(path).includes(`/cur/${start}`)) return openSync(path, ...more)
      throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO' })
    }
    syncBuiltinESMExports()
    const next = await queue.store.openRunner('run')
    const unreadable = expect.stringMatching(/input\/output error/) as string
    expect(await next.recover(() => 0)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ inDoubt: false, unreadable }),
        { id: expect.any(String) as string, inDoubt: false },
      ]),
    )
    await next.close()
    expect(namesIn(queue.queueDir, 'cur')).toEqual([expect.stringContaining(start)])
    restore()
    expect(await recover(queue)).toEqual([false])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['bad@x=pending', 'good@x=pending'] })
  })
})

describe('a recovery that dies itself', () => {
  it('leaves the doubt behind for the next one', async () => {
    const queue = testQueue()
    const { runner, claim } = await claimed(queue, 'a@x')
    claim.markFlight()
    disown(queue.queueDir, runner, { pid: deadPid() })
    // The journal cannot be written: the recovery stops between taking the claim over and writing the doubt.
    const state = join(queue.queueDir, 'state')
    const dying = await queue.store.openRunner('run')
    renameSync(state, `${state}-away`)
    await expect(dying.recover(() => 0)).rejects.toMatchObject({ code: 'QUEUE_IO' })
    renameSync(`${state}-away`, state)
    const [name] = namesIn(queue.queueDir, 'cur')
    expect(name).toContain(dying.id)
    expect(readFileSync(join(queue.queueDir, 'runners', dying.id), 'utf8')).toContain(
      `\n${name?.split(':1,')[1]}\n`,
    )
    disown(queue.queueDir, dying, { pid: deadPid() })
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
  })

  it('leaves a doubt behind also where the runner was only silent: it may have sent the message since', async () => {
    const queue = testQueue()
    const { runner } = await claimed(queue, 'a@x')
    disown(queue.queueDir, runner, { host: 'other.example' })
    heartbeat(queue.queueDir, runner, Date.now() - 61_000)
    const dying = await queue.store.openRunner('run')
    await dying.recover(() => 0)
    expect(readFileSync(join(queue.queueDir, 'runners', dying.id), 'utf8')).toContain(`\n${dying.id}.1\n`)
    await dying.close()
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})
