/**
 * Messages, outcomes and a look at a queue, for the tests of queues.
 */
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
