/**
 * What an administrator can do with every queue, as tests: the part of the contract that needs exclusive claims of
 * messages wherever they are.
 */
import { expect, it } from 'vitest'
import type { Claim, QueueStore, Runner } from '../../../src/queue/store.ts'
import { claimOnly, deferred, delivered, entriesOf, failed, holding, messageTo } from './contract.ts'

/** Claims the one message of a queue as an administrator. */
async function takeOnly(store: QueueStore, runner: Runner): Promise<Claim> {
  const [entry] = await entriesOf(store)
  const result = entry && (await runner.take(entry))
  if (result?.kind !== 'claimed') throw new Error(`the message is ${String(result?.kind)}`)
  return result.claim
}

/** Declares the tests. */
export function describeAdministration(open: () => QueueStore): void {
  it('lets an administrator make a failed message due for those who failed', async () => {
    const store = open()
    const outcomes = [delivered('a@x'), failed('b@x')]
    await store.enqueue(messageTo('a@x', 'b@x'), { outcomes, nextAttempt: 4_000_000_000_000 })
    const runner = await store.openRunner('admin')
    const claim = await takeOnly(store, runner)
    expect(await holding(store)).toEqual(['cur a@x=delivered b@x=failed'])
    expect(claim.pending).toEqual([])
    await claim.note({ event: 'retry', by: 'root', why: 'a test' })
    expect(claim.pending).toEqual(['b@x'])
    expect(await claim.finish({ action: 'retry', at: 1_700_000_000_000 }, 2)).toBe('waiting')
    await runner.close()
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=pending'])
    expect(await entriesOf(store)).toMatchObject([{ nextAttempt: 1_700_000_000_000, priority: 2 }])
  })

  it('gives a message back to where it was', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'), { outcomes: [failed('a@x')] })
    const runner = await store.openRunner('admin')
    await (await takeOnly(store, runner)).release()
    await runner.close()
    expect(await holding(store)).toEqual(['failed a@x=failed'])
  })

  it('removes a message for good', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const [entry] = await entriesOf(store)
    if (entry === undefined) throw new Error('the queue is empty')
    const runner = await store.openRunner('admin')
    expect(await (await takeOnly(store, runner)).finish({ action: 'discard' })).toBe('discarded')
    expect(await runner.take(entry)).toEqual({ kind: 'gone' })
    await runner.close()
    expect(await store.describe(entry)).toBeUndefined()
    expect(await store.content(entry)).toBeUndefined()
    expect(await store.find(entry.id)).toEqual([])
    expect(await holding(store)).toEqual([])
  })

  it('keeps a held message until it is released, and what was noted about it', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('admin')
    await (await takeOnly(store, runner)).finish({ action: 'hold', by: 'root', why: 'a test' })
    expect(await holding(store)).toEqual(['hold a@x=held b@x=held'])
    const claim = await takeOnly(store, runner)
    await claim.note({ event: 'cancel', recipients: ['b@x'], by: 'root', why: 'a test' })
    await claim.note({ event: 'release', by: 'root', why: 'a test' })
    expect(await claim.finish({ action: 'retry', at: 0 })).toBe('waiting')
    await runner.close()
    const [entry] = await entriesOf(store)
    const history = entry === undefined ? [] : await store.history(entry)
    expect(history.map(({ event }) => event)).toEqual(['hold', 'cancel', 'release'])
    expect(await holding(store)).toEqual(['new a@x=pending b@x=cancelled'])
  })

  it('removes a message of which every recipient was taken off', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'), { outcomes: [delivered('a@x'), deferred('b@x')] })
    const runner = await store.openRunner('admin')
    const claim = await takeOnly(store, runner)
    await claim.note({ event: 'cancel', recipients: ['b@x'], by: 'root', why: 'a test' })
    expect(await claim.finish({ action: 'retry', at: 0 })).toBe('done')
    await runner.close()
    expect(await holding(store)).toEqual([])
  })

  it('has another sender and more recipients once that is noted', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const runner = await store.openRunner('admin')
    const claim = await takeOnly(store, runner)
    await claim.note({ event: 'edit', by: 'root', sender: 'other@x', added: ['b@x'] })
    await claim.finish({ action: 'retry', at: 0 })
    await runner.close()
    const [entry] = await entriesOf(store)
    expect(entry && (await store.describe(entry))?.envelope).toEqual({
      sender: 'other@x',
      recipients: ['a@x', 'b@x'],
    })
    expect(await holding(store)).toEqual(['new a@x=pending b@x=pending'])
  })

  it('stops a delivery as long as the message has not been handed over', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const runner = await store.openRunner('run')
    const delivery = await claimOnly(store, runner)
    const admin = await store.openRunner('admin')
    const taken = await takeOnly(store, admin)
    expect(() => {
      delivery.markFlight()
    }).toThrow(/taken/)
    expect(delivery.lost).toBe(true)
    delivery.abandon()
    await runner.close()
    expect(await taken.finish({ action: 'hold', by: 'root', why: 'a test' })).toBe('held')
    await admin.close()
    expect(await holding(store)).toEqual(['hold a@x=held'])
  })

  it('stores no refusal of a message that was taken from its delivery', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const delivery = await claimOnly(store, runner)
    const admin = await store.openRunner('admin')
    const taken = await takeOnly(store, admin)
    await taken.finish({ action: 'hold', by: 'root', why: 'a test' })
    await delivery.record([failed('a@x'), deferred('b@x')])
    expect(delivery.lost).toBe(true)
    expect(await delivery.finish({ action: 'retry', at: 0 })).toBe('taken')
    await runner.close()
    await admin.close()
    expect(await holding(store)).toEqual(['hold a@x=held b@x=held'])
  })

  it('leaves a message alone that has been handed over', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    claim.markFlight()
    const [entry] = await entriesOf(store)
    if (entry === undefined) throw new Error('the queue is empty')
    const admin = await store.openRunner('admin')
    expect(await admin.take(entry)).toEqual({ kind: 'busy' })
    await admin.close()
    expect(await holding(store)).toEqual(['cur a@x=pending'])
    await claim.record([delivered('a@x')])
    await claim.finish({ action: 'retry', at: 0 })
    await runner.close()
    expect(await holding(store)).toEqual([])
  })

  it('shares small texts between processes', async () => {
    const store = open()
    expect(await store.readNote('account.x')).toBeUndefined()
    await store.writeNote('account.x', 'one')
    await store.writeNote('../account', 'two')
    expect([await store.readNote('account.x'), await store.readNote('../account')]).toEqual(['one', 'two'])
    await store.writeNote('account.x', undefined)
    expect(await store.readNote('account.x')).toBeUndefined()
    expect(await holding(store)).toEqual([])
  })
}
