/**
 * A process that claims messages of a Maildir queue: its lease, its claims, and the directory syncs that it
 * owes. Claiming is a rename, which the file system grants to exactly one of several runners.
 */
import { renameSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import type { Clock } from '../util/clock.ts'
import { syncDirectory } from '../util/durable-file.ts'
import { clearFinished, readClaimed } from './claimed-message.ts'
import { clearRunners } from './dead-runners.ts'
import { claimedName, isTooLong, parseName } from './entry-name.ts'
import { removeJournal } from './journal.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Lease } from './lease.ts'
import { MaildirClaim, type ClaimHolder } from './maildir-claim.ts'
import { moveMessage } from './move.ts'
import { quarantine } from './quarantine.ts'
import { isUnfinished, messageState } from './recipient-state.ts'
import { recoverClaims } from './recover.ts'
import { inspectRunner, isRunnerFile } from './runner-record.ts'
import { entryOf, scanNames } from './scan.ts'
import type { Claim, ClaimResult, NewMessage, Quarantined, QueueEntry, Recovered, Runner } from './store.ts'
import { sweepJournals, sweepTmp } from './sweep.ts'

function quarantined(file: Quarantined | undefined): ClaimResult {
  return file === undefined ? { kind: 'gone' } : { kind: 'quarantined', file }
}

/** The Maildir implementation of {@link Runner}. */
export class MaildirRunner implements Runner {
  readonly id: string
  readonly #queueDir: string
  readonly #lease: Lease
  readonly #clock: Clock
  readonly #open = new Set<string>()
  readonly #dirty = new Set<Folder>()
  /** Removed messages whose journals are still there: a power cut could bring the message back. */
  readonly #finished = new Set<string>()
  #flushing = Promise.resolve()
  readonly #holder: ClaimHolder
  #claims = 0

  constructor(queueDir: string, lease: Lease, clock: Clock) {
    this.id = lease.runner
    this.#queueDir = queueDir
    this.#lease = lease
    this.#clock = clock
    this.#holder = {
      queueDir,
      runner: lease.runner,
      now: () => clock.now(),
      markFlight: (claim) => lease.markFlight(claim, this.#open),
      touched: (folder) => this.#dirty.add(folder),
      finished: (unique) => this.#finished.add(unique),
      // A claim that is kept stays in the flight log.
      ended: (claim, kept) => {
        if (!kept) this.#open.delete(claim)
      },
    }
  }

  get lost(): boolean {
    return this.#lease.lost
  }

  /** A claim that nobody ever had. */
  newClaim(): string {
    this.#claims += 1
    return `${this.id}.${this.#claims.toString(36)}`
  }

  async othersAtWork(): Promise<boolean> {
    const { info } = this.#lease
    return this.#reading(async () => {
      for await (const { name } of scanNames(this.#queueDir, 'runners')) {
        if (!isRunnerFile(name) || name === this.id) continue
        const other = inspectRunner(this.#queueDir, name, info, this.#clock.now())
        if (!other.alive || !other.beating || other.info?.role !== 'run') continue
        // Of two that start at the same moment exactly one is the older.
        if (other.info.since < info.since || (other.info.since === info.since && name < this.id)) return true
      }
      return false
    })
  }

  async recover(inDoubtUntil: number): Promise<readonly Recovered[]> {
    const surroundings = {
      queueDir: this.#queueDir,
      runner: this.id,
      info: this.#lease.info,
      now: this.#clock.now(),
    }
    return this.#reading(async () => {
      const { recovered, alive } = await recoverClaims({
        ...surroundings,
        inDoubtUntil,
        newClaim: () => {
          const claim = this.newClaim()
          this.#open.add(claim)
          return claim
        },
        endClaim: (claim) => this.#open.delete(claim),
        finished: (unique) => this.#finished.add(unique),
        markFlight: (claim) => this.#lease.markFlight(claim, this.#open),
      })
      if (recovered.length > 0) this.#dirty.add('new').add('cur')
      const alone = await clearRunners(surroundings, alive)
      await sweepTmp(this.#queueDir, surroundings.now)
      if (alone) await sweepJournals(this.#queueDir, surroundings.now)
      return recovered
    })
  }

  async #reading<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw queueError(error, 'cannot look after what other runners left in', this.#queueDir)
    }
  }

  async claim(entry: QueueEntry): Promise<ClaimResult> {
    if (isTooLong(entry.key)) {
      return quarantined(quarantine(this.#queueDir, 'new', entry.key, 'its name is too long'))
    }
    const claim = this.newClaim()
    const name = claimedName(entry.key, claim)
    try {
      renameSync(folderPath(this.#queueDir, 'new', entry.key), folderPath(this.#queueDir, 'cur', name))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return { kind: 'gone' }
      throw queueError(error, 'cannot claim a message in', this.#queueDir)
    }
    this.#open.add(claim)
    return this.#read(name, claim)
  }

  #read(name: string, claim: string): ClaimResult {
    const queueDir = this.#queueDir
    let read
    try {
      read = readClaimed(queueDir, name)
    } catch (error) {
      this.#giveBack(name, claim)
      throw error
    }
    if (!read.ok) {
      const file = quarantine(queueDir, 'cur', name, read.why)
      this.#open.delete(claim)
      return quarantined(file)
    }
    const { message, content, entry, hasJournal } = read
    if (message.recipients.some(isUnfinished)) {
      const opened = new MaildirClaim(this.#holder, { name, claim, entry, hasJournal }, message, content)
      return { kind: 'claimed', claim: opened }
    }
    content.close()
    if (clearFinished(queueDir, name, message)) this.#holder.finished(parseName(name).unique)
    this.#holder.touched('cur')
    this.#open.delete(claim)
    return { kind: 'gone' }
  }

  #giveBack(name: string, claim: string): void {
    try {
      const queueDir = this.#queueDir
      moveMessage(folderPath(queueDir, 'cur', name), { queueDir, folder: 'new', entry: parseName(name) })
      this.#open.delete(claim)
    } catch {
      // It stays claimed until this runner is gone.
    }
  }

  /**
   * Registers a claim whose file was put into cur/ by a commit. Touches no file: the message is accepted.
   *
   * @param name the file name without the claim
   */
  adopt(name: string, claim: string, { envelope, content }: NewMessage): Claim {
    this.#open.add(claim)
    const key = claimedName(name, claim)
    const parsed = parseName(key)
    const entry = entryOf('cur', key, parsed)
    const { queuedAt } = entry
    const meta = { envelope, queuedAt, earlierAttempts: 0, lastAttempt: undefined }
    const message = { ...entry, ...messageState(meta, []), envelope, size: content.size }
    // The content stays the caller's to close.
    const borrowed: MessageContent = {
      size: content.size,
      bytes: content.bytes,
      stream: () => content.stream(),
      close: () => undefined,
    }
    return new MaildirClaim(
      this.#holder,
      { name: key, claim, entry: parsed, hasJournal: false },
      message,
      borrowed,
    )
  }

  flush(): Promise<void> {
    // One after the other: whoever waits for a flush also waits for those that were asked for before.
    const flushed = this.#flushing.then(() => this.#syncRemovals())
    this.#flushing = flushed.catch(() => undefined)
    return flushed
  }

  async #syncRemovals(): Promise<void> {
    const folders = [...this.#dirty]
    const finished = [...this.#finished]
    this.#dirty.clear()
    try {
      await Promise.all(folders.map((folder) => syncDirectory(folderPath(this.#queueDir, folder))))
    } catch (error) {
      throw queueError(error, 'cannot make removals durable in', this.#queueDir)
    }
    for (const unique of finished) {
      removeJournal(this.#queueDir, unique)
      this.#finished.delete(unique)
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      await this.#lease.release(this.#open.size > 0)
    }
  }
}
