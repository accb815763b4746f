/**
 * A claimed message of the Maildir queue. An attempt writes what happened to the journal first and moves the
 * message afterwards, so a crash in between leaves a claim whose journal is already right.
 *
 * State                                   what a crash leaves          what recovery does
 * claimed, body not handed over           claim, no flight mark        back to new/, nothing counted
 * flight mark, no outcome on disk         claim with flight mark       back to new/, recipients in doubt
 * journal synced, not moved               claim with flight mark       as above; delivered recipients stay so
 * all delivered, cannot be unlinked       claim, journal says so       removed, as soon as that is possible
 * all delivered, unlinked                 nothing                      a power cut within a second may revive it, in doubt
 * moved to new/ or failed/                the message with its journal nothing to do
 */
import { statSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { MessageContent } from '../message/content.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import { unlinkFile } from '../util/durable-file.ts'
import { attemptEvents, isRefusal } from './journal/attempt-events.ts'
import type { ClaimHistory } from './journal/claim-history.ts'
import type { EntryName } from './entry-name.ts'
import type { TimedEvent } from './journal/event.ts'
import { appendJournal } from './journal/journal.ts'
import { folderPath, type Folder } from './layout.ts'
import { isGone, moveMessage, type Destination } from './move.ts'
import type { Claim, Disposition, Note, Place, QueuedMessage, Settled } from './store.ts'

/** What a claim needs to know of the runner that made it. */
export interface ClaimHolder {
  readonly queueDir: string
  readonly runner: string
  now(): number
  markFlight(claim: string): void
  /** Notes that names in a folder changed and want a directory sync. */
  touched(folder: Folder): void
  /** The message is removed; its journal may go once that is durable. */
  finished(unique: string): void
  /** The claim is over; `kept` when its file stays in cur/. */
  ended(claim: string, kept: boolean): void
}

/** The place of a claimed file. */
export interface ClaimedFile {
  /** The name in cur/. */
  readonly name: string
  readonly claim: string
  /** The name taken apart. */
  readonly entry: EntryName
  /** Whether the message has a journal already. */
  readonly hasJournal: boolean
  /** Where it was before. */
  readonly origin: Place
}

const SETTLED: Readonly<Record<Destination['folder'], Settled>> = {
  new: 'waiting',
  hold: 'held',
  failed: 'failed',
}

/** The Maildir implementation of {@link Claim}, for a file in cur/ that was opened and read. */
export class MaildirClaim implements Claim {
  readonly content: MessageContent
  readonly #holder: ClaimHolder
  readonly #file: ClaimedFile
  readonly #history: ClaimHistory
  readonly #name: EntryName
  readonly #path: string
  #hasJournal: boolean
  #removed = false
  /** This attempt is in the journal already. */
  #counted = false
  /** Somebody else has the file. */
  #lost = false

  constructor(holder: ClaimHolder, file: ClaimedFile, history: ClaimHistory, content: MessageContent) {
    this.content = content
    this.#holder = holder
    this.#file = file
    this.#history = history
    this.#name = file.entry
    this.#path = folderPath(holder.queueDir, 'cur', file.name)
    this.#hasJournal = file.hasJournal
  }

  get message(): QueuedMessage {
    return this.#history.message
  }

  get pending(): readonly string[] {
    return this.#history.unfinished
  }

  get lost(): boolean {
    return this.#lost
  }

  get removed(): boolean {
    return this.#removed
  }

  markFlight(): void {
    this.#holder.markFlight(this.#file.claim)
    // Marked first, looked at afterwards: who takes the claim moves the file first and looks for the mark
    // afterwards, so one of the two notices the other.
    this.#lost = this.#isGone()
    if (!this.#lost) return
    throw new MailError(
      'QUEUE_BUSY',
      `the message ${this.message.id} was taken by an administrator or another run; it was not sent`,
    )
  }

  /** Whether somebody else has the file by now. A disk that does not say is another matter. */
  #isGone(): boolean {
    try {
      // access(2) would ask for the real user, who may not be the one that delivers
      return statSync(this.#path, { throwIfNoEntry: false }) === undefined
    } catch (error) {
      throw queueError(error, 'cannot look for a claimed message in', this.#holder.queueDir)
    }
  }

  async record(outcomes: readonly RecipientOutcome[], tell = false): Promise<void> {
    if (!tell && this.#history.isCompletedBy(outcomes) && (await this.#removeIfPossible())) return
    if (outcomes.every(isRefusal) && this.#isGone()) {
      // What was refused to us says nothing about a message that is somebody else's by now.
      this.#lost = true
      return
    }
    const { runner } = this.#holder
    const events = attemptEvents(outcomes, runner, this.#holder.now(), { counted: this.#counted, tell })
    this.#history.add(events)
    this.#counted ||= events.some((event) => event.event === 'attempt' && event.counts)
    await this.#append(events)
  }

  async note(...notes: readonly Note[]): Promise<void> {
    const time = this.#holder.now()
    const events = notes.map((note): TimedEvent => ({ ...note, time }))
    this.#history.add(events)
    await this.#append(events)
  }

  async #append(events: readonly TimedEvent[]): Promise<void> {
    await appendJournal(this.#holder.queueDir, this.#name.unique, events, true)
    this.#hasJournal = true
  }

  async finish(unfinished: Disposition, priority = this.#name.priority): Promise<Settled> {
    if (this.#removed || this.#lost) {
      this.#end(false)
      return this.#removed || this.pending.length === 0 ? 'done' : 'taken'
    }
    let ended = false
    try {
      const settled = await this.#settle(unfinished, priority)
      ended = true
      return settled
    } finally {
      this.#end(!ended)
    }
  }

  async #settle(unfinished: Disposition, priority: number): Promise<Settled> {
    const events = this.#history.eventsOf(unfinished, this.#holder.now())
    if (events.length > 0) {
      this.#history.add(events)
      await this.#append(events)
    }
    const target = this.#history.targetOf(unfinished)
    if (target === 'done' || target === 'discarded') return (await this.#remove()) ? target : 'taken'
    const timed = unfinished.action === 'retry' || unfinished.action === 'wait'
    const nextAttempt = timed ? Math.floor(unfinished.at / 1000) : this.#name.nextAttempt
    // Who wants it tried earlier than it was to be sent has the last word.
    const { notBefore } = this.#name
    const kept = notBefore !== undefined && nextAttempt < notBefore ? undefined : notBefore
    const entry = { ...this.#name, nextAttempt, priority, notBefore: kept }
    return this.#move(target, entry) ? SETTLED[target] : 'taken'
  }

  async release(): Promise<void> {
    let ended = false
    try {
      const { origin } = this.#file
      this.#move(origin === 'cur' ? 'new' : origin, this.#name)
      ended = true
    } finally {
      this.#end(!ended)
    }
  }

  abandon(): void {
    this.#end(!this.#lost)
  }

  /** False when somebody else has taken the message. */
  #move(folder: Destination['folder'], entry: EntryName): boolean {
    try {
      // An administrator may have chosen another account.
      const { account, server } = this.message
      const named = { ...entry, account, ownServer: server !== undefined }
      moveMessage(this.#path, { queueDir: this.#holder.queueDir, folder, entry: named })
    } catch (error) {
      this.#lost = isGone(error)
      if (this.#lost) return false
      throw error
    }
    this.#holder.touched('cur')
    this.#holder.touched(folder)
    return true
  }

  /** False when somebody else took the claim over: the message is there, and so its journal is still needed. */
  async #remove(): Promise<boolean> {
    try {
      // Not the blocking call: on a busy disk this is the one that waits, and other messages are under way.
      await unlinkFile(this.#path)
    } catch (error) {
      this.#lost = errnoOf(error) === 'ENOENT'
      if (this.#lost) return false
      throw queueError(error, 'cannot remove the delivered message', this.#path)
    }
    this.#removed = true
    this.#holder.touched('cur')
    if (this.#hasJournal) this.#holder.finished(this.#name.unique)
    return true
  }

  /** A message that everybody has and that cannot be removed now gets a journal that says so: else it would be sent again. */
  async #removeIfPossible(): Promise<boolean> {
    try {
      return await this.#remove()
    } catch {
      return false
    }
  }

  #end(kept: boolean): void {
    this.content.close()
    this.#holder.ended(this.#file.claim, kept)
  }
}
