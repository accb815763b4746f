/**
 * Taking back what dead runners left in the queue, and telling of it. A message that cannot be read just now stays
 * claimed for the next recovery, and is named to the caller.
 */
import type { Runner } from '../queue/store.ts'
import type { DeliveryContext } from './context.ts'
import { nextAttempt } from './schedule.ts'

/** What a recovery did; messages. */
export interface RecoveryReport {
  readonly recovered: number
  readonly quarantined: number
  /** Why a message could not be read. */
  readonly unreadable: string | undefined
}

/**
 * Recovers everything and logs it. What is in doubt waits as long as after any other failed attempt.
 *
 * @param sweeps also looks for leftovers that nobody misses
 * @throws MailError QUEUE_* when the queue cannot be read or written
 */
export async function recoverQueue(
  runner: Runner,
  { policy, clock, log }: Pick<DeliveryContext, 'policy' | 'clock' | 'log'>,
  sweeps = true,
): Promise<RecoveryReport> {
  let [recovered, quarantinedFiles] = [0, 0]
  let whyUnreadable: string | undefined
  for (const { id, inDoubt, quarantined, unreadable } of await runner.recover(
    (attempts) => nextAttempt(policy, attempts, clock.now()),
    sweeps,
  )) {
    if (unreadable !== undefined) {
      whyUnreadable = unreadable
      log.error('queue.unreadable', { id, reason: unreadable })
    } else if (quarantined === undefined) {
      recovered += 1
      log.warn('queue.recovered', { id, inDoubt })
    } else {
      quarantinedFiles += 1
      log.error('queue.quarantined', { ...quarantined })
    }
  }
  return { recovered, quarantined: quarantinedFiles, unreadable: whyUnreadable }
}
