/** Counts of a queue, message by message. */
import { describe, expect, it } from 'vitest'
import { largestFirst, newTally, tallyMessage } from '../../../src/delivery/tally.ts'
import { QUEUED, queuedMessage, recipientState } from '../cli/queue/sample-message.ts'

describe('a tally', () => {
  it('counts a message in its place and its recipients by state, and who still gets it by domain', () => {
    const tally = newTally()
    const recipients = [
      recipientState('a@One.ex', { status: 'delivered' }),
      recipientState('b@two.ex', { status: 'in-doubt' }),
      recipientState('root'),
    ]
    tallyMessage(tally, queuedMessage({ recipients }))
    tallyMessage(
      tally,
      queuedMessage({ place: 'failed', recipients: [recipientState('c@x', { status: 'failed' })] }),
    )
    expect(tally.places).toMatchObject({
      new: { messages: 1, octets: 125, oldest: QUEUED },
      failed: { messages: 1, octets: 125 },
    })
    expect(tally.recipients).toMatchObject({ delivered: 1, 'in-doubt': 1, pending: 1, failed: 1 })
    expect([...tally.domains]).toEqual([
      ['two.ex', 1],
      ['root', 1],
    ])
    expect([...tally.senders]).toEqual([['s.ex', 1]])
    expect([...tally.accounts]).toEqual([['default', 1]])
  })

  it('tells no age by a clock that was not set, and a new one for a message that was queued anew', () => {
    const tally = newTally()
    tallyMessage(tally, queuedMessage({ queuedAt: 1000 }))
    expect(tally.places.new.oldest).toBeUndefined()
    tallyMessage(tally, queuedMessage({ queuedAt: QUEUED, requeuedAt: QUEUED + 5000 }))
    tallyMessage(tally, queuedMessage({ queuedAt: QUEUED + 9000 }))
    expect(tally.places.new.oldest).toBe(QUEUED + 5000)
  })
})

describe('the largest counts', () => {
  it('come first, equal ones by name', () => {
    const counts = new Map([
      ['b', 1],
      ['c', 2],
      ['a', 1],
    ])
    expect(largestFirst(counts)).toEqual([
      ['c', 2],
      ['a', 1],
      ['b', 1],
    ])
    expect(largestFirst(counts, 1)).toEqual([['c', 2]])
  })
})
