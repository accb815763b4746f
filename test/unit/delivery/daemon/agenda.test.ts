/**
 * What becomes due and when, from the names in a real queue, with less room than there are messages.
 */
import { describe, expect, it } from 'vitest'
import { Agenda } from '../../../../src/delivery/daemon/agenda.ts'
import { DEFAULT_POLICY } from '../../../../src/delivery/context.ts'
import { bufferContent } from '../../../../src/message/content.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import type { QueueEntry } from '../../../../src/queue/store.ts'
import { queueContents, temporaryQueue } from '../../../helpers/queue-dir.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const GOES_ON = new AbortController().signal

async function agendaOf(waits: readonly number[], kept: number) {
  let now = NOW
  const clock = { now: () => now }
  const store = new MaildirQueue(temporaryQueue(), clock)
  for (const [place, wait] of waits.entries()) {
    const envelope = { sender: 'a@s.example', recipients: [`r${place}@d.example`] }
    const content = bufferContent(Buffer.from('Subject: s\r\n\r\nb\r\n'))
    await store.enqueue({ envelope, content }, { nextAttempt: NOW + wait * 1000 })
  }
  const offered: QueueEntry[] = []
  const offer = (entry: QueueEntry): undefined => void offered.push(entry)
  const agenda = new Agenda({ store, policy: DEFAULT_POLICY, clock, offer, kept })
  await agenda.scan(GOES_ON)
  return {
    store,
    agenda,
    passes: (seconds: number) => (now += seconds * 1000),
    offered: () => offered.splice(0).map(({ nextAttempt }) => (nextAttempt - NOW) / 1000),
  }
}

describe('an agenda', () => {
  it('offers what is due, and the rest when its time has come', async () => {
    const { store, agenda, passes, offered } = await agendaOf([0, 30, -5, 20], 10)
    expect(offered().sort()).toEqual([-5, 0])
    expect(agenda.next).toBe(NOW + 20_000)
    passes(25)
    agenda.offerDue()
    expect(offered()).toEqual([20])
    expect(agenda.next).toBe(NOW + 30_000)
    expect(queueContents(store.name)['new']).toHaveLength(4)
  })

  it('finds by another look what it had no room for', async () => {
    const { store, agenda, passes, offered } = await agendaOf([10, 40, 20, 30, 50], 2)
    passes(20)
    agenda.offerDue()
    expect(offered()).toEqual([10, 20])
    expect([agenda.next, agenda.isHidden]).toEqual([NOW + 30_000, false])
    passes(15)
    agenda.offerDue()
    expect([offered(), agenda.isHidden]).toEqual([[], true])
    await agenda.scan(GOES_ON)
    expect(offered().sort()).toEqual([10, 20, 30])
    expect(agenda.next).toBe(NOW + 40_000)
    expect(queueContents(store.name)['new']).toHaveLength(5)
  })

  it('takes up one that comes, and one that rests', async () => {
    const { store, agenda, passes, offered } = await agendaOf([100], 10)
    const found: QueueEntry[] = []
    for await (const each of store.list(['new'])) found.push(each)
    const [entry] = found
    if (entry === undefined) throw new Error('nothing waits')
    agenda.note({ ...entry, key: 'other', nextAttempt: NOW })
    expect(offered()).toEqual([0])
    agenda.postpone({ ...entry, key: 'rests', nextAttempt: NOW }, NOW + 60_000)
    expect(agenda.next).toBe(NOW + 60_000)
    passes(60)
    agenda.offerDue()
    expect(offered()).toEqual([0])
    expect(queueContents(store.name)).toEqual({ new: ['r0@d.example=pending'] })
  })
})
