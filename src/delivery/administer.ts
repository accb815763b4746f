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
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { Claim, Disposition, Quarantined, QueueEntry, Settled } from '../queue/store.ts'
import { applyChange, priorityFor, refusalOf, type Administration, type Change } from './administration.ts'
import { deliveryContext, type DeliveryContext } from './context.ts'
import { recoverQueue } from './recovery.ts'
import { settleClaim } from './settle.ts'

/** What became of a change. */
export type Changed =
  | {
      readonly kind: 'changed'
      readonly settled: Exclude<Settled, 'taken'>
      /** It was taken from its delivery in the last moment: the server may have it. */
      readonly maybeSent: boolean
    }
  /** The change makes no sense for this message. */
  | { readonly kind: 'unchanged'; readonly why: string }
  /** It is being delivered and cannot be stopped any more. */
  | { readonly kind: 'busy' }
  /** Everybody got it, or somebody else moved or removed it at this moment. */
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

/** A failure that says for people what could not be done; by default, trying again may help. */
function failure(id: string, error: unknown): MailError {
  if (error instanceof MailError) return error
  return new MailError('QUEUE_IO', `${id} could not be changed completely: ${describeError(error)}`, {
    cause: error,
  })
}

async function noteChange(
  claim: Claim,
  change: Change,
  administration: Administration,
): Promise<Disposition> {
  try {
    return await applyChange(claim, change, administration)
  } catch (error) {
    // What was noted stays noted, and nobody knows how much that is: from here the next run puts the message
    // where its journal says.
    const at = administration.context.clock.now()
    await claim.finish({ action: 'wait', at }).catch(() => undefined)
    throw failure(claim.message.id, error)
  }
}

async function refuse(claim: Claim, change: Change): Promise<string | undefined> {
  let why: string | undefined
  try {
    why = refusalOf(claim.message, change)
  } catch (error) {
    await claim.release()
    throw error
  }
  if (why !== undefined) await claim.release()
  return why
}

async function changeClaimed(
  claim: Claim,
  change: Change,
  administration: Administration,
  wasSending: boolean,
): Promise<Changed> {
  const { queue, context, by } = administration
  const { id, recipients } = claim.message
  const maybeSent = wasSending && recipients.some(({ status }) => status === 'in-doubt')
  const why = await refuse(claim, change)
  if (why !== undefined) return { kind: 'unchanged', why }
  const next = await noteChange(claim, change, administration)
  const settled = await settleClaim(claim, next, { queue, context, remote: '' }, priorityFor(change))
  if (settled === 'taken') return { kind: 'gone' }
  context.log.info('message.changed', { id, action: change.action, by, settled })
  return { kind: 'changed', settled, maybeSent }
}

/** What a caller has to say for it. */
export interface AdministrationOptions extends Pick<Administration, 'queue' | 'by'> {
  /** Logs, retry policy and delivery reports; nothing is logged and nobody is told when left out. */
  readonly context?: Partial<DeliveryContext>
}

/**
 * Begins to administer a queue. The lease lasts until `close`.
 *
 * @throws MailError QUEUE_* when the queue cannot be written
 */
export async function openAdministration(options: AdministrationOptions): Promise<Administrator> {
  const context = deliveryContext(options.context)
  const { queue } = options
  const administration = { ...options, context }
  const runner = await queue.openRunner('admin')
  const changeOnce = async (entry: QueueEntry, change: Change): Promise<Changed> => {
    const taken = await runner.take(entry)
    if (taken.kind !== 'claimed') return taken
    return changeClaimed(taken.claim, change, administration, entry.place === 'cur')
  }
  return {
    change: async (entry, change) => {
      const changed = await changeOnce(entry, change)
      if (changed.kind !== 'busy' && changed.kind !== 'gone') return changed
      // Its deliverer may be dead, and then it can be changed.
      if (changed.kind === 'busy') await recoverQueue(runner, context)
      // It was moved since it was looked up: mostly by its delivery, which can be stopped.
      const [found] = await queue.find(entry.id)
      if (found === undefined) return { kind: 'gone' }
      const isWhereItWas = found.place === entry.place && found.key === entry.key
      return isWhereItWas ? changed : changeOnce(found, change)
    },
    close: () => runner.close(),
  }
}
