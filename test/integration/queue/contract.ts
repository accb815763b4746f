/**
 * What every queue has to do, as tests. The tests of a queue call this with a way to make an empty one.
 */
import { describe, expect, it } from 'vitest'
import { bufferContent } from '../../../src/message/content.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import type { Claim, NewMessage, Place, QueueEntry, QueueStore, Runner } from '../../../src/queue/store.ts'

export const BYTES = Buffer.from('Subject: gr\u00fc\u00dfe\r\n\r\n.\r\nlast line\r\n')

/** A message for these recipients. */
export function messageTo(...recipients: string[]): NewMessage {
  return { envelope: { sender: 's@x.example', recipients }, content: bufferContent(BYTES) }
}

export const delivered = (recipient: string): RecipientOutcome => ({
  status: 'delivered',
  recipient,
  reply: '2.0.0 Ok: queued as Q1',
  remoteId: 'Q1',
})
export const deferred = (recipient: string): RecipientOutcome => ({
  status: 'deferred',
  recipient,
  scope: 'recipient',
  reason: 'try later',
  code: 451,
  enhanced: '4.2.0',
})
export const failed = (recipient: string): RecipientOutcome => ({
  status: 'failed',
  recipient,
  scope: 'recipient',
  reason: 'no such user',
  code: 550,
  enhanced: '5.1.1',
})
export const inDoubt = (recipient: string): RecipientOutcome => ({
  status: 'in-doubt',
  recipient,
  reason: 'no reply',
})

const ALL: readonly Place[] = ['new', 'cur', 'hold', 'failed']

/** All entries of a queue. */
export async function entriesOf(store: QueueStore, places: readonly Place[] = ALL): Promise<QueueEntry[]> {
  const found: QueueEntry[] = []
  for await (const entry of store.list(places)) found.push(entry)
  return found
}

/** What the queue holds exactly, as the store itself says: `new a@x=pending`. */
export async function holding(store: QueueStore): Promise<string[]> {
  const lines: string[] = []
  for (const entry of await entriesOf(store)) {
    const message = await store.describe(entry)
    const states = message?.recipients.map(({ recipient, status }) => `${recipient}=${status}`) ?? [
      'unreadable',
    ]
    lines.push([entry.place, ...states].join(' '))
  }
  return lines.sort()
}

/** Claims the one message that waits. */
export async function claimOnly(store: QueueStore, runner: Runner): Promise<Claim> {
  const [entry, another] = await entriesOf(store, ['new'])
  if (entry === undefined || another !== undefined) throw new Error('not exactly one message waits')
  const result = await runner.claim(entry)
  if (result.kind !== 'claimed') throw new Error(`the message is ${result.kind}`)
  return result.claim
}

async function readAll(store: QueueStore, entry: QueueEntry): Promise<Buffer> {
  const content = await store.content(entry)
  if (content === undefined) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) chunks.push(chunk)
  content.close()
  return Buffer.concat(chunks)
}

/** Declares the tests. */
export function describeQueue(name: string, open: () => QueueStore): void {
  describe(`${name} keeps the contract of a queue`, () => {
    describeStoring(open)
    describeAttempts(open)
    describeRunners(open)
    describeAdministration(open)
  })
}

function describeStoring(open: () => QueueStore): void {
  it('keeps a message as it is until somebody claims it', async () => {
    const store = open()
    const id = await store.enqueue(messageTo('a@x', 'b@x'))
    const [entry] = await store.find(id)
    expect(entry).toMatchObject({ id, place: 'new', priority: 5 })
    if (entry === undefined) return
    expect(await store.describe(entry)).toMatchObject({
      id,
      envelope: { sender: 's@x.example', recipients: ['a@x', 'b@x'] },
      size: BYTES.length,
      attempts: 0,
      lastAttempt: undefined,
    })
    expect((await readAll(store, entry)).equals(BYTES)).toBe(true)
    expect(await holding(store)).toEqual(['new a@x=pending b@x=pending'])
  })

  it('keeps what an attempt before it brought, and the time of the next one', async () => {
    const store = open()
    const nextAttempt = 4_000_000_000_000
    const outcomes = [deferred('a@x'), failed('b@x')]
    const id = await store.enqueue(messageTo('a@x', 'b@x', 'c@x'), { outcomes, nextAttempt })
    const [entry] = await store.find(id.toLowerCase())
    expect(entry).toMatchObject({ id, nextAttempt })
    expect(entry && (await store.describe(entry))).toMatchObject({ attempts: 1 })
    expect(await holding(store)).toEqual(['new a@x=deferred b@x=failed c@x=pending'])
  })

  it('keeps a message among the failed when nobody is left to get it', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'), { outcomes: [failed('a@x')] })
    expect(await holding(store)).toEqual(['failed a@x=failed'])
  })

  it('stores and claims in one step', async () => {
    const store = open()
    const runner = await store.openRunner('submit')
    const claim = await store.enqueueClaimed(messageTo('a@x', 'b@x'), runner)
    expect(claim.pending).toEqual(['a@x', 'b@x'])
    expect(await entriesOf(store, ['new'])).toEqual([])
    expect(await holding(store)).toEqual(['cur a@x=pending b@x=pending'])
    await claim.release()
    await runner.close()
    expect(await holding(store)).toEqual(['new a@x=pending b@x=pending'])
  })
}

