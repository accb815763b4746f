/**
 * The queue, and how long mail is tried.
 */
import { ADDRESS, PATH } from '../kinds/text.ts'
import { choice, duration, durations, integer } from '../kinds/value.ts'
import { defaulted, HOUR, MINUTE, optional, SITE } from './option.ts'

const SCHEDULE = Object.freeze([MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR])

/** The options by name. */
export const QUEUE_OPTIONS = {
  queue_dir: optional('queue_dir', PATH, 'The queue; without it, nothing is queued.', SITE),
  rescan: defaulted(
    'rescan',
    duration('1d'),
    MINUTE,
    'How often mq-run --daemon looks at the whole queue in any case.',
    SITE,
  ),
  spool: defaulted(
    'spool',
    choice('fallback', 'first', 'only'),
    'fallback',
    'Queue after a failure, before sending, or without sending.',
    SITE,
  ),
  retry: defaulted(
    'retry',
    durations('365d'),
    SCHEDULE,
    'Waits after each failed attempt; the last one repeats.',
  ),
  expire: defaulted('expire', duration('365d'), 5 * 24 * HOUR, 'Age at which a queued message is given up.'),
  in_doubt: defaulted(
    'in_doubt',
    choice('retry', 'hold'),
    'retry',
    'What happens to a message that the server may have: sent again, or held.',
  ),
  bounce: defaulted(
    'bounce',
    choice('dsn', 'none'),
    'dsn',
    'Whether a delivery report tells the sender of mail that failed.',
    SITE,
  ),
  bounce_expire: defaulted(
    'bounce_expire',
    duration('365d'),
    2 * 24 * HOUR,
    'Age at which mail from the null sender is given up, unless expire is less.',
  ),
  bounce_limit: defaulted(
    'bounce_limit',
    integer(1, 1_000_000),
    100,
    'Delivery reports in one hour; more than that wait.',
    SITE,
  ),
  postmaster: optional(
    'postmaster',
    ADDRESS,
    'Who is told of mail that failed and has no sender to be told.',
    SITE,
  ),
  delay_notice: optional(
    'delay_notice',
    duration('365d'),
    'Age at which a sender is told that a message is delayed.',
    { defaultNote: 'never' },
  ),
} as const
