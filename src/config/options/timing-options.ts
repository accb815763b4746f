/**
 * How long each step may take.
 */
import { duration } from '../kinds/value.ts'
import { defaulted, MINUTE, optional, SECOND } from './option.ts'

const TIMEOUT = duration('1d')

/** The options by name. */
export const TIMING_OPTIONS = {
  smtp_timeout: optional('smtp_timeout', TIMEOUT, 'Upper limit for each step before the body is sent.'),
  submit_timeout: optional(
    'submit_timeout',
    TIMEOUT,
    'How long a submission may take until the body starts.',
    {
      defaultNote: 'smtp_timeout if given, else 30s',
    },
  ),
  timeout_connect: defaulted('timeout_connect', TIMEOUT, 30 * SECOND, 'Limit for connecting.'),
  timeout_banner: defaulted('timeout_banner', TIMEOUT, MINUTE, "Limit for the server's greeting."),
  timeout_command: defaulted(
    'timeout_command',
    TIMEOUT,
    5 * MINUTE,
    'Limit for EHLO, AUTH, MAIL and RCPT, each.',
  ),
  timeout_data: defaulted('timeout_data', TIMEOUT, 2 * MINUTE, 'Limit from DATA to its reply.'),
  timeout_block: defaulted(
    'timeout_block',
    TIMEOUT,
    3 * MINUTE,
    'Limit for sending one block of the message.',
  ),
  timeout_dot: defaulted(
    'timeout_dot',
    TIMEOUT,
    10 * MINUTE,
    'Limit for the reply to the end of the message.',
  ),
} as const
