/**
 * What an administrator does to messages. Each message is claimed first, so a change never meets a delivery: one
 * that is under way is stopped, or, when its last byte is out, the message is left alone. What was done is in the
 * journal before the message moves, and in the log afterwards.
 *
 * The process dies                  the message is
 * before the claim                  as it was
 * after the claim, nothing noted    put back by the next run, as it was
 * after the note                    put by the next run where the journal says it belongs
 * after the move                    changed; a power cut within the same command may undo the move, not the note
 */
import type { Claim, Disposition, Quarantined, QueueEntry, QueueStore, Settled } from '../queue/store.ts'
import { dispositionFor, priorityFor, type Change } from './administration.ts'
import type { DeliveryContext } from './context.ts'
import { nextAttempt } from './schedule.ts'
import { settleClaim } from './settle.ts'

/** What became of a change. */
export type Changed =
  | { readonly kind: 'changed'; readonly settled: Settled }
  /** The change makes no sense for this message. */
  | { readonly kind: 'unchanged'; readonly why: string }
  /** It is being delivered and cannot be stopped any more. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'quarantined'; readonly file: Quarantined }

/** An administrator at work. */
export interface Administrator {
  /**
   * Changes one message.
   *
   * @throws MailError QUEUE_* when the queue cannot be read or written; the message is where it was, or a later run
   *   puts it where it belongs
   */
  change(entry: QueueEntry, change: Change): Promise<Changed>
  /** Makes everything durable. @throws MailError QUEUE_* when it may not be */
  close(): Promise<void>
}

/** What administration needs. */
export interface Administration {
  readonly queue: QueueStore
  readonly context: DeliveryContext
  /** Who does it, for the journal. */
  readonly by: string
}

async function changeClaimed(
  claim: Claim,
  change: Change,
  { queue, context, by }: Administration,
): Promise<Changed> {
  let next: Disposition | { readonly unchanged: string }
  try {
    next = await dispositionFor(claim, change, { queue, context, by })
  } catch (error) {
    // What was noted stays noted: the place follows from it.
    await claim.release().catch(() => undefined)
    throw error
  }
  if ('unchanged' in next) {
    await claim.release()
    return { kind: 'unchanged', why: next.unchanged }
  }
  const settled = await settleClaim(claim, next, { queue, context, remote: '' }, priorityFor(change))
  context.log.info('message.changed', { id: claim.message.id, action: change.action, by, settled })
  return { kind: 'changed', settled }
}

/** Begins to administer a queue. The lease lasts until `close`. */
export async function openAdministration(administration: Administration): Promise<Administrator> {
  const { queue, context } = administration
  const runner = await queue.openRunner('admin')
  const takeOnce = async (entry: QueueEntry, change: Change): Promise<Changed> => {
    const taken = await runner.take(entry)
    return taken.kind === 'claimed' ? changeClaimed(taken.claim, change, administration) : taken
  }
  return {
    change: async (entry, change) => {
      const changed = await takeOnce(entry, change)
      if (changed.kind !== 'busy') return changed
      // Its deliverer may be dead.
      await runner.recover(nextAttempt(context.policy, 1, context.clock.now()))
      const [found] = await queue.find(entry.id)
      return found === undefined || found.place === 'cur' ? changed : takeOnce(found, change)
    },
    close: () => runner.close(),
  }
}
