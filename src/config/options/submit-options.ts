/**
 * Mail of users who may neither read the secrets nor write the queue: the drop directory.
 */
import { SENDER_LOGIN } from '../kinds/sender-login.ts'
import { SIZE } from '../kinds/size.ts'
import { PATH } from '../kinds/text.ts'
import { integer } from '../kinds/value.ts'
import { defaulted, optional, SITE } from './option.ts'

/** The options by name. */
export const SUBMIT_OPTIONS = {
  submit_dir: optional(
    'submit_dir',
    PATH,
    'Where users who may not write the queue drop their mail for it.',
    SITE,
  ),
  sender_login: defaulted(
    'sender_login',
    SENDER_LOGIN,
    { rule: 'any' },
    'Senders a user may use for mail that he drops: any, own, or by a file.',
    SITE,
  ),
  submit_max_size: defaulted(
    'submit_max_size',
    SIZE,
    100 * 1024 * 1024,
    'The largest message that is taken over from submit_dir.',
    SITE,
  ),
  submit_max_messages: defaulted(
    'submit_max_messages',
    integer(1, 1_000_000),
    1000,
    'Messages of one user that are taken over in an hour; more than that wait.',
    SITE,
  ),
} as const
