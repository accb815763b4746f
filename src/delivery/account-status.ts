/**
 * How the configured accounts are: which server each goes over, and what its breaker says. For people and for
 * monitoring; a delivery asks the breaker itself.
 */
import type { Config } from '../config/config.ts'
import type { QueueStore } from '../queue/store.ts'
import { serverName } from '../transport/server-name.ts'
import { breakerKey, isPaused, readAccountState, type AccountState } from './account-state.ts'

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
}

function breakerOf(state: AccountState | undefined, now: number): Breaker {
  if (state === undefined) return 'closed'
  return isPaused(state, now) ? 'open' : 'half-open'
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
  const statuses = accounts.map(async ({ name, smtp }): Promise<AccountStatus[]> => {
    if (smtp === undefined) return []
    const server = serverName(smtp)
    const state = await readAccountState(queue, breakerKey(name, server))
    return [{ account: name, server, breaker: breakerOf(state, now), state }]
  })
  return (await Promise.all(statuses)).flat()
}
