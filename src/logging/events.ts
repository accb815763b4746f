/**
 * All log events: a contract with whoever reads the logs. A name is never reused for something else, and each event
 * has the levels and facts that are named here and no others; docs/logging.md carries the same table.
 */
import type { FactName, FactType } from './facts.ts'

/** How important an event is. */
export type EventLevel = 'debug' | 'info' | 'warn' | 'error'

/** One event. */
interface EventRow {
  /** Nearly always one; two where it depends on the trouble. */
  readonly levels: readonly EventLevel[]
  readonly means: string
  /** The facts that it always has. */
  readonly facts: readonly FactName[]
  /** The facts that it has when there is something to tell. */
  readonly maybe: readonly FactName[]
}

/** A message on its way: its id, and which way it took. */
const ON_ITS_WAY = ['id', 'account', 'server'] as const
/** What a refusal tells. */
const REFUSAL = [...ON_ITS_WAY, 'code', 'enhanced', 'trouble', 'onLimit', 'underWay'] as const

/** The events by name. */
export const EVENTS = {
  'message.delivered': {
    levels: ['info'],
    means: 'the server accepted the message for this recipient',
    facts: ['sender', 'recipient', 'status', 'reply'],
    maybe: [...ON_ITS_WAY, 'remoteId', 'reportsTaken'],
  },
  'message.deferred': {
    levels: ['info'],
    means: 'a temporary failure; the message waits for its next attempt',
    facts: ['sender', 'recipient', 'status', 'scope', 'reason'],
    maybe: REFUSAL,
  },
  'message.failed': {
    levels: ['warn'],
    means: 'a permanent failure; the message is kept in failed/',
    facts: ['sender', 'recipient', 'status', 'scope', 'reason'],
    maybe: REFUSAL,
  },
  'message.in-doubt': {
    levels: ['warn'],
    means: 'the body was handed over but no reply came',
    facts: ['sender', 'recipient', 'status', 'reason'],
    maybe: ON_ITS_WAY,
  },
  'message.queued': {
    levels: ['info'],
    means: 'the message is on stable storage in the queue',
    facts: ['sender', 'recipients', 'size'],
    maybe: ['id', 'source'],
  },
  'message.expired': {
    levels: ['warn'],
    means: 'too old to be tried again; kept in failed/',
    facts: ['sender'],
    maybe: ['id', 'account'],
  },
  'message.discarded': {
    levels: ['warn'],
    means: 'a plug-in gave the message up, or it was above a limit and on_limit refuses such mail',
    facts: ['id'],
    maybe: [],
  },
  'message.bounced': {
    levels: ['info'],
    means: 'the sender is told what became of the message; the report is in the queue',
    facts: ['report', 'to', 'recipients'],
    maybe: ['id', 'account'],
  },
  'message.delay-noticed': {
    levels: ['info'],
    means: 'the sender is told that the message is delayed; the notice is in the queue',
    facts: ['id', 'report', 'to', 'recipients'],
    maybe: [],
  },
  'message.taken': {
    levels: ['warn'],
    means: 'an administrator or another run took the message while it was being delivered',
    facts: ['id'],
    maybe: [],
  },
  'message.changed': {
    levels: ['info'],
    means: 'an administrator changed the message',
    facts: ['id', 'action', 'by', 'settled'],
    maybe: [],
  },
  'message.held': {
    levels: ['warn'],
    means: 'the message waits in hold/ until released',
    facts: ['id'],
    maybe: [],
  },
  'message.unsigned': {
    levels: ['info'],
    means: 'sent without our DKIM signature, which is not for its From',
    facts: ['reason'],
    maybe: ['id'],
  },
  'message.dropped': {
    levels: ['warn'],
    means: 'thrown away, as deliver = discard asks',
    facts: ['sender', 'recipients'],
    maybe: ['id'],
  },
  'attempt.finished': {
    levels: ['debug'],
    means: 'one attempt to send a message is over; what became of each recipient is told beside it',
    facts: ['server', 'size', 'duration'],
    maybe: ['id', 'account'],
  },
  'dkim.failed': {
    levels: ['error'],
    means: 'the DKIM key cannot be used; mail that needs it waits',
    facts: ['key', 'reason'],
    maybe: ['id'],
  },
  'account.failed': {
    levels: ['warn', 'error'],
    means: 'the smarthost cannot be used now; no message is to blame',
    facts: ['transport', 'trouble', 'reason', 'failures', 'until'],
    maybe: ['account'],
  },
  'account.missing': {
    levels: ['error'],
    means: 'a queued message is for an account that is not configured; it waits',
    facts: ['id', 'reason'],
    maybe: ['account'],
  },
  'account.works': {
    levels: ['info'],
    means: 'the smarthost takes mail again',
    facts: ['transport'],
    maybe: ['account'],
  },
  'limit.reached': {
    levels: ['warn'],
    means: 'a limit of the account is used up; nothing is sent over it until there is room again',
    facts: ['account', 'limit', 'most', 'until'],
    maybe: [],
  },
  'limit.unknown': {
    levels: ['error'],
    means: 'the limits of the account cannot be counted, so nothing is sent over it',
    facts: ['account', 'reason'],
    maybe: [],
  },
  'report.impossible': {
    levels: ['error'],
    means: 'no report can be sent to the sender of a message; it stays in failed/',
    facts: ['id', 'to', 'reason'],
    maybe: [],
  },
  'report.postponed': {
    levels: ['error'],
    means: 'a report for the sender could not be made yet; it is tried again',
    facts: ['id', 'reason'],
    maybe: [],
  },
  'queue.recovered': {
    levels: ['warn'],
    means: 'a claim of a process that is gone was taken back',
    facts: ['id', 'inDoubt'],
    maybe: [],
  },
  'queue.unreadable': {
    levels: ['error'],
    means: 'a message of a process that is gone cannot be read or moved now; the next recovery tries again',
    facts: ['id', 'reason'],
    maybe: [],
  },
  'queue.quarantined': {
    levels: ['error'],
    means: 'a file that is no queued message was moved to corrupt/',
    facts: ['name', 'why'],
    maybe: [],
  },
  'queue.busy': {
    levels: ['debug'],
    means: 'another runner is at work on this queue',
    facts: ['queue'],
    maybe: [],
  },
  'queue.stopped': {
    levels: ['warn'],
    means: 'a runner stopped before everything due was tried',
    facts: ['scope', 'reason'],
    maybe: ['account'],
  },
  'run.finished': {
    levels: ['info'],
    means: 'a runner has tried everything that was due',
    facts: [
      'busy',
      'delivered',
      'deferred',
      'failed',
      'discarded',
      'held',
      'quarantined',
      'recovered',
      'accounts',
      'faults',
    ],
    maybe: ['unreadable', 'stopped'],
  },
  'queue.unusable': {
    levels: ['error'],
    means: 'a daemon cannot use its queue; it tries again after a pause',
    facts: ['queue', 'reason'],
    maybe: [],
  },
  'queue.usable': {
    levels: ['info'],
    means: 'a daemon can use its queue again',
    facts: ['queue'],
    maybe: [],
  },
  'queue.unwatched': {
    levels: ['warn'],
    means: 'the system does not tell a daemon of new messages; it looks every few seconds',
    facts: ['queue', 'reason'],
    maybe: [],
  },
  'daemon.started': {
    levels: ['info'],
    means: 'a daemon begins its work',
    facts: ['queue'],
    maybe: [],
  },
  'daemon.reloaded': {
    levels: ['info'],
    means: 'a daemon uses the configuration that it has read anew',
    facts: ['queue'],
    maybe: [],
  },
  'daemon.stopped': {
    levels: ['info'],
    means: 'a daemon has ended its work and claims nothing',
    facts: ['queue'],
    maybe: [],
  },
  'config.refused': {
    levels: ['error'],
    means: 'a daemon goes on with its old configuration because the new one is wrong',
    facts: ['reason'],
    maybe: [],
  },
  'intake.taken': {
    levels: ['info'],
    means: 'a message that a user dropped in submit_dir was taken over into the queue',
    facts: ['name', 'uid', 'sender', 'recipients', 'ids'],
    maybe: ['user'],
  },
  'intake.refused': {
    levels: ['warn'],
    means: 'a message in submit_dir is not taken over; its owner is told why',
    facts: ['name', 'uid', 'sender', 'recipients', 'reason'],
    maybe: ['user', 'report'],
  },
  'intake.left': {
    levels: ['warn'],
    means: 'files in submit_dir that could not be taken over now',
    facts: ['count', 'name', 'reason'],
    maybe: [],
  },
  'intake.removed': {
    levels: ['warn'],
    means: 'files in submit_dir that were old and no messages',
    facts: ['count', 'files'],
    maybe: [],
  },
  'intake.failed': {
    levels: ['error'],
    means: 'mail that others left for the queue cannot be taken over now',
    facts: ['path', 'reason'],
    maybe: [],
  },
  'webhook.missing': {
    levels: ['error'],
    means: 'the application will not be told what became of these recipients',
    facts: ['sender', 'recipients', 'reason'],
    maybe: ['id'],
  },
  'webhook.sent': {
    levels: ['info'],
    means: 'the application has taken events',
    facts: ['count', 'ids'],
    maybe: [],
  },
  'webhook.failed': {
    levels: ['warn'],
    means: 'the application did not take events; they wait',
    facts: ['reason'],
    maybe: ['failures', 'until'],
  },
  'webhook.dropped': {
    levels: ['error'],
    means: 'events became too old before the application took them',
    facts: ['count', 'ids'],
    maybe: [],
  },
  'webhook.damaged': {
    levels: ['error'],
    means: 'a file that is no report was moved from outbox/ to corrupt/',
    facts: ['name', 'why'],
    maybe: [],
  },
  'tls.failed': {
    levels: ['warn'],
    means: 'a server offers TLS that does not work; with tls = may the mail goes without it',
    facts: ['server', 'reason'],
    maybe: [],
  },
  'smtp.dialogue': {
    levels: ['debug'],
    means: 'one line of the SMTP dialogue, secrets removed',
    facts: ['line'],
    maybe: ['id', 'connection'],
  },
  'plugin.failed': {
    levels: ['error'],
    means: 'a plug-in threw, hung, or could not be loaded or ended',
    facts: ['plugin', 'reason'],
    maybe: ['signal'],
  },
} as const satisfies Readonly<Record<string, EventRow>>

type Events = typeof EVENTS

/** A key of {@link EVENTS}. */
export type EventName = keyof Events

/** The events that are logged at a level. */
export type EventAt<L extends EventLevel> = {
  [E in EventName]: L extends Events[E]['levels'][number] ? E : never
}[EventName]

type Flat<T> = { readonly [K in keyof T]: T[K] }

/** The facts of each event. */
export type FactsOf = {
  readonly [E in EventName]: Flat<
    { readonly [N in Events[E]['facts'][number]]: FactType<N> } & {
      readonly [N in Events[E]['maybe'][number]]?: FactType<N> | undefined
    }
  >
}
