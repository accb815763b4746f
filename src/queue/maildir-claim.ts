/**
 * A claimed message of the Maildir queue. An attempt writes what happened to the journal first and moves the
 * message afterwards, so a crash in between leaves a claim whose journal is already right.
 *
 * State                                   what a crash leaves          what recovery does
 * claimed, body not handed over           claim, no flight mark        back to new/, nothing counted
 * flight mark, no outcome on disk         claim with flight mark       back to new/, recipients in doubt
 * journal synced, not moved               claim with flight mark       as above; delivered recipients stay so
 * all delivered, unlinked                 nothing                      a power cut within a second may revive it, in doubt
 * moved to new/ or failed/                the message with its journal nothing to do
 */
import { existsSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { MessageContent } from '../message/content.ts'
import type { RecipientOutcome } from '../message/outcome.ts'
import { unlinkFile } from '../util/durable-file.ts'
import type { EntryName } from './entry-name.ts'
import { appendJournal, attemptEvents, type TimedEvent } from './journal.ts'
import { folderPath, type Folder } from './layout.ts'
import { moveMessage, type Destination } from './move.ts'
import { isUnfinished, type RecipientState } from './recipient-state.ts'
import type { Claim, Disposition, QueuedMessage, Settled } from './store.ts'

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
}

const FOLDER_OF: Readonly<Record<Exclude<Settled, 'done' | 'discarded'>, Destination['folder']>> = {
  waiting: 'new',
  held: 'hold',
  failed: 'failed',
}

function dispositionEvent(
  left: readonly string[],
  disposition: Disposition,
  time: number,
): TimedEvent | undefined {
  if (left.length === 0) return undefined
  if (disposition.action === 'expire')
    return { event: 'expire', recipients: left, why: disposition.why, time }
  if (disposition.action === 'hold') return { event: 'hold', by: 'plug-in', why: disposition.why, time }
  return undefined
}

function destination(left: readonly string[], disposition: Disposition): Settled {
  if (disposition.action === 'discard') return 'discarded'
  if (left.length === 0 || disposition.action === 'expire') return 'failed'
  return disposition.action === 'hold' ? 'held' : 'waiting'
}

/** The status of each recipient after the outcomes of an attempt. */
function afterAttempt(
  states: readonly RecipientState[],
  outcomes: readonly RecipientOutcome[],
): RecipientState[] {
  const news = new Map(outcomes.map((outcome) => [outcome.recipient, outcome]))
  return states.map((state) => {
    const outcome = news.get(state.recipient)
    return outcome === undefined ? state : { ...state, status: outcome.status }
  })
}

/** The Maildir implementation of {@link Claim}, for a file in cur/ that was opened and read. */
export class MaildirClaim implements Claim {
  readonly message: QueuedMessage
  readonly content: MessageContent
  readonly pending: readonly string[]
  readonly #holder: ClaimHolder
  readonly #file: ClaimedFile
  readonly #name: EntryName
  readonly #path: string
  #recipients: readonly RecipientState[]
  #hasJournal: boolean
  #removed = false
  /** This attempt is in the journal already. */
  #counted = false
  /** Everybody has the message, but another runner has the file. */
  #lost = false

  constructor(holder: ClaimHolder, file: ClaimedFile, message: QueuedMessage, content: MessageContent) {
    this.message = message
    this.content = content
    this.pending = message.recipients.filter(isUnfinished).map((state) => state.recipient)
    this.#holder = holder
    this.#file = file
    this.#name = file.entry
    this.#path = folderPath(holder.queueDir, 'cur', file.name)
    this.#recipients = message.recipients
    this.#hasJournal = file.hasJournal
  }

  markFlight(): void {
    this.#holder.markFlight(this.#file.claim)
    // Marked first, looked at afterwards: a recovery moves the file first and looks for the mark afterwards, so
    // one of the two notices the other.
    if (existsSync(this.#path)) return
    throw new MailError(
      'QUEUE_BUSY',
      `the claim of ${this.message.id} was taken over: this process was silent for too long; try again`,
    )
  }

  async record(outcomes: readonly RecipientOutcome[]): Promise<void> {
    const { queueDir, runner } = this.#holder
    this.#recipients = afterAttempt(this.#recipients, outcomes)
    if (this.#recipients.every((state) => state.status === 'delivered') && (await this.#remove())) return
    const events = attemptEvents(outcomes, runner, this.#holder.now(), this.#counted)
    this.#counted ||= events.some((event) => event.event === 'attempt' && event.counts)
    await appendJournal(queueDir, this.#name.unique, events, true)
    this.#hasJournal = true
  }

  async finish(unfinished: Disposition): Promise<Settled> {
    if (this.#removed || this.#lost) {
      this.#end(false)
      return 'done'
    }
    let ended = false
    try {
      const settled = await this.#settle(unfinished)
      ended = true
      return settled
    } finally {
      this.#end(!ended)
    }
  }

  async #settle(unfinished: Disposition): Promise<Settled> {
    const left = this.#recipients.filter(isUnfinished).map((state) => state.recipient)
    const settled = destination(left, unfinished)
    if (settled === 'done' || settled === 'discarded') {
      await this.#remove()
      return settled
    }
    const { queueDir } = this.#holder
    const event = dispositionEvent(left, unfinished, this.#holder.now())
    if (event !== undefined) await appendJournal(queueDir, this.#name.unique, [event], true)
    const next = unfinished.action === 'retry' ? Math.floor(unfinished.at / 1000) : this.#name.nextAttempt
    this.#move(FOLDER_OF[settled], next)
    return settled
  }

  async release(): Promise<void> {
    let ended = false
    try {
      this.#move('new', this.#name.nextAttempt)
      ended = true
    } finally {
      this.#end(!ended)
    }
  }

  abandon(): void {
    this.#end(true)
  }

  #move(folder: Destination['folder'], nextAttempt: number): void {
    const { queueDir } = this.#holder
    moveMessage(this.#path, { queueDir, folder, entry: { ...this.#name, nextAttempt } })
    this.#holder.touched('cur')
    this.#holder.touched(folder)
  }

  /** False when another host took the claim over: the message is there, and so its journal is still needed. */
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

  #end(kept: boolean): void {
    this.content.close()
    this.#holder.ended(this.#file.claim, kept)
  }
}
