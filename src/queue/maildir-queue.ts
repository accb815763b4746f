/**
 * The queue as a Maildir with delivery-metadata headers: the reference implementation of {@link QueueStore}.
 * The format and the state tables are described in docs/queue.md and mailqueue(5).
 */
import { queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { systemClock, type Clock } from '../util/clock.ts'
import { commitMessage } from './commit.ts'
import { firstEvents, leftOver } from './journal/first-events.ts'
import { parseName, queueId } from './entry-name.ts'
import { queueFacts } from './facts.ts'
import type { TimedEvent } from './journal/event.ts'
import { readJournal } from './journal/journal.ts'
import { ensureLayout, requireQueue } from './layout.ts'
import type { MaildirRunner } from './maildir-runner.ts'
import { readNote, writeNote } from './notes/notes.ts'
import type { RunnerRole } from './runner-record.ts'
import { scanPlace } from './scan.ts'
import type {
  Claim,
  Condense,
  EnqueueOptions,
  Ledger,
  LedgerLine,
  NewMessage,
  Outbox,
  Place,
  QueueEntry,
  QueueFacts,
  QueueListener,
  QueuedMessage,
  QueueStore,
  QueueWatch,
  Runner,
  Wants,
} from './store.ts'

// Loaded by whoever needs them, and kept: to import what is loaded takes as long as to look at a message.
let readLedger: typeof import('./notes/ledger.ts').readLedger | undefined
let reader: typeof import('./read-entry.ts') | undefined

const ALL_PLACES: readonly Place[] = ['new', 'cur', 'hold', 'failed']

/** A queue directory. Making the object touches nothing; the folders come with the first write. */
export class MaildirQueue implements QueueStore {
  readonly name: string
  readonly #clock: Clock

  /**
   * @param queueDir absolute path of the queue directory
   * @param clock the machine's clock when left out
   */
  constructor(queueDir: string, clock: Clock = systemClock) {
    this.name = queueDir
    this.#clock = clock
  }

  async enqueue(message: NewMessage, options: EnqueueOptions = {}): Promise<string> {
    const { events, ...start } = this.#start(message, options)
    const allSettled = leftOver(message, options).length === 0
    const folder = allSettled || options.past?.givenUp !== undefined ? ('failed' as const) : ('new' as const)
    const target = { folder, events, ...start }
    const { unique } = await commitMessage(this.name, message, target, this.#clock)
    return queueId(unique)
  }

  async enqueueClaimed(message: NewMessage, runner: Runner, options: EnqueueOptions = {}): Promise<Claim> {
    const { MaildirRunner } = await import('./maildir-runner.ts')
    if (!(runner instanceof MaildirRunner)) throw new TypeError('the runner belongs to another kind of queue')
    const claim = runner.newClaim()
    const target = { folder: 'cur' as const, claim, ...this.#start(message, options) }
    const { name } = await commitMessage(this.name, message, target, this.#clock)
    return runner.adopt(name, claim, message, target)
  }

  /** When the message is due, and what its journal begins with. */
  #start(message: NewMessage, options: EnqueueOptions) {
    const { outcomes = [], nextAttempt, past } = options
    const time = this.#clock.now()
    return {
      nextAttempt: nextAttempt ?? time,
      events: firstEvents(message, options, `p${process.pid}`, time),
      past,
      // A refusal or a doubt must survive a power cut; the reason of a mere delay need not.
      syncEvents: past?.givenUp !== undefined || outcomes.some((outcome) => outcome.status !== 'deferred'),
    }
  }

  async openRunner(role: RunnerRole): Promise<MaildirRunner> {
    await ensureLayout(this.name)
    // Only a process that claims messages pays for loading what that takes.
    const { acquireLease } = await import('./lease.ts')
    const { MaildirRunner } = await import('./maildir-runner.ts')
    const lease = await acquireLease(this.name, role, () => this.#clock.now())
    return new MaildirRunner(this.name, lease, this.#clock)
  }

  async *list(places: readonly Place[], wants?: Wants): AsyncGenerator<QueueEntry> {
    requireQueue(this.name)
    for (const place of places) yield* scanPlace(this.name, place, wants)
  }

  async watch(listener: QueueListener): Promise<QueueWatch> {
    // Only a daemon waits.
    const { watchQueue } = await import('./watch.ts')
    return watchQueue(this.name, listener, this.#clock)
  }

  async describe(entry: QueueEntry): Promise<QueuedMessage | undefined> {
    reader ??= await import('./read-entry.ts')
    return reader.describeEntry(this.name, entry, () => this.#history(entry))
  }

  async history(entry: QueueEntry): Promise<readonly TimedEvent[]> {
    return this.#history(entry)
  }

  #history(entry: QueueEntry): TimedEvent[] {
    try {
      return readJournal(this.name, parseName(entry.key).unique)
    } catch (error) {
      throw queueError(error, `cannot read the journal of ${entry.id} in`, this.name)
    }
  }

  async content(entry: QueueEntry): Promise<MessageContent | undefined> {
    reader ??= await import('./read-entry.ts')
    return reader.openEntry(this.name, entry)?.content
  }

  async find(id: string): Promise<QueueEntry[]> {
    const wanted = id.toUpperCase()
    const found: QueueEntry[] = []
    for await (const entry of this.list(ALL_PLACES)) {
      if (entry.id === wanted || entry.key === id) found.push(entry)
    }
    return found
  }

  async facts(): Promise<QueueFacts> {
    requireQueue(this.name)
    return queueFacts(this.name)
  }

  async readNote(name: string): Promise<string | undefined> {
    return readNote(this.name, name)
  }

  async writeNote(name: string, text: string | undefined): Promise<void> {
    await writeNote(this.name, name, text, this.#clock)
  }

  async openLedger(name: string, condense: Condense): Promise<Ledger> {
    await ensureLayout(this.name)
    const { LedgerFile } = await import('./notes/ledger.ts')
    return new LedgerFile(this.name, name, condense, this.#clock)
  }

  async outbox(): Promise<Outbox> {
    const { OutboxFolder } = await import('./outbox.ts')
    return new OutboxFolder(this.name, this.#clock)
  }

  async readLedger(name: string): Promise<readonly LedgerLine[]> {
    readLedger ??= (await import('./notes/ledger.ts')).readLedger
    return readLedger(this.name, name)
  }
}
