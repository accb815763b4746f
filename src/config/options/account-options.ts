/**
 * What makes several accounts: from whom one takes what it does not say itself, which mail goes over it, and what
 * stands in for it.
 */
import { ACCOUNT_NAME, ACCOUNT_NAMES, ADDRESS_PATTERNS, USERS } from '../kinds/account.ts'
import { defaulted, NONE, optional } from './option.ts'

const NAMED = { scope: 'named', notInherited: true } as const

/** The options by name. */
export const ACCOUNT_OPTIONS = {
  inherit: optional('inherit', ACCOUNT_NAME, 'The account that says what this one does not.', {
    ...NAMED,
    defaultNote: 'default',
  }),
  match_from: defaulted(
    'match_from',
    ADDRESS_PATTERNS,
    NONE,
    'Senders whose mail goes over this account.',
    NAMED,
  ),
  match_recipient: defaulted(
    'match_recipient',
    ADDRESS_PATTERNS,
    NONE,
    'Recipients whose mail goes over this account.',
    NAMED,
  ),
  match_uid: defaulted(
    'match_uid',
    USERS,
    NONE,
    'Users of this machine whose mail goes over this account.',
    NAMED,
  ),
  fallback: defaulted('fallback', ACCOUNT_NAMES, NONE, 'Accounts to be tried in order when this one fails.', {
    notInherited: true,
  }),
} as const
