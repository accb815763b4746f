/**
 * What a daemon shows of itself to whoever only looks: health checks, metrics, listings. Read when it is asked for;
 * nothing in it is a promise about the next moment.
 */
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { Group } from './group.ts'

/** An account that mail went over, or waits for, since the daemon read its configuration. */
export interface AccountView {
  readonly account: string
  /** Messages in flight. */
  readonly inFlight: number
  /** Messages that are due and wait in memory: for a connection, or for the account. */
  readonly waiting: number
  /** Why nothing goes over it now; undefined when it can be used. */
  readonly paused: { readonly reason: string; readonly until: number; readonly routine: boolean } | undefined
}

/** A running daemon, for readers. Times are milliseconds since the epoch. */
export interface DaemonState {
  readonly startedAt: number
  /** The queue it works on; another one after a configuration was read that names one. */
  readonly queue: QueueStore
  /** Looks whether the queue is still there. Who would make it anew otherwise leaves it alone when it is not. */
  readonly isThere: boolean
  /** When the whole queue was looked at last. */
  readonly lastPass: number | undefined
  /** When the next message becomes due. */
  readonly nextDue: number | undefined
  /** Messages in flight. */
  readonly busy: number
  /** Why the queue cannot be used; undefined when all is well. */
  readonly trouble: string | undefined
  readonly accounts: readonly AccountView[]
}

/** What is shown of a group; messages with servers of their own stand under a name that no account has. */
export function accountView({ name, inFlight, waiting, pause, lane }: Group): AccountView {
  return {
    account: lane?.way.account ?? (name === '' ? DEFAULT_ACCOUNT : name),
    inFlight,
    waiting: waiting.size,
    paused: pause,
  }
}
