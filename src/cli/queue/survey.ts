/**
 * Everything that stats, top and check tell about a queue, found in one walk. Looking changes nothing.
 */
import { findAccount } from '../../config/accounts.ts'
import type { Config } from '../../config/config.ts'
import { accountStatuses, type AccountStatus } from '../../delivery/account/status.ts'
import { dropWaiting, type DropWaiting } from '../../delivery/drop/waiting.ts'
import { readLastRun, type LastRun } from '../../delivery/last-run.ts'
import { readSuspended, type Suspended } from '../../delivery/suspension.ts'
import { newTally, tallyMessage, type Tally } from '../../delivery/tally.ts'
import type { OutboxFacts, QueuedMessage, QueueFacts } from '../../queue/store.ts'
import type { Sight } from './context.ts'
import { countUnreadable, EVERY_PLACE, newWalkLog, walkQueue, type WalkLog } from './walk.ts'

/** What was found. */
export interface Survey {
  /** The queue directory. */
  readonly queue: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly tally: Tally
  /** Files among the messages that are none, or cannot be read. */
  readonly unreadable: number
  readonly log: WalkLog
  /** Undefined when nothing was ever queued. */
  readonly facts: QueueFacts | undefined
  /** The configured accounts; none when the queue was named on the command line. */
  readonly accounts: readonly AccountStatus[]
  /** Accounts that messages wait for and that are not configured any more. */
  readonly missing: readonly string[]
  /** Undefined when the queue was never run. */
  readonly lastRun: LastRun | undefined
  /** What users have dropped and nobody has taken over yet; left out where nothing is, or this user may not look. */
  readonly dropped?: DropWaiting | undefined
  /** Reports that wait to be told to the application. */
  readonly outbox: OutboxFacts
  /** What is kept back by an administrator. */
  readonly suspended: Suspended
}

function unknownAccounts({ accounts }: Tally, config: Pick<Config, 'accounts'>): string[] {
  return [...accounts.keys()].filter((name) => findAccount(config, name) === undefined).toSorted()
}

/**
 * Looks at a whole queue.
 *
 * @param selects which messages are counted
 * @param now milliseconds since the epoch
 * @throws MailError when the queue cannot be read
 */
export async function surveyQueue(
  sight: Sight,
  selects: (message: QueuedMessage) => boolean,
  now: number,
): Promise<Survey> {
  const { store, made, config } = sight
  const log = newWalkLog()
  const tally = newTally()
  for await (const message of walkQueue(sight, { places: EVERY_PLACE, selects }, log)) {
    tallyMessage(tally, message)
  }
  return {
    queue: store.name,
    now,
    tally,
    unreadable: await countUnreadable(sight, log),
    log,
    facts: made ? await store.facts() : undefined,
    accounts: config === undefined ? [] : await accountStatuses(store, config, now),
    missing: config === undefined || config.sealed ? [] : unknownAccounts(tally, config),
    lastRun: await readLastRun(store),
    dropped: await dropWaiting(config, now),
    outbox: await (await store.outbox()).facts(),
    suspended: await readSuspended(store),
  }
}
