/**
 * How a queue and its accounts are at this moment, as samples. The names of the messages tell enough: none is opened.
 */
import type { Config } from '../../config/config.ts'
import type { Place, QueueStore } from '../../queue/store.ts'
import { VERSION } from '../../util/version.ts'
import { accountStatuses, type Breaker } from '../account/status.ts'
import { readLastRun } from '../last-run.ts'
import { readSuspended } from '../suspension.ts'
import type { Sample } from './exposition.ts'
import type { MetricName } from './table.ts'

const STATES: Readonly<Record<Place, string>> = {
  new: 'waiting',
  cur: 'active',
  hold: 'held',
  failed: 'failed',
}
const PLACES = Object.keys(STATES) as Place[]
const BREAKER: Readonly<Record<Breaker, number>> = { closed: 0, 'half-open': 1, open: 2 }

const seconds = (ms: number): number => Math.floor(ms / 1000)

/** A sample, unless there is no value. */
function sample(metric: MetricName, labels: readonly string[], value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ metric, labels, value }]
}

async function queueSamples(queue: QueueStore): Promise<Sample[]> {
  const found = new Map(PLACES.map((place) => [place, { messages: 0, oldest: Infinity }]))
  for await (const { place, queuedAt } of queue.list(PLACES)) {
    const tally = found.get(place)
    if (tally === undefined) continue
    tally.messages += 1
    tally.oldest = Math.min(tally.oldest, queuedAt)
  }
  return [...found].flatMap(([place, { messages, oldest }]) => [
    ...sample('mailqueue_messages', [STATES[place]], messages),
    ...(messages > 0
      ? sample('mailqueue_oldest_message_timestamp_seconds', [STATES[place]], seconds(oldest))
      : []),
  ])
}

async function accountSamples(
  queue: QueueStore,
  config: Pick<Config, 'accounts'>,
  now: number,
): Promise<Sample[]> {
  return (await accountStatuses(queue, config, now)).flatMap(({ account, breaker, limits }) => [
    ...sample('mailqueue_breaker', [account], BREAKER[breaker]),
    ...limits.flatMap(({ limit, most, used }) => [
      ...sample('mailqueue_limit', [account, limit], most),
      ...sample('mailqueue_limit_used', [account, limit], used),
    ]),
  ])
}

/**
 * Looks at a queue.
 *
 * @param now milliseconds since the epoch
 * @throws MailError when the queue cannot be read
 */
export async function gaugeSamples(
  queue: QueueStore,
  config: Pick<Config, 'accounts'>,
  now: number,
): Promise<Sample[]> {
  const { freeOctets, freeFiles, quarantined } = await queue.facts()
  const lastRun = await readLastRun(queue)
  return [
    ...(await queueSamples(queue)),
    ...(await accountSamples(queue, config, now)),
    ...sample('mailqueue_last_run_timestamp_seconds', [], lastRun && seconds(lastRun.time)),
    ...sample('mailqueue_suspended', [], (await readSuspended(queue)).all ? 1 : 0),
    ...sample('mailqueue_corrupt_files', [], quarantined),
    ...sample('mailqueue_free_bytes', [], freeOctets),
    ...sample('mailqueue_free_files', [], freeFiles),
    ...sample('mailqueue_build_info', [VERSION], 1),
  ]
}
