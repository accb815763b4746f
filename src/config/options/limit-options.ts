/**
 * How much may be sent over an account.
 */
import { choice, integer } from '../kinds/value.ts'
import { defaulted, optional } from './option.ts'

const COUNT = integer(1, 1_000_000)
const NO_LIMIT = { defaultNote: 'no limit' } as const

/** The options by name. */
export const LIMIT_OPTIONS = {
  limit_per_minute: optional('limit_per_minute', COUNT, 'Messages in any 60 seconds.', NO_LIMIT),
  limit_per_hour: optional('limit_per_hour', COUNT, 'Messages in any 60 minutes.', NO_LIMIT),
  limit_per_day: optional('limit_per_day', COUNT, 'Messages in any 24 hours.', NO_LIMIT),
  limit_recipients_per_day: optional(
    'limit_recipients_per_day',
    COUNT,
    'Recipients of messages in any 24 hours.',
    NO_LIMIT,
  ),
  on_limit: defaulted(
    'on_limit',
    choice('defer', 'reject', 'hold'),
    'defer',
    'What happens to new mail above a limit: it waits, is refused, or is held.',
  ),
} as const
