/**
 * The contract of a queue. The Maildir is the reference, the in-memory one serves tests; nothing outside this
 * folder knows that files exist. Every implementation keeps these promises:
 *
 * - what `enqueue` resolved for is on stable storage, and each message is in exactly one place;
 * - a claim is exclusive: whoever loses gets undefined and moves on;
 * - message bytes never change;
 * - listing and reading change nothing.
 *
 * Failures are MailErrors QUEUE_*; after one the caller must assume that nothing was stored.
 */
import type { MessageServer } from '../config/config.ts'
import type { MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import type { Glance } from './entry-name.ts'
import type { JournalEvent, TimedEvent } from './journal/event.ts'
import type { MessageState } from './journal/recipient-state.ts'
import type { RunnerRole } from './runner-record.ts'

/** Where a message is. */
export type Place = 'new' | 'cur' | 'hold' | 'failed'

/** How the queue treats one message. */
export interface Handling {
  /** Milliseconds since the epoch at which the message is given up, whatever the site's policy says. */
  readonly expires?: number
  /** The name of the batch it belongs to, for administrators. */
  readonly batch?: string
  /** 0 (most urgent) to 9; 5 when left out. */
  readonly priority?: number
  /** Milliseconds since the epoch before which the message is not sent, whoever asks for it. */
  readonly notBefore?: number
}

/** A message to be stored. */
export interface NewMessage extends Handling {
  readonly envelope: Envelope
  readonly content: MessageContent
  /** The account it goes over; `default` when left out. */
  readonly account?: string
  /** The server it goes to instead of the account's. */
  readonly server?: MessageServer
  /** The number of the user who dropped it; left out for whoever queued it himself. */
  readonly uid?: number
}

/** What happened to a message in the queue that it comes from. */
export interface Past {
  /** Milliseconds since the epoch at which it was queued there. */
  readonly queuedAt: number
  /** Failed attempts there. */
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly lastAttempt: number | undefined
  /** Why it was given up there; undefined for a message that still waits. */
  readonly givenUp: string | undefined
}

/** What is known about a new message beyond its bytes. */
export interface EnqueueOptions {
  /** What an attempt before queueing brought; recipients not named are pending. */
  readonly outcomes?: readonly RecipientOutcome[]
  /** Milliseconds since the epoch before which no attempt is made; now when left out. */
  readonly nextAttempt?: number
  /** Given for a message of another queue. */
  readonly past?: Past
}

/** One message, as far as a listing knows it without opening it. */
export interface QueueEntry {
  readonly id: string
  readonly place: Place
  /** Milliseconds since the epoch. */
  readonly queuedAt: number
  /** Milliseconds since the epoch. */
  readonly nextAttempt: number
  /** 0 (most urgent) to 9. */
  readonly priority: number
  /** The account, as far as the name of the message tells; what opening the message tells wins. */
  readonly account: string
  /** Only opening the message tells which server it goes to. */
  readonly ownServer: boolean
  /** Milliseconds since the epoch before which it is not sent, whatever the schedule says. */
  readonly notBefore?: number | undefined
  /** The store's own handle; meaningless to others. */
  readonly key: string
}

/** One message with everything but its bytes. */
export interface QueuedMessage extends QueueEntry, MessageState {
  /** Octets of the message, without metadata. */
  readonly size: number
  /** Milliseconds since the epoch at which it is given up; undefined when the site's policy decides. */
  readonly expires: number | undefined
  readonly batch: string | undefined
  /** The number of the user who dropped it; undefined for a message that was queued directly. */
  readonly uid?: number | undefined
}

/** Where a message goes when its claim ends; recipients are unfinished that may still get the message. */
export type Disposition =
  /**
   * Unfinished recipients are tried again at that time, also when it is earlier than the message was to be sent; a
   * message that has none goes where it belongs.
   */
  | { readonly action: 'retry'; readonly at: number }
  /** The message waits, whatever its recipients are: something is still to be done for it. */
  | { readonly action: 'wait'; readonly at: number }
  | { readonly action: 'expire'; readonly why: string }
  | { readonly action: 'hold'; readonly by: string; readonly why: string }
  | { readonly action: 'discard' }

/** Where the message is once its claim is over; `taken` when somebody else had taken it meanwhile. */
export type Settled = 'done' | 'waiting' | 'held' | 'failed' | 'discarded' | 'taken'

/** An event that a claim notes; the time is added. */
export type Note = Exclude<JournalEvent, { readonly event: 'attempt' | 'delivered' | 'deferred' | 'failed' }>

/**
 * The exclusive right to deliver or change one message. The order of an attempt: `markFlight` while sending,
 * `record` as soon as the outcome is known, `finish` when it is decided what happens to those left over. Without
 * an outcome: `release`. Each claim ends with exactly one of finish, release and abandon.
 */
export interface Claim {
  /** The message as it is known now: what was recorded and noted is in it. */
  readonly message: QueuedMessage
  readonly content: MessageContent
  /** The recipients that still get the message; none when it only waits to be cleared away. */
  readonly pending: readonly string[]
  /** True once an administrator or another runner has taken the message: whatever is done with it is in vain. */
  readonly lost: boolean
  /** True once the message is removed, because everybody has it or somebody deleted it: nobody is owed anything. */
  readonly removed: boolean
  /** To be called directly before the last byte of the message is handed over; throws when it can't be noted. */
  markFlight(): void
  /**
   * Stores outcomes durably; several times for an attempt that has several transactions. A message that everybody
   * has is removed by that, unless its sender asked to be told of it. Refusals of a message that somebody else has
   * taken are not stored: the claim is lost.
   *
   * @param tell the application is to be told of who has the message: it stays until the claim is finished
   */
  record(outcomes: readonly RecipientOutcome[], tell?: boolean): Promise<void>
  /** Stores durably what else happened to the message. */
  note(...notes: readonly Note[]): Promise<void>
  /** Moves the message to where it belongs after what was recorded. */
  finish(unfinished: Disposition, priority?: number): Promise<Settled>
  /** Gives the message back as it was, without counting an attempt. */
  release(): Promise<void>
  /** Leaves the message claimed: its outcome could not be recorded, so a later recovery finds it in doubt. */
  abandon(): void
}

/** Something in the queue that is no message, moved out of the way. */
export interface Quarantined {
  readonly name: string
  readonly why: string
}

/** What a recovery did with one message. */
export interface Recovered {
  readonly id: string
  readonly inDoubt: boolean
  /** Set when the file was no message. */
  readonly quarantined?: Quarantined
  /** Why the message could not be read; it stays claimed for the next recovery. */
  readonly unreadable?: string
}

/** What opening a claimed message can bring. */
export type ClaimResult =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** Another runner has it, or an administrator moved or removed it. */
  | { readonly kind: 'gone' }
  /** It is being delivered and cannot be stopped any more, or its deliverer cannot be reached. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'quarantined'; readonly file: Quarantined }

/** A process's licence to claim messages. */
export interface Runner {
  readonly id: string
  /** True once others may take this runner for dead: claim nothing more. */
  readonly lost: boolean
  /** True when another, older runner of the same role is at work. */
  othersAtWork(): Promise<boolean>
  /**
   * Takes back what dead runners left behind, and what this one could not give back when it was done with it.
   *
   * @param inDoubtUntil when an in-doubt message is tried again, milliseconds since the epoch, by its failed attempts
   * @param sweeps also looks for leftovers that nobody misses, which takes a while; true when left out
   */
  recover(inDoubtUntil: (attempts: number) => number, sweeps?: boolean): Promise<readonly Recovered[]>
  /** Claims a waiting message for delivery. */
  claim(entry: QueueEntry): Promise<ClaimResult>
  /**
   * Claims a message for an administrator, wherever it is. A delivery under way is stopped by that unless the
   * message has been handed over to the server.
   */
  take(entry: QueueEntry): Promise<ClaimResult>
  /** Makes removals durable. */
  flush(): Promise<void>
  /** Ends the lease. Claims still open stay for recovery. */
  close(): Promise<void>
}

/** What a queue knows about itself, without a look at any message. */
export interface QueueFacts {
  /** Octets that can still be stored; undefined when no limit is known. */
  readonly freeOctets: number | undefined
  /** Octets that could be stored if nothing were. */
  readonly totalOctets: number | undefined
  /** How many more files can be made; undefined when the file system does not count them. */
  readonly freeFiles: number | undefined
  /** Things that were no messages and were moved out of the way. */
  readonly quarantined: number
}

/** A line of a ledger; undefined for one that cannot be read. */
export type LedgerLine = string | undefined

/** What is read of a ledger at once. */
export interface LedgerPart {
  /** Forget what was read before: this is everything that there is. */
  readonly fresh: boolean
  /** In the order in which all processes see them. */
  readonly lines: readonly LedgerLine[]
}

/** Makes of the lines of a ledger the few that still say everything that counts. */
export type Condense = (lines: readonly LedgerLine[]) => readonly string[]

/**
 * Short lines of printable ASCII that all processes append to and read in the same order, for things that must be
 * counted together. No line of a ledger is ever lost to another process that appends at the same moment.
 */
export interface Ledger {
  /**
   * Appends a line, which nobody else may write, and reads what was not read yet, the line included.
   *
   * @throws MailError QUEUE_* when the ledger cannot be read or written; the line may be there or not
   */
  exchange(line?: string): LedgerPart
  /** Replaces the ledger by what still counts of it. @throws MailError QUEUE_* */
  renew(): LedgerPart
  /** Waits until what was appended is on stable storage. @throws MailError QUEUE_* */
  sync(): Promise<void>
  /** Frees everything; the ledger can be used again. */
  close(): void
}

/** What somebody who waits for messages is told. */
export interface QueueListener {
  /** A message is among the waiting that was not there before; undefined when it is not known which. */
  arrived(entry: QueueEntry | undefined): void
  /** From now on nothing is told, for this reason. May be called before `watch` returns. */
  deaf(why: string): void
}

/** Waiting for messages. */
export interface QueueWatch {
  /**
   * Two marks that are the same: no message has come in between. Undefined when that cannot be known.
   *
   * @throws MailError QUEUE_* when the queue is gone
   */
  mark(): string | undefined
  close(): void
}

/** Decides about a message by what is quick to know. */
export type Wants = (glance: Glance) => boolean

/** A report for the application that waits to be handed over. */
export interface OutboxEntry {
  readonly name: string
  /** When it was stored, milliseconds since the epoch. */
  readonly time: number
}

/** What is in the outbox, without a look at any report. */
export interface OutboxFacts {
  readonly reports: number
  /** When the oldest was stored, milliseconds since the epoch; undefined when there is none. */
  readonly oldest: number | undefined
}

/** Reports for the application, which is told of them later. Looking at it makes nothing. */
export interface Outbox {
  /** Stores a report durably. @throws MailError QUEUE_* when it may not be stored */
  add(text: string): Promise<void>
  /** Those that were stored first, in order. @throws MailError QUEUE_* */
  first(most: number): Promise<readonly OutboxEntry[]>
  /** The text of a report; undefined when it is gone. @throws MailError QUEUE_* when it cannot be read now */
  read(name: string): string | undefined
  /** Removes reports; those that are gone are fine. @throws MailError QUEUE_* */
  remove(names: readonly string[]): Promise<void>
  /** Moves what is no report out of the way; undefined when somebody else did. @throws MailError QUEUE_* */
  quarantine(name: string, why: string): Quarantined | undefined
  /** @throws MailError QUEUE_* */
  facts(): Promise<OutboxFacts>
  /**
   * Calls back when reports may have come, until it is called itself. It may miss some.
   *
   * @returns what ends that; undefined when it cannot be done now
   */
  watch(changed: () => void): (() => void) | undefined
}

/** A queue of messages. */
export interface QueueStore {
  /** For logs: where the queue is. */
  readonly name: string
  /** Stores a message durably. Resolves to its queue id. */
  enqueue(message: NewMessage, options?: EnqueueOptions): Promise<string>
  /** Stores a message durably and claims it in the same step. */
  enqueueClaimed(message: NewMessage, runner: Runner, options?: EnqueueOptions): Promise<Claim>
  /** Takes a lease. */
  openRunner(role: RunnerRole): Promise<Runner>
  /**
   * All messages of some places, in no order, without opening any.
   *
   * @param wants passes over what it is not true for, which costs far less than to look at an entry
   */
  list(places: readonly Place[], wants?: Wants): AsyncIterable<QueueEntry>
  /**
   * Waits for messages; a queue without this has to be looked at now and then.
   *
   * @throws MailError QUEUE_* when there is no queue
   */
  watch?(listener: QueueListener): Promise<QueueWatch>
  /** Everything about one message but its bytes; undefined when it is gone or unreadable. */
  describe(entry: QueueEntry): Promise<QueuedMessage | undefined>
  /** The message bytes; the caller closes them. Undefined when the message is gone. */
  content(entry: QueueEntry): Promise<MessageContent | undefined>
  /** Entries whose queue id or file name is the given one. */
  find(id: string): Promise<QueueEntry[]>
  /** What became of a message so far, in the order of events; empty when nothing did. */
  history(entry: QueueEntry): Promise<readonly TimedEvent[]>
  /** The room that is left, and what was moved out of the way. @throws MailError when there is no queue to read */
  facts(): Promise<QueueFacts>
  /** A small text that all processes share; undefined when nobody wrote one, or it cannot be read. */
  readNote(name: string): Promise<string | undefined>
  /** Replaces a shared text in one step; undefined removes it. The last writer wins. Not durable. */
  writeNote(name: string, text: string | undefined): Promise<void>
  /**
   * A ledger of that name; it is made at the first use.
   *
   * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be written
   */
  openLedger(name: string, condense: Condense): Promise<Ledger>
  /** The reports for the application. */
  outbox(): Promise<Outbox>
  /** The lines of a ledger, for whoever only looks; none when there is no such ledger. @throws MailError QUEUE_* */
  readLedger(name: string): Promise<readonly LedgerLine[]>
}
