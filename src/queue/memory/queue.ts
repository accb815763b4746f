/**
 * A queue that lives in memory, for tests of programs that send mail. It keeps the promises of a
 * {@link QueueStore} except durability: what is in it ends with the process. A runner that was closed with open
 * claims counts as dead, and the next recovery takes them back.
 */
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import { bufferContent, type MessageContent } from '../../message/content.ts'
import { systemClock, type Clock } from '../../util/clock.ts'
import { randomOctets } from '../../util/random.ts'
import { DEFAULT_PRIORITY } from '../entry-name.ts'
import { firstEvents, leftOver } from '../journal/first-events.ts'
import type { TimedEvent } from '../journal/event.ts'
import { MemoryOutbox } from './outbox.ts'
import { historyOf, toEntry, type StoredMessage } from './message.ts'
import { MemoryRunner } from './runner.ts'
import type { RunnerRole } from '../runner-record.ts'
import type {
  Claim,
  EnqueueOptions,
  Ledger,
  LedgerLine,
  NewMessage,
  Outbox,
  Place,
  QueueEntry,
  QueueFacts,
  QueuedMessage,
  QueueStore,
  Runner,
  Wants,
} from '../store.ts'

async function readAll(content: MessageContent): Promise<Buffer> {
  const chunks: Buffer[] = []
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** It ends with the process, so it never grows enough to be replaced. */
function memoryLedger(lines: LedgerLine[]): Ledger {
  let read: number | undefined
  const exchange = (line?: string) => {
    if (line !== undefined) lines.push(line)
    const part = { fresh: read === undefined, lines: lines.slice(read ?? 0) }
    read = lines.length
    return part
  }
  return {
    exchange,
    renew: () => {
      read = undefined
      return exchange()
    },
    sync: () => Promise.resolve(),
    close: () => {
      read = undefined
    },
  }
}

/** The in-memory implementation of {@link QueueStore}. */
export class MemoryQueue implements QueueStore {
  readonly name = 'memory:'
  readonly #clock: Clock
  readonly #messages = new Map<string, StoredMessage>()
  readonly #runners = new Set<MemoryRunner>()
  readonly #notes = new Map<string, string>()
  readonly #ledgers = new Map<string, LedgerLine[]>()
  readonly #outbox: MemoryOutbox

  /** @param clock the machine's clock when left out */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#outbox = new MemoryOutbox(clock)
  }

  async enqueue(message: NewMessage, options: EnqueueOptions = {}): Promise<string> {
    const stored = await this.#store(message, options)
    if (leftOver(message, options).length === 0 || options.past?.givenUp !== undefined)
      stored.place = 'failed'
    return stored.id
  }

  async enqueueClaimed(message: NewMessage, runner: Runner, options: EnqueueOptions = {}): Promise<Claim> {
    if (!(runner instanceof MemoryRunner)) throw new TypeError('the runner belongs to another kind of queue')
    return runner.hold(await this.#store(message, options))
  }

  async openRunner(role: RunnerRole): Promise<Runner> {
    const runner = new MemoryRunner(role, this.#messages, this.#runners, this.#clock)
    this.#runners.add(runner)
    return runner
  }

  async *list(places: readonly Place[], wants: Wants = () => true): AsyncGenerator<QueueEntry> {
    for (const stored of [...this.#messages.values()]) {
      const entry = toEntry(stored)
      if (places.includes(stored.place) && wants(entry)) yield entry
    }
  }

  async describe(entry: QueueEntry): Promise<QueuedMessage | undefined> {
    const stored = this.#find(entry)
    return stored && historyOf(stored).message
  }

  async content(entry: QueueEntry): Promise<MessageContent | undefined> {
    const stored = this.#find(entry)
    return stored && bufferContent(stored.bytes)
  }

  async find(id: string): Promise<QueueEntry[]> {
    const stored = this.#messages.get(id.toUpperCase())
    return stored === undefined ? [] : [toEntry(stored)]
  }

  async history(entry: QueueEntry): Promise<readonly TimedEvent[]> {
    return this.#find(entry)?.events ?? []
  }

  async facts(): Promise<QueueFacts> {
    return { freeOctets: undefined, totalOctets: undefined, freeFiles: undefined, quarantined: 0 }
  }

  async readNote(name: string): Promise<string | undefined> {
    return this.#notes.get(name)
  }

  async writeNote(name: string, text: string | undefined): Promise<void> {
    if (text === undefined) this.#notes.delete(name)
    else this.#notes.set(name, text)
  }

  async openLedger(name: string): Promise<Ledger> {
    const lines = this.#ledgers.get(name) ?? []
    this.#ledgers.set(name, lines)
    return memoryLedger(lines)
  }

  async readLedger(name: string): Promise<readonly LedgerLine[]> {
    return this.#ledgers.get(name) ?? []
  }

  async outbox(): Promise<Outbox> {
    return this.#outbox
  }

  async #store(message: NewMessage, options: EnqueueOptions): Promise<StoredMessage> {
    const { nextAttempt, past } = options
    const bytes = await readAll(message.content)
    const now = this.#clock.now()
    const queuedAt = past?.queuedAt ?? now
    const stored: StoredMessage = {
      id: randomOctets(6).toString('hex').toUpperCase(),
      queuedAt,
      priority: message.priority ?? DEFAULT_PRIORITY,
      notBefore: message.notBefore,
      envelope: message.envelope,
      expires: message.expires,
      batch: message.batch,
      account: message.account ?? DEFAULT_ACCOUNT,
      server: message.server,
      bytes,
      place: 'new',
      nextAttempt: Math.max(nextAttempt ?? now, message.notBefore ?? 0),
      earlierAttempts: past?.attempts ?? 0,
      lastAttempt: past?.lastAttempt,
      events: firstEvents(message, options, 'memory', now),
      owner: undefined,
      flown: false,
    }
    this.#messages.set(stored.id, stored)
    return stored
  }

  /** The message, unless it has been moved since the entry was made. */
  #find(entry: QueueEntry): StoredMessage | undefined {
    const stored = this.#messages.get(entry.id)
    return stored?.place === entry.place ? stored : undefined
  }
}
