/** What an administrator does to messages, in both queues. */
import { describe, expect, it } from 'vitest'
import { openAdministration, type Changed } from '../../../src/delivery/administer.ts'
import type { Change } from '../../../src/delivery/administration.ts'
import { deliveryContext } from '../../../src/delivery/context.ts'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { MemoryQueue } from '../../../src/queue/memory/queue.ts'
import type { EnqueueOptions, QueueEntry, QueueStore } from '../../../src/queue/store.ts'
import { temporaryQueue } from '../../helpers/queue-dir.ts'
import { claimOnly, delivered, deferred, entriesOf, failed, holding, messageTo } from '../queue/contract.ts'

const LATER = 4_000_000_000_000
const REPORTS = { bounce: 'dsn', limit: 10, host: 'h.example', domain: 'h.example' } as const

const queues: [string, () => QueueStore][] = [
  ['a Maildir', () => new MaildirQueue(temporaryQueue())],
  ['memory', () => new MemoryQueue()],
]

describe.each(queues)('an administrator of a queue in %s', (_name, open) => {
  async function filled(recipients: string[], options: EnqueueOptions = {}): Promise<QueueStore> {
    const store = open()
    await store.enqueue(messageTo(...recipients), options)
    return store
  }

  async function change(
    store: QueueStore,
    what: Change,
    reports: Parameters<typeof deliveryContext>[0] = {},
    entry?: QueueEntry,
  ): Promise<Changed> {
    const context = deliveryContext(reports)
    const administrator = await openAdministration({ queue: store, context, by: 'root' })
    try {
      const [first] = await entriesOf(store)
      const target = entry ?? first
      if (target === undefined) throw new Error('the queue is empty')
      return await administrator.change(target, what)
    } finally {
      await administrator.close()
    }
  }

  const changed = (settled: string) => ({ kind: 'changed', settled, maybeSent: false })
  const unchanged = (why: RegExp) => ({ kind: 'unchanged', why: expect.stringMatching(why) as string })

  it('holds and releases', async () => {
    const store = await filled(['a@x', 'b@x'], { outcomes: [delivered('a@x')], nextAttempt: LATER })
    expect(await change(store, { action: 'hold', why: 'a test' })).toEqual(changed('held'))
    expect(await holding(store)).toEqual(['hold a@x=delivered b@x=held'])
    expect(await change(store, { action: 'hold' })).toEqual(unchanged(/held already/))
    expect(await change(store, { action: 'release' })).toEqual(changed('waiting'))
    expect(await change(store, { action: 'release' })).toEqual(unchanged(/not held/))
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=pending'])
    const [entry] = await entriesOf(store)
    expect(entry?.nextAttempt).toBeLessThanOrEqual(Date.now())
  })

  it('cannot hold what has failed, and leaves it where it is', async () => {
    const store = await filled(['a@x'], { outcomes: [failed('a@x')] })
    expect(await change(store, { action: 'hold' })).toEqual(unchanged(/nothing is left/))
    expect(await change(store, { action: 'expire' })).toEqual(unchanged(/nothing is left/))
    expect(await holding(store)).toEqual(['failed a@x=failed'])
  })

  it('retries a failed message for those who do not have it', async () => {
    const store = await filled(['a@x', 'b@x'], { outcomes: [delivered('a@x'), failed('b@x')] })
    expect(await change(store, { action: 'retry' })).toEqual(changed('waiting'))
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=pending'])
  })

  it('queues a message anew', async () => {
    const store = await filled(['a@x'], { outcomes: [deferred('a@x')], nextAttempt: LATER })
    await change(store, { action: 'edit', priority: 1 })
    expect(await change(store, { action: 'requeue' })).toEqual(changed('waiting'))
    const [entry] = await entriesOf(store)
    if (entry === undefined) throw new Error('the queue is empty')
    expect(entry).toMatchObject({ place: 'new', priority: 5 })
    const message = await store.describe(entry)
    expect(message).toMatchObject({ attempts: 0 })
    expect(message?.requeuedAt).toBeGreaterThan(0)
  })

  it('deletes a message wherever it is', async () => {
    const store = await filled(['a@x'], { outcomes: [failed('a@x')] })
    expect(await change(store, { action: 'delete' })).toEqual(changed('discarded'))
    expect(await holding(store)).toEqual([])
  })

  it('gives a message up, and the sender is told once', async () => {
    const store = await filled(['a@x', 'b@x'], { outcomes: [delivered('a@x')], nextAttempt: LATER })
    expect(await change(store, { action: 'expire' }, { reports: REPORTS })).toEqual(changed('failed'))
    expect(await holding(store)).toEqual(['failed a@x=delivered b@x=expired', 'new s@x.example=pending'])
    const [entry] = await entriesOf(store, ['failed'])
    expect(await change(store, { action: 'bounce' }, { reports: REPORTS }, entry)).toEqual(
      unchanged(/told already/),
    )
    expect(await holding(store)).toHaveLength(2)
  })

  it('tells the sender also where senders are not told by themselves', async () => {
    const store = await filled(['a@x'])
    const reports = { ...REPORTS, bounce: 'none' } as const
    expect(await change(store, { action: 'expire' }, { reports })).toEqual(changed('failed'))
    expect(await holding(store)).toEqual(['failed a@x=expired'])
    expect(await change(store, { action: 'bounce' }, { reports })).toEqual(changed('failed'))
    expect(await holding(store)).toEqual(['failed a@x=expired', 'new s@x.example=pending'])
  })

  it('says that a report could not be made, and the message waits for the next run to make it', async () => {
    const store = await filled(['a@x'], { nextAttempt: LATER })
    const reports = { ...REPORTS, limit: 0 }
    await expect(change(store, { action: 'bounce' }, { reports })).rejects.toMatchObject({
      exitCode: 75,
      message: expect.stringMatching(/bounce_limit/) as string,
    })
    expect(await holding(store)).toEqual(['new a@x=expired'])
    const [entry] = await entriesOf(store)
    expect(entry?.nextAttempt).toBeLessThanOrEqual(Date.now())
  })

  it('changes sender, recipients and priority, and keeps the time of the next attempt', async () => {
    const outcomes = [delivered('a@x'), deferred('b@x'), failed('c@x')]
    const store = await filled(['a@x', 'b@x', 'c@x'], { outcomes, nextAttempt: LATER })
    const edit = {
      action: 'edit',
      sender: '',
      add: ['c@X', 'd@x', 'd@X'],
      remove: ['b@X'],
      priority: 2,
    } as const
    expect(await change(store, edit)).toEqual(changed('waiting'))
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=cancelled c@x=pending d@x=pending'])
    const [entry] = await entriesOf(store)
    expect(entry).toMatchObject({ nextAttempt: LATER, priority: 2 })
    expect(entry && (await store.describe(entry))?.envelope.sender).toBe('')
  })

  it.each([
    [{ add: ['a@x'] }, /has the message already/],
    [{ add: ['b@x'] }, /among the recipients already/],
    [{ remove: ['a@x'] }, /cannot be taken off/],
    [{ remove: ['nobody@x'] }, /not among the recipients/],
  ])('refuses the edit %j', async (what, why) => {
    const store = await filled(['a@x', 'b@x'], { outcomes: [delivered('a@x')], nextAttempt: LATER })
    expect(await change(store, { action: 'edit', ...what })).toEqual(unchanged(why))
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=pending'])
  })

  it('leaves a message as it is whose new address cannot be used', async () => {
    const store = await filled(['a@x'], { outcomes: [failed('a@x')] })
    await expect(change(store, { action: 'edit', add: ['b@x\r\nRCPT'] })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    })
    expect(await holding(store)).toEqual(['failed a@x=failed'])
  })

  it('keeps the hold of a message that is edited', async () => {
    const store = await filled(['a@x'])
    await change(store, { action: 'hold' })
    expect(await change(store, { action: 'edit', add: ['b@x'] })).toEqual(changed('held'))
    expect(await holding(store)).toEqual(['hold a@x=held b@x=held'])
  })

  it('changes the priority also while a report about the message has to wait', async () => {
    const store = await filled(['a@x', 'b@x'], { outcomes: [failed('a@x')] })
    const reports = { ...REPORTS, limit: 0 }
    expect(await change(store, { action: 'edit', priority: 1 }, { reports })).toEqual(changed('waiting'))
    expect(await entriesOf(store)).toMatchObject([{ place: 'new', priority: 1 }])
    expect(await holding(store)).toEqual(['new a@x=failed b@x=pending'])
  })

  it('finds a message that was claimed since it was looked up', async () => {
    const store = await filled(['a@x'])
    const [entry] = await entriesOf(store)
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    expect(await change(store, { action: 'hold' }, {}, entry)).toEqual(changed('held'))
    expect(() => claim.markFlight()).toThrow(/taken/)
    claim.abandon()
    await runner.close()
    expect(await holding(store)).toEqual(['hold a@x=held'])
  })

  it('does not touch a message whose last byte is out', async () => {
    const store = await filled(['a@x'])
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    claim.markFlight()
    expect(await change(store, { action: 'delete' })).toEqual({ kind: 'busy' })
    await claim.record([delivered('a@x')])
    await claim.finish({ action: 'retry', at: 0 })
    await runner.close()
    expect(await holding(store)).toEqual([])
  })

  it('takes a message back from a deliverer that is dead', async () => {
    const store = await filled(['a@x'])
    const runner = await store.openRunner('run')
    ;(await claimOnly(store, runner)).markFlight()
    await runner.close()
    expect(await change(store, { action: 'hold' })).toEqual(changed('held'))
    expect(await holding(store)).toEqual(['hold a@x=in-doubt'])
  })

  it('says that a message is gone', async () => {
    const store = await filled(['a@x'])
    const [entry] = await entriesOf(store)
    await change(store, { action: 'delete' })
    expect(await change(store, { action: 'retry' }, {}, entry)).toEqual({ kind: 'gone' })
    expect(await holding(store)).toEqual([])
  })
})
