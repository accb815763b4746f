/**
 * A logger that writes nothing and counts: metrics are counts of log events, so that no other code has to know of them.
 */
import type { EventName, FactsOf } from '../../logging/events.ts'
import { loggerOf, type Logger } from '../../logging/logger.ts'
import { addCounts, countKey, durationCounts } from './counts.ts'
import type { MetricName } from './table.ts'

type Added = readonly (readonly [string, number])[]
type Counters = { readonly [E in EventName]?: (facts: FactsOf[E]) => Added }

const one = (metric: MetricName, ...labels: readonly string[]): Added => [[countKey(metric, ...labels), 1]]

type Outcome = Pick<FactsOf['message.delivered'], 'account' | 'status'>
const recipient = ({ account = '', status }: Outcome): Added =>
  one('mailqueue_recipients_total', account, status)

/** What each event counts for. */
const COUNTERS: Counters = {
  'message.delivered': recipient,
  'message.deferred': recipient,
  'message.failed': recipient,
  'message.in-doubt': recipient,
  'message.queued': () => one('mailqueue_queued_messages_total'),
  'message.expired': ({ account = '' }) => one('mailqueue_expired_messages_total', account),
  'message.bounced': ({ account = '' }) => one('mailqueue_bounced_messages_total', account),
  'attempt.finished': ({ account = '', size, duration }) => [
    ...one('mailqueue_attempts_total', account),
    [countKey('mailqueue_attempted_bytes_total', account), size],
    ...durationCounts(account, duration / 1000),
  ],
  'account.failed': ({ account = '' }) => one('mailqueue_account_failures_total', account),
  'limit.reached': ({ account, limit }) => one('mailqueue_limits_reached_total', account, limit),
  'run.finished': () => one('mailqueue_runs_total'),
}

/** A logger, and what it has counted. */
export interface CountingLogger {
  readonly log: Logger
  /** What was counted since it was taken last. */
  readonly counts: Map<string, number>
}

/** Makes a logger that counts. */
export function countingLogger(): CountingLogger {
  const counts = new Map<string, number>()
  const log = loggerOf((_level, event, facts) => {
    const counter = COUNTERS[event] as ((facts: object) => Added) | undefined
    if (counter !== undefined) addCounts(counts, counter(facts))
  }, false)
  return { log, counts }
}
