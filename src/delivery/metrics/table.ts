/**
 * Every metric, in one table: its name, type, meaning and labels are a contract with dashboards and alerts. The writer,
 * docs/metrics.md, the dashboard and the alert rules follow it or are tested against it.
 */

/** One metric. */
export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence, without quotes and line breaks. */
  readonly help: string
  readonly labels: readonly string[]
}

/** The metrics by name. */
export const METRICS = {
  mailqueue_recipients_total: {
    type: 'counter',
    help: 'Recipients by what an attempt brought: delivered, deferred, failed or in-doubt.',
    labels: ['account', 'outcome'],
  },
  mailqueue_queued_messages_total: {
    type: 'counter',
    help: 'Messages that were put into the queue.',
    labels: [],
  },
  mailqueue_expired_messages_total: {
    type: 'counter',
    help: 'Messages that were given up because of their age.',
    labels: ['account'],
  },
  mailqueue_bounced_messages_total: {
    type: 'counter',
    help: 'Delivery reports of failures that were made.',
    labels: ['account'],
  },
  mailqueue_attempts_total: {
    type: 'counter',
    help: 'Attempts to send a message.',
    labels: ['account'],
  },
  mailqueue_attempted_bytes_total: {
    type: 'counter',
    help: 'Octets of the messages of all attempts.',
    labels: ['account'],
  },
  mailqueue_attempt_duration_seconds: {
    type: 'histogram',
    help: 'How long an attempt took.',
    labels: ['account'],
  },
  mailqueue_account_failures_total: {
    type: 'counter',
    help: 'How often an account could not be used.',
    labels: ['account'],
  },
  mailqueue_limits_reached_total: {
    type: 'counter',
    help: 'How often a limit of an account was used up.',
    labels: ['account', 'limit'],
  },
  mailqueue_runs_total: {
    type: 'counter',
    help: 'Runs of the queue.',
    labels: [],
  },
  mailqueue_messages: {
    type: 'gauge',
    help: 'Messages in the queue, by where they are: waiting, active, held or failed.',
    labels: ['state'],
  },
  mailqueue_oldest_message_timestamp_seconds: {
    type: 'gauge',
    help: 'When the oldest message there was queued.',
    labels: ['state'],
  },
  mailqueue_breaker: {
    type: 'gauge',
    help: 'Whether the breaker of the account is closed (0: it works), half-open (1: the next message finds out) or open (2: it is left alone).',
    labels: ['account'],
  },
  mailqueue_limit: {
    type: 'gauge',
    help: 'How much the limit of an account allows.',
    labels: ['account', 'limit'],
  },
  mailqueue_limit_used: {
    type: 'gauge',
    help: 'How much of the limit of an account is used.',
    labels: ['account', 'limit'],
  },
  mailqueue_last_run_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last run of the queue ended.',
    labels: [],
  },
  mailqueue_suspended: {
    type: 'gauge',
    help: '1 when an administrator has suspended all sending, else 0.',
    labels: [],
  },
  mailqueue_corrupt_files: {
    type: 'gauge',
    help: 'Files in corrupt/.',
    labels: [],
  },
  mailqueue_free_bytes: {
    type: 'gauge',
    help: 'Octets that can still be stored where the queue is.',
    labels: [],
  },
  mailqueue_free_files: {
    type: 'gauge',
    help: 'Files that can still be made where the queue is.',
    labels: [],
  },
  mailqueue_build_info: {
    type: 'gauge',
    help: 'Always 1; tells the version.',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, Metric>>

/** A key of {@link METRICS}. */
export type MetricName = keyof typeof METRICS
