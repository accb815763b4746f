/**
 * From the written values of one account to its settings. The account of `[mailqueue]` is made like any other.
 */
import type { AccountSettings, MatchRules } from './config.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { headerSettings } from './header-settings.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'
import { expandSender, type Identity } from './sender-template.ts'
import { smtpSettings } from './smtp-settings.ts'

/** How long an interactive submission may take until the body starts, unless anything else is configured. */
const SUBMIT_TIMEOUT = 30_000

/** What is written down for one account. */
export interface Written {
  readonly given: GivenValues
  /** The accounts that have its login: itself, and those it inherits it from. */
  readonly credentialsOf: readonly string[]
}

/**
 * Reads the settings of one account.
 *
 * @param account everything that holds for it
 * @param identity undefined where `%U`, `%H` and `%F` have no value
 * @throws MailError CONFIG_INVALID, naming the place, for a value or a combination that is not valid
 */
export function accountSettings(
  { given, credentialsOf }: Written,
  identity: Identity | undefined,
): AccountSettings {
  // Also those that nothing below asks for, so that a mistake in them does not wait for a smarthost.
  for (const option of Object.values<Option<unknown>>(OPTIONS)) readGiven(given, option)
  const from = readGiven(given, OPTIONS.from)
  const sender =
    from === undefined ? undefined : expandSender(from, identity, given.get('from')?.where ?? 'from')
  const deliver = readOrDefault(given, OPTIONS.deliver)
  // Also where it is not used, so that a mistake in it is told.
  const smtp = smtpSettings(given, credentialsOf)
  return {
    deliver,
    pipeTimeout: readOrDefault(given, OPTIONS.timeout_dot),
    // What must not be used cannot be used where it is not there.
    smtp: deliver.to === 'smtp' ? smtp : undefined,
    from: sender,
    retry: readOrDefault(given, OPTIONS.retry),
    expire: readOrDefault(given, OPTIONS.expire),
    inDoubt: readOrDefault(given, OPTIONS.in_doubt),
    bounceExpire: readOrDefault(given, OPTIONS.bounce_expire),
    delayNotice: readGiven(given, OPTIONS.delay_notice),
    submitTimeout:
      readGiven(given, OPTIONS.submit_timeout) ?? readGiven(given, OPTIONS.smtp_timeout) ?? SUBMIT_TIMEOUT,
    headers: headerSettings(given, sender),
    match: matchRules(given),
    fallback: readOrDefault(given, OPTIONS.fallback),
  }
}

function matchRules(given: GivenValues): MatchRules {
  return Object.freeze({
    from: readOrDefault(given, OPTIONS.match_from),
    recipient: readOrDefault(given, OPTIONS.match_recipient),
    user: readOrDefault(given, OPTIONS.match_uid),
  })
}