function describeAttempts(open: () => QueueStore): void {
  it('is empty once everybody has the message', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    claim.markFlight()
    await claim.record([delivered('a@x'), delivered('b@x')])
    expect(await claim.finish({ action: 'retry', at: 0 })).toBe('done')
    await runner.close()
    expect(await holding(store)).toEqual([])
  })

  it('sends again only to those who were deferred, at the time that was asked for', async () => {
    const store = open()
    const id = await store.enqueue(messageTo('a@x', 'b@x', 'c@x', 'd@x'))
    const runner = await store.openRunner('run')
    const first = await claimOnly(store, runner)
    await first.record([delivered('a@x'), deferred('b@x'), failed('c@x'), inDoubt('d@x')])
    expect(await first.finish({ action: 'retry', at: 4_000_000_000_000 })).toBe('waiting')
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=deferred c@x=failed d@x=in-doubt'])
    expect(await store.find(id)).toMatchObject([{ place: 'new', nextAttempt: 4_000_000_000_000 }])
    const second = await claimOnly(store, runner)
    expect(second.pending).toEqual(['b@x', 'd@x'])
    expect(second.message.attempts).toBe(1)
    await second.record([delivered('b@x'), delivered('d@x')])
    expect(await second.finish({ action: 'retry', at: 0 })).toBe('failed')
    await runner.close()
    expect(await holding(store)).toEqual(['failed a@x=delivered b@x=delivered c@x=failed d@x=delivered'])
  })

  it.each([
    ['expire', 'failed', 'failed a@x=delivered b@x=expired'],
    ['hold', 'held', 'hold a@x=delivered b@x=held'],
  ] as const)('keeps what is left over after %s', async (action, settled, line) => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    await claim.record([delivered('a@x'), deferred('b@x')])
    expect(await claim.finish({ action, by: 'a test', why: 'a test' })).toBe(settled)
    await runner.close()
    expect(await holding(store)).toEqual([line])
  })

  it('forgets a message that is discarded', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    await claim.record([deferred('a@x')])
    expect(await claim.finish({ action: 'discard' })).toBe('discarded')
    await runner.close()
    expect(await holding(store)).toEqual([])
  })

  it('counts no attempt when a message is given back', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'), { nextAttempt: 1_700_000_000_000 })
    const runner = await store.openRunner('run')
    await (await claimOnly(store, runner)).release()
    await runner.close()
    const [entry] = await entriesOf(store)
    expect(entry).toMatchObject({ nextAttempt: 1_700_000_000_000 })
    expect(entry && (await store.describe(entry))).toMatchObject({ attempts: 0 })
    expect(await holding(store)).toEqual(['new a@x=pending'])
  })
}

function describeRunners(open: () => QueueStore): void {
  it('gives a message to one of two runners', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x'))
    const [one, two] = [await store.openRunner('run'), await store.openRunner('run')]
    const [entry] = await entriesOf(store)
    if (entry === undefined) throw new Error('the queue is empty')
    const results = await Promise.all([one.claim(entry), two.claim(entry)])
    expect(results.map(({ kind }) => kind).sort()).toEqual(['claimed', 'gone'])
    expect(await holding(store)).toEqual(['cur a@x=pending'])
    for (const result of results) if (result.kind === 'claimed') await result.claim.release()
    await one.close()
    await two.close()
    expect(await holding(store)).toEqual(['new a@x=pending'])
  })

  it('knows of exactly one of two runners that the other was there first', async () => {
    const store = open()
    const submitting = await store.openRunner('submit')
    const one = await store.openRunner('run')
    expect(await one.othersAtWork()).toBe(false)
    const two = await store.openRunner('run')
    const busy = [await one.othersAtWork(), await two.othersAtWork()]
    expect(busy.filter(Boolean)).toHaveLength(1)
    await one.close()
    await two.close()
    const three = await store.openRunner('run')
    expect(await three.othersAtWork()).toBe(false)
    await three.close()
    await submitting.close()
  })

  it('takes back what a closed runner left, in doubt only when it was handed over', async () => {
    const store = open()
    const ids = [await store.enqueue(messageTo('sent@x')), await store.enqueue(messageTo('unsent@x'))]
    const dead = await store.openRunner('run')
    for (const entry of await entriesOf(store)) {
      const result = await dead.claim(entry)
      if (result.kind === 'claimed' && result.claim.pending[0] === 'sent@x') result.claim.markFlight()
    }
    await dead.close()
    expect(await holding(store)).toEqual(['cur sent@x=pending', 'cur unsent@x=pending'])
    const runner = await store.openRunner('run')
    const recovered = await runner.recover(4_000_000_000_000)
    expect(new Map(recovered.map((each) => [each.id, each.inDoubt]))).toEqual(
      new Map([
        [ids[0], true],
        [ids[1], false],
      ]),
    )
    expect(await runner.recover(0)).toEqual([])
    await runner.close()
    expect(await holding(store)).toEqual(['new sent@x=in-doubt', 'new unsent@x=pending'])
    const [sent] = await store.find(ids[0] ?? '')
    expect(sent).toMatchObject({ nextAttempt: 4_000_000_000_000 })
  })
}

/** Claims the one message of a queue as an administrator. */
async function takeOnly(store: QueueStore, runner: Runner): Promise<Claim> {
  const [entry] = await entriesOf(store)
  const result = entry && (await runner.take(entry))
  if (result?.kind !== 'claimed') throw new Error(`the message is ${String(result?.kind)}`)
  return result.claim
}

function describeAdministration(open: () => QueueStore): void {
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
