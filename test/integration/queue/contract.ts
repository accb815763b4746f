/**
 * What every queue has to do, as tests. The tests of a queue call this with a way to make an empty one.
 */
import { describe, expect, it } from 'vitest'
import { bufferContent } from '../../../src/message/content.ts'
import type { ReportRequest } from '../../../src/message/envelope.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { describeAdministration } from './contract-administration.ts'
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
const inDoubt = (recipient: string): RecipientOutcome => ({
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

  it('keeps what the sender asks for, through every change', async () => {
    const store = open()
    const recipients = ['a@x', '__proto__', 'b@X']
    const reports: ReportRequest = {
      notify: ['failure'],
      envid: 'id 1',
      recipients: new Map([
        ['__proto__', { notify: ['never'] as const }],
        ['b@X', { original: 'rfc822;root+1@h.example' }],
      ]),
    }
    const message = messageTo(...recipients)
    const envelope = { ...message.envelope, reports, body: '8bitmime' as const }
    await store.enqueue({ ...message, envelope })
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    expect(claim.message.envelope).toEqual(envelope)
    await claim.note(
      { event: 'cancel', recipients: ['b@X'], by: 'root', why: 'asked for' },
      { event: 'edit', by: 'root', added: ['c@x'] },
    )
    await claim.note({ event: 'edit', by: 'root', added: ['b@X'] })
    await claim.finish({ action: 'retry', at: 0 })
    const again = await claimOnly(store, runner)
    expect(again.message.envelope).toEqual({ ...envelope, recipients: [...recipients, 'c@x'] })
    await again.release()
    await runner.close()
    expect(await holding(store)).toEqual(['new a@x=pending __proto__=pending b@X=pending c@x=pending'])
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

  it('keeps what happened to a message in another queue', async () => {
    const store = open()
    const past = { queuedAt: 1_700_000_000_000, attempts: 3, lastAttempt: 1_700_000_060_000 }
    await store.enqueue(messageTo('a@x'), { past: { ...past, givenUp: undefined } })
    await store.enqueue(messageTo('b@x', 'c@x'), {
      outcomes: [delivered('b@x')],
      past: { ...past, givenUp: 'too old' },
    })
    for (const entry of await entriesOf(store)) {
      const { queuedAt, attempts } = past
      expect(await store.describe(entry)).toMatchObject({ queuedAt, attempts })
    }
    expect(await holding(store)).toEqual(['failed b@x=delivered c@x=expired', 'new a@x=pending'])
    const [waiting] = await entriesOf(store, ['new'])
    expect(waiting?.nextAttempt).toBeGreaterThan(past.lastAttempt)
    expect(waiting && (await store.describe(waiting))?.lastAttempt).toBe(past.lastAttempt)
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

  it('counts each recipient once, however often it is told that one has the message', async () => {
    const store = open()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    await claim.record([delivered('a@x')])
    await claim.record([delivered('a@x'), deferred('b@x')])
    expect(await claim.finish({ action: 'retry', at: 0 })).toBe('waiting')
    await runner.close()
    expect(await holding(store)).toEqual(['new a@x=delivered b@x=deferred'])
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
    const recovered = await runner.recover(() => 4_000_000_000_000)
    expect(new Map(recovered.map((each) => [each.id, each.inDoubt]))).toEqual(
      new Map([
        [ids[0], true],
        [ids[1], false],
      ]),
    )
    expect(await runner.recover(() => 0)).toEqual([])
    await runner.close()
    expect(await holding(store)).toEqual(['new sent@x=in-doubt', 'new unsent@x=pending'])
    const [sent] = await store.find(ids[0] ?? '')
    expect(sent).toMatchObject({ nextAttempt: 4_000_000_000_000 })
  })
}
