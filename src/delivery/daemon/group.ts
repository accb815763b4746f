/**
 * The messages that go the same way as far as their names tell, and how many of them are on their way. What a daemon
 * knows about an account between two messages is here, in bounded memory.
 */
import type { AccountTrouble } from '../../message/outcome.ts'
import type { QueueEntry } from '../../queue/store.ts'
import { EntryList } from './entry-list.ts'
import type { Lane } from '../lane.ts'

/** Messages that wait in memory for a free connection; those that are due beyond that are found by a look at the queue. */
const WAITING = 20_000
/**
 * How many messages with servers of their own are in flight at the same time: only opening a message tells which
 * server.
 */
const OWN_SERVER_AT_ONCE = 8

/** What a daemon does with a group at the moment. */
export type GroupState =
  /** Nothing is in flight, and nobody has asked its account since. */
  | 'idle'
  /** A connection is made, before any message is touched. */
  | 'asking'
  /** The account failed before: one message goes alone. */
  | 'probing'
  /** So many at a time as there are connections. */
  | 'open'

/** Why a group is left alone. */
export interface Pause {
  /** Milliseconds since the epoch. */
  readonly until: number
  /** One line for people. */
  readonly reason: string
  /** What is wrong with the account; undefined where something else keeps the mail back. */
  readonly trouble: AccountTrouble | undefined
  /** Nothing is wrong with the account: a limit is used up, or somebody keeps the mail back. */
  readonly routine: boolean
}

/** The messages of one group. */
export interface Group {
  readonly name: string
  /** Due, and not yet on their way. */
  readonly waiting: EntryList<QueueEntry>
  /** Undefined as long as no message went this way, and where each has a way of its own. */
  lane: Lane | undefined
  inFlight: number
  state: GroupState
  pause: Pause | undefined
}

/** Most urgent first, then the longest due; a name that is the same is the same message. */
function byUrgency(a: QueueEntry, b: QueueEntry): number {
  const order = a.priority - b.priority || a.nextAttempt - b.nextAttempt
  if (order !== 0 || a.key === b.key) return order
  return a.key < b.key ? -1 : 1
}

/** A group without messages. */
export function newGroup(name: string): Group {
  const waiting = new EntryList(byUrgency, WAITING)
  return { name, waiting, lane: undefined, inFlight: 0, state: 'idle', pause: undefined }
}

/** How many more messages of a group may go now. */
export function roomIn({ state, lane, inFlight }: Group): number {
  if (state === 'idle' || state === 'asking') return 0
  const most = lane?.way.connections ?? OWN_SERVER_AT_ONCE
  return (state === 'probing' ? 1 : most) - inFlight
}
