/**
 * How the configured accounts are: which server each goes over, and what its breaker says. For people and for
 * monitoring; a delivery asks the breaker itself.
 */
import type { Config, SmtpSettings } from '../../config/config.ts'
import type { QueueStore } from '../../queue/store.ts'
import { serverName } from '../../transport/server-name.ts'
import { readFaults } from '../site-faults.ts'
import { breakerKey, isPaused, readAccountState, type AccountState } from './state.ts'

/** `closed`: it works; `open`: it is left alone; `half-open`: the next message finds out. */
export type Breaker = 'closed' | 'open' | 'half-open'

/** One account and how it is. */
export interface AccountStatus {
  /** The account as messages name it. */
  readonly account: string
  /** The server it goes over. */
  readonly server: string
  readonly breaker: Breaker
  /** What is wrong with it; undefined when nothing is known to be. */
  readonly state: AccountState | undefined
  /** What this site lacks for some of its mail, which waits; undefined when nothing is known to be lacking. */
  readonly fault: string | undefined
  /** Its limits, and how much of each is used; undefined where that cannot be known. */
  readonly limits: readonly LimitStatus[]
}

/** One limit of an account. */
export interface LimitStatus {
  /** The key of the configuration, such as `limit_per_hour`. */
  readonly limit: string
  readonly most: number
  readonly used: number | undefined
}

function breakerOf(state: AccountState | undefined, now: number): Breaker {
  if (state === undefined) return 'closed'
  return isPaused(state, now) ? 'open' : 'half-open'
}

async function limitStatuses(
  queue: QueueStore,
  account: string,
  { limits }: Pick<SmtpSettings, 'limits'>,
  now: number,
): Promise<{ readonly limits: readonly LimitStatus[]; readonly why?: string }> {
  if (limits === undefined) return { limits: [] }
  const { limitsUsed, limitWindows } = await import('./rate-limit.ts')
  const windows = limitWindows(limits)
  const found = await limitsUsed(queue, account, windows, now)
  const known = 'reason' in found ? [] : found
  const statuses = windows.map(({ key, most }, place) => ({ limit: key, most, used: known[place]?.used }))
  return 'reason' in found ? { limits: statuses, why: found.reason } : { limits: statuses }
}

/**
 * Looks at the notes about the configured accounts.
 *
 * @param now milliseconds since the epoch
 */
export async function accountStatuses(
  queue: QueueStore,
  { accounts }: Pick<Config, 'accounts'>,
  now: number,
): Promise<AccountStatus[]> {
  const faults = await readFaults(queue)
  const statuses = accounts.map(async ({ name, smtp }): Promise<AccountStatus[]> => {
    if (smtp === undefined) return []
    const server = serverName(smtp)
    const state = await readAccountState(queue, breakerKey(name, server))
    const { limits, why } = await limitStatuses(queue, name, smtp, now)
    const fault = why ?? faults.get(name)
    return [{ account: name, server, breaker: breakerOf(state, now), state, fault, limits }]
  })
  return (await Promise.all(statuses)).flat()
}
