/**
 * Claiming a message for an administrator, wherever it is. The journal is brought in line with the folder first,
 * so that a crash while the message is claimed puts it back where it was.
 *
 * A delivery under way can be stopped as long as the last byte of the message has not been handed over: whoever
 * delivers it marks the flight first and looks for the file afterwards; here the file is moved first and the mark
 * looked for afterwards. So one of the two notices the other.
 */
import { errnoOf, queueError } from '../errors/errno.ts'
import { claimedName, parseName, runnerOf } from './entry-name.ts'
import type { TimedEvent } from './journal/event.ts'
import { appendJournal, readJournal } from './journal/journal.ts'
import { folderPath } from './layout.ts'
import { isFileFault, openQueueFile } from './queue-file.ts'
import { messageState } from './journal/recipient-state.ts'
import { inspectRunner, type RunnerInfo, type RunnerRecord } from './runner-record.ts'
import type { QueueEntry } from './store.ts'
import { takeOver } from './take-over.ts'

/** Who takes, and when. */
export interface Taking {
  readonly queueDir: string
  readonly info: RunnerInfo
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The new claim. */
  readonly claim: string
  /** Notes that the message of the claim may have been handed over. */
  markFlight(): void
}

/** `flown`: taken from a delivery that may have handed it over at the same moment. */
export type Taken = 'taken' | 'flown' | 'busy' | 'gone'

/** Whether the message lies in hold/ without its journal saying so: somebody put it there by hand. */
function isHeldByHand({ queueDir }: Taking, key: string): boolean {
  const file = openQueueFile(folderPath(queueDir, 'hold', key))
  if (!file.ok) return false
  file.content.close()
  return messageState(file.meta, readJournal(queueDir, parseName(key).unique)).held === undefined
}

/** Lets the journal say what the folder says, so that the message comes back here whatever happens. */
async function noteHold(taking: Taking, key: string): Promise<void> {
  const { queueDir, now: time } = taking
  const event: TimedEvent = { event: 'hold', by: 'somebody', why: 'put into hold/ by hand', time }
  try {
    if (isHeldByHand(taking, key)) await appendJournal(queueDir, parseName(key).unique, [event], true)
  } catch (error) {
    // What is no message is found out when it is claimed.
    if (errnoOf(error) !== 'ENOENT' && !isFileFault(error))
      throw queueError(error, 'cannot read a message in', queueDir)
  }
}

function deliverer({ queueDir, info, now }: Taking, claim: string): RunnerRecord {
  return inspectRunner(queueDir, runnerOf(claim), info, now)
}

function takeFromDelivery(taking: Taking, key: string): Taken {
  const { claim } = parseName(key)
  if (claim === undefined) return 'busy'
  const before = deliverer(taking, claim)
  // What a dead process left is for the recovery; whom we know nothing about cannot be stopped safely.
  if (!before.alive || before.flown === undefined || before.flown.has(claim)) return 'busy'
  // Until it is known to be otherwise, the message may have been sent: a crash right here must leave a doubt.
  taking.markFlight()
  if (!takeOver(taking.queueDir, 'cur', key, claimedName(key, taking.claim))) return 'gone'
  const after = deliverer(taking, claim)
  return after.flown?.has(claim) === false ? 'taken' : 'flown'
}

/**
 * Takes a message.
 *
 * @throws MailError QUEUE_* when the queue cannot be read or written; the message is where it was
 */
export async function takeMessage(taking: Taking, entry: QueueEntry): Promise<Taken> {
  const { queueDir, claim } = taking
  const { place, key } = entry
  if (place === 'cur') return takeFromDelivery(taking, key)
  if (place === 'hold') await noteHold(taking, key)
  return takeOver(queueDir, place, key, claimedName(key, claim)) ? 'taken' : 'gone'
}
