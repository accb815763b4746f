/**
 * Which account a message goes over, when nobody named one: for each recipient the first account of the file whose
 * `match_from`, `match_recipient` and `match_uid`, as far as it has them, all fit; else `default`. A pure function of
 * envelope, caller and configuration.
 */
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import type { Account, Config, MatchRules } from '../../config/config.ts'
import { findAccount } from '../../config/accounts.ts'
import type { Envelope } from '../../message/envelope.ts'

/** Who hands the message in; each is looked up only when an account asks for it. */
export interface Submitter {
  /** The number of the user; undefined where users have none. */
  readonly uid: number | undefined
  /** Login name; undefined when the number has none. */
  readonly user: string | undefined
}

/** Some recipients of a message, and the account that their copy goes over. */
export interface Route {
  readonly account: Account
  readonly recipients: readonly string[]
}

/** `*` stands for any characters, `?` for one; a pattern that begins with `+` or `@` is the end of an address. */
function toExpression(pattern: string): RegExp {
  const whole = /^[+@]/.test(pattern) ? `*${pattern}` : pattern
  const source = whole
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'su')
}

/** The address without a tag, so that `ann@site.example` also fits `ann+news@site.example`. */
const withoutTag = (address: string): string => address.replace(/^([^+"]+)\+[^@]*@/, '$1@')

function fits(patterns: readonly string[], address: string): boolean {
  if (patterns.length === 0) return true
  const text = address === '' ? '<>' : address.toLowerCase()
  return patterns.some((pattern) => {
    const expression = toExpression(pattern)
    return expression.test(text) || expression.test(withoutTag(text))
  })
}

function fitsUser(users: readonly string[], submitter: Submitter): boolean {
  if (users.length === 0) return true
  if (users.includes(String(submitter.uid))) return true
  const { user } = submitter
  return user !== undefined && users.includes(user)
}

/** Whether an account is for this user: one that names users in match_uid is for nobody else. */
export function isFor({ match }: Pick<Account, 'match'>, submitter: Submitter): boolean {
  return fitsUser(match.user, submitter)
}

/** Whether an address is one of those that some patterns stand for; it is when there is no pattern. */
export function fitsAddress(patterns: readonly string[], address: string): boolean {
  return fits(patterns, address)
}

const saysNothing = ({ from, recipient, user }: MatchRules): boolean =>
  from.length + recipient.length + user.length === 0

/** The accounts that fit a message as far as its sender and its submitter go. */
function candidates({ accounts }: Pick<Config, 'accounts'>, sender: string, submitter: Submitter): Account[] {
  return accounts.filter(
    ({ match }) => !saysNothing(match) && fits(match.from, sender) && fitsUser(match.user, submitter),
  )
}

/**
 * Splits the recipients of a message by the account that their copy goes over.
 *
 * @returns one route for each account, in the order of the first recipient of each
 */
export function chooseRoutes(
  config: Pick<Config, 'accounts'>,
  { sender, recipients }: Pick<Envelope, 'sender' | 'recipients'>,
  submitter: Submitter,
): Route[] {
  const usual = findAccount(config, DEFAULT_ACCOUNT)
  const possible = candidates(config, sender, submitter)
  const routes = new Map<Account, string[]>()
  for (const recipient of recipients) {
    const account = possible.find(({ match }) => fits(match.recipient, recipient)) ?? usual
    if (account === undefined) continue
    const those = routes.get(account)
    if (those === undefined) routes.set(account, [recipient])
    else those.push(recipient)
  }
  return [...routes].map(([account, those]) => ({ account, recipients: those }))
}
