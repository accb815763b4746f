/**
 * The circuit breaker of an account: what is known about a smarthost that cannot be used, in a note of the queue
 * that all processes share. Without a note the account is fine (closed). After a failure it is left alone (open)
 * for a while that doubles with each failure; then one message may try it (half-open).
 *
 * A note is a hint. One that cannot be read or written, or that a wrong clock has dated, means that the account
 * is tried: that costs a connection, never a mail.
 */
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import type { MessageServer } from '../../config/config.ts'
import type { AccountTrouble } from '../../message/outcome.ts'
import type { QueueStore } from '../../queue/store.ts'

/** What opens the breaker: a limit of one's own is no failure, nor is one that cannot be counted. */
export type BreakerTrouble = Exclude<AccountTrouble, 'limit' | 'uncounted'>

/** What is wrong with an account. Times are milliseconds since the epoch. */
export interface AccountState {
  readonly trouble: BreakerTrouble
  /** One line for people. */
  readonly reason: string
  /** Failures in a row. */
  readonly failures: number
  readonly since: number
  /** When it failed last. */
  readonly failedAt: number
  /** Until then nobody tries it. */
  readonly until: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
/** How long an account is left alone after the first failure, and at the most, in milliseconds. */
const PAUSES: Readonly<Record<BreakerTrouble, { readonly first: number; readonly longest: number }>> = {
  connection: { first: 15 * SECOND, longest: 15 * MINUTE },
  login: { first: 15 * SECOND, longest: 15 * MINUTE },
  setup: { first: 15 * SECOND, longest: 15 * MINUTE },
  // A quota is not used up for seconds.
  quota: { first: 60 * MINUTE, longest: 60 * MINUTE },
}
/** How long others wait for one who tries whether the account works again. */
const PROBE = MINUTE

const TROUBLES: ReadonlySet<unknown> = new Set(Object.keys(PAUSES))

/** The state after one more failure. */
export function afterFailure(
  before: AccountState | undefined,
  { trouble, reason }: { readonly trouble: BreakerTrouble; readonly reason: string },
  now: number,
): AccountState {
  const failures = (before?.failures ?? 0) + 1
  const { first, longest } = PAUSES[trouble]
  const pause = Math.min(longest, first * 2 ** Math.min(failures - 1, 20))
  return { trouble, reason, failures, since: before?.since ?? now, failedAt: now, until: now + pause }
}

/** Whether nobody should try the account now. */
export function isPaused(state: AccountState | undefined, now: number): state is AccountState {
  // A time further away than any pause was written by a clock that went wrong.
  return state !== undefined && state.until > now && state.until <= now + PAUSES[state.trouble].longest
}

/**
 * What the state of an account is kept under. It belongs to the account at that server: what another account, or one
 * message with a server of its own, meets there is another matter.
 *
 * @param account undefined for a transport that belongs to none
 * @param own what a message names itself: a server that does not have the TLS which only this message wants is there
 *   for all others
 */
export function breakerKey(
  account: string | undefined,
  server: string,
  { tls, fingerprints = [] }: Pick<MessageServer, 'tls' | 'fingerprints'> = {},
): string {
  const wanted = [tls ?? [], fingerprints.map((each) => each.replaceAll(':', '').slice(0, 16))].flat(2)
  const key = [server, ...wanted].join(' ')
  return account === undefined || account === DEFAULT_ACCOUNT ? key : `${account} ${key}`
}

const noteName = (account: string): string => `account.${account}`

function isState(value: unknown): value is AccountState {
  if (typeof value !== 'object' || value === null) return false
  const { trouble, reason, failures, since, failedAt, until } = value as Record<keyof AccountState, unknown>
  const numbers = [failures, since, failedAt, until].every(
    (each) => typeof each === 'number' && Number.isFinite(each),
  )
  return numbers && typeof reason === 'string' && TROUBLES.has(trouble)
}

/** Reads what is known about an account; undefined when nothing is wrong with it. */
export async function readAccountState(
  queue: QueueStore,
  account: string,
): Promise<AccountState | undefined> {
  const text = await queue.readNote(noteName(account))
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isState(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Tells all processes about an account; undefined when it works. */
export async function writeAccountState(
  queue: QueueStore,
  account: string,
  state: AccountState | undefined,
): Promise<void> {
  const text = state === undefined ? undefined : `${JSON.stringify(state)}\n`
  // The message is what counts: that others are not told is no reason to fail.
  await queue.writeNote(noteName(account), text).catch(() => undefined)
}

/** Keeps others from trying the account while this process does. */
export function whileProbing(state: AccountState, now: number): AccountState {
  return { ...state, until: now + PROBE }
}
