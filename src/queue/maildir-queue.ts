/**
 * The queue as a Maildir with delivery-metadata headers: the reference implementation of {@link QueueStore}.
 * The format and the state tables are described in docs/queue.md and mailqueue(5).
 */
import { statSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { systemClock, unixSeconds, type Clock } from '../util/clock.ts'
import { syncDirectory } from '../util/durable-file.ts'
import { commitMessage } from './commit.ts'
import { parseName, queueId } from './entry-name.ts'
import { appendJournal, attemptEvents, readJournal, removeJournal, type TimedEvent } from './journal.ts'
import { ensureLayout, folderPath, requireQueue } from './layout.ts'
import { MaildirRunner } from './maildir-runner.ts'
import { isGone, moveMessage } from './move.ts'
import { isFileFault, openQueueFile, type QueueFile } from './queue-file.ts'
import { messageState } from './recipient-state.ts'
import type { RunnerRole } from './runner-record.ts'
import { scanPlace } from './scan.ts'
import type {
  Claim,
  EnqueueOptions,
  NewMessage,
  Place,
  QueueEntry,
  QueuedMessage,
  QueueStore,
  Runner,
} from './store.ts'

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
    const outcomes = options.outcomes ?? []
    const time = this.#clock.now()
    const settled = new Set(
      outcomes.filter((o) => o.status === 'failed' || o.status === 'delivered').map((o) => o.recipient),
    )
    const allSettled = message.envelope.recipients.every((recipient) => settled.has(recipient))
    const target = {
      folder: allSettled ? ('failed' as const) : ('new' as const),
      nextAttempt: options.nextAttempt ?? time,
      events: outcomes.length === 0 ? [] : attemptEvents(outcomes, `p${process.pid}`, time),
      // A refusal or a doubt must survive a power cut; the reason of a mere delay need not.
      syncEvents: outcomes.some((outcome) => outcome.status !== 'deferred'),
    }
    const { unique } = await commitMessage(this.name, message, target, this.#clock)
    return queueId(unique)
  }

  async enqueueClaimed(message: NewMessage, runner: Runner): Promise<Claim> {
    if (!(runner instanceof MaildirRunner)) throw new TypeError('the runner belongs to another kind of queue')
    const claim = runner.newClaim()
    const target = {
      folder: 'cur' as const,
      nextAttempt: this.#clock.now(),
      claim,
      events: [],
      syncEvents: false,
    }
    const { name } = await commitMessage(this.name, message, target, this.#clock)
    return runner.adopt(name, claim, message)
  }

  async openRunner(role: RunnerRole): Promise<MaildirRunner> {
    await ensureLayout(this.name)
    // Only a process that claims messages pays for loading the lock.
    const { acquireLease } = await import('./lease.ts')
    return new MaildirRunner(this.name, await acquireLease(this.name, role, this.#clock.now()), this.#clock)
  }

  async *list(places: readonly Place[]): AsyncGenerator<QueueEntry> {
    requireQueue(this.name)
    for (const place of places) yield* scanPlace(this.name, place)
  }

  #open(entry: QueueEntry): Extract<QueueFile, { ok: true }> | undefined {
    const path = folderPath(this.name, entry.place, entry.key)
    try {
      const file = openQueueFile(path)
      return file.ok ? file : undefined
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || isFileFault(error)) return undefined
      throw queueError(error, 'cannot read', path)
    }
  }

  async describe(entry: QueueEntry): Promise<QueuedMessage | undefined> {
    const file = this.#open(entry)
    if (file === undefined) return undefined
    const { meta, content, modified } = file
    content.close()
    return {
      ...entry,
      ...messageState(meta, this.#history(entry)),
      queuedAt: meta.queuedAt ?? (entry.queuedAt || modified),
      envelope: meta.envelope,
      size: content.size,
    }
  }

  #history(entry: QueueEntry): TimedEvent[] {
    try {
      return readJournal(this.name, parseName(entry.key).unique)
    } catch (error) {
      throw queueError(error, `cannot read the journal of ${entry.id} in`, this.name)
    }
  }

  async content(entry: QueueEntry): Promise<MessageContent | undefined> {
    return this.#open(entry)?.content
  }

  async find(id: string): Promise<QueueEntry[]> {
    const wanted = id.toUpperCase()
    const found: QueueEntry[] = []
    for await (const entry of this.list(ALL_PLACES)) {
      if (entry.id === wanted || entry.key === id) found.push(entry)
    }
    return found
  }

  async retry(entry: QueueEntry, by: string): Promise<boolean> {
    const { unique, priority } = parseName(entry.key)
    const path = folderPath(this.name, entry.place, entry.key)
    return this.#change(entry, async () => {
      // A journal is only written for a message that is there.
      statSync(path)
      if (entry.place === 'failed') {
        const event = { event: 'retry' as const, by, why: 'asked for', time: this.#clock.now() }
        await appendJournal(this.name, unique, [event], true)
      }
      const due = { unique, priority, nextAttempt: unixSeconds(this.#clock) }
      moveMessage(path, { queueDir: this.name, folder: 'new', entry: due })
      await syncDirectory(folderPath(this.name, 'new'))
    })
  }

  async remove(entry: QueueEntry): Promise<boolean> {
    return this.#change(entry, async () => {
      unlinkSync(folderPath(this.name, entry.place, entry.key))
      // The journal goes last: a power cut could bring the message back, and then it says who has it.
      await syncDirectory(folderPath(this.name, entry.place))
      removeJournal(this.name, parseName(entry.key).unique)
    })
  }

  /** Runs a change of one message; false when the message was taken away before. */
  async #change(entry: QueueEntry, change: () => Promise<void>): Promise<boolean> {
    if (entry.place === 'cur') return false
    try {
      await change()
      return true
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || isGone(error)) return false
      throw queueError(error, 'cannot change the queue', this.name)
    }
  }
}
