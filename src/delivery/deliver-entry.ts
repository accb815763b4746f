/**
 * One message of the queue on its way: claimed, opened, tried over its way, and counted. What a run and a daemon have in
 * common; which message is next, and what a failure stops, they decide themselves.
 */
import { errnoOf } from '../errors/errno.ts'
import type { QueueEntry, QueueStore, Runner } from '../queue/store.ts'
import { attemptClaim, siteLacks, type AttemptResult } from './attempt.ts'
import type { DeliveryContext } from './context.ts'
import { newLane, type Lane } from './lane.ts'
import { countAttempt, type RunReport } from './run-report.ts'
import type { Way } from './way.ts'
import type { Ways } from './ways.ts'

/** What messages are delivered with. */
export interface Desk {
  readonly store: QueueStore
  readonly runner: Runner
  readonly ways: Ways
  readonly lanes: Map<Way, Lane>
  readonly context: DeliveryContext
  /** Counts what becomes of each message. */
  readonly report: RunReport
  /** Gives up what is under way; what was handed over completely is waited for. */
  readonly signal: AbortSignal | undefined
}

/** What came of it. */
export type EntryResult =
  /** There was nothing to deliver: somebody else has it, or it is no message. */
  | { readonly kind: 'gone' }
  /** Its way is stopped: it is as it was. */
  | { readonly kind: 'left'; readonly lane: Lane }
  | { readonly kind: 'tried'; readonly lane: Lane; readonly attempt: AttemptResult }

/** The lane of a way. */
export function laneOf({ lanes }: Pick<Desk, 'lanes'>, way: Way): Lane {
  const lane = lanes.get(way) ?? newLane(way)
  lanes.set(way, lane)
  return lane
}

/**
 * Delivers one message. The claim is over when it resolves.
 *
 * @throws MailError QUEUE_* when the message cannot be claimed, read or given back
 */
export async function deliverEntry(desk: Desk, entry: QueueEntry): Promise<EntryResult> {
  const { store, runner, context, report, signal } = desk
  const result = await runner.claim(entry)
  if (result.kind === 'gone' || result.kind === 'busy') return { kind: 'gone' }
  if (result.kind === 'quarantined') {
    report.quarantined += 1
    context.log.error('queue.quarantined', { ...result.file })
    return { kind: 'gone' }
  }
  const { claim } = result
  const way = await desk.ways.wayOf(claim.message)
  const lane = laneOf(desk, way)
  if (lane.stopped !== undefined) {
    await claim.release()
    return { kind: 'left', lane }
  }
  if (way.missing !== undefined)
    way.context.log.error('account.missing', {
      id: claim.message.id,
      account: way.account,
      reason: way.missing,
    })
  const delivering = { queue: store, claim, transport: way.transport, context: way.context }
  const attempt = await attemptClaim(delivering, { signal, awaitReply: true })
  countAttempt(report, attempt)
  lane.fault ??= attempt.outcomes.map(siteLacks).find((reason) => reason !== undefined)
  return { kind: 'tried', lane, attempt }
}

/** True for one bad spot on the disk, which must not hold up all other mail; two in a row are the disk. */
export function isBadSpot(error: unknown): boolean {
  return errnoOf(error instanceof Error ? (error.cause ?? error) : error) === 'EIO'
}
