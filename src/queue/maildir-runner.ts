/**
 * A process that claims messages of a Maildir queue: its lease, its claims, and the directory syncs that it
 * owes. Claiming is a rename, which the file system grants to exactly one of several runners.
 */
import { renameSync } from 'node:fs'
import { describeError, errnoOf, queueError } from '../errors/errno.ts'
import type { Clock } from '../util/clock.ts'
import { syncDirectory } from '../util/durable-file.ts'
import { claimedName, parseName } from './entry-name.ts'
import { readJournal } from './journal.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Lease } from './lease.ts'
import { MaildirClaim, type ClaimHolder } from './maildir-claim.ts'
import { quarantine } from './quarantine.ts'
import { isFileFault, openQueueFile } from './queue-file.ts'
import type { MessageContent } from '../message/content.ts'
import type { QueueMeta } from './meta-block.ts'
import { isUnfinished, messageState } from './recipient-state.ts'
import { moveMessage } from './move.ts'
import { clearRunners } from './dead-runners.ts'
import { recoverClaims } from './recover.ts'
import { sweepJournals, sweepTmp } from './sweep.ts'
import { inspectRunner, isRunnerFile } from './runner-record.ts'
import { entryOf, scanNames } from './scan.ts'
import type { Claim, ClaimResult, QueueEntry, Recovered, Runner } from './store.ts'

/** The Maildir implementation of {@link Runner}. */
export class MaildirRunner implements Runner {
  readonly id: string
  readonly #queueDir: string
  readonly #lease: Lease
  readonly #clock: Clock
  readonly #open = new Set<string>()
  readonly #dirty = new Set<Folder>()
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
    for await (const { name } of scanNames(this.#queueDir, 'runners')) {
      if (!isRunnerFile(name) || name === this.id) continue
      const other = inspectRunner(this.#queueDir, name, info, this.#clock.now())
      if (!other.alive || other.info?.role !== 'run') continue
      // Of two that start at the same moment exactly one is the older.
      if (other.info.since < info.since || (other.info.since === info.since && name < this.id)) return true
    }
    return false
  }

  async recover(inDoubtUntil: number): Promise<Recovered[]> {
    const now = this.#clock.now()
    await sweepTmp(this.#queueDir, now)
    const recovered = await recoverClaims({
      queueDir: this.#queueDir,
      runner: this.id,
      info: this.#lease.info,
      now,
      inDoubtUntil,
      newClaim: () => this.newClaim(),
    })
    if (recovered.length > 0) this.#dirty.add('new').add('cur')
    return recovered
  }

  async claim(entry: QueueEntry): Promise<ClaimResult> {
    const claim = this.newClaim()
    const name = claimedName(entry.key, claim)
    try {
      renameSync(folderPath(this.#queueDir, 'new', entry.key), folderPath(this.#queueDir, 'cur', name))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return { kind: 'gone' }
      throw queueError(error, 'cannot claim a message in', this.#queueDir)
    }
    return this.open(name, claim)
  }

  /** Reads a file in cur/ that this runner has claimed. */
  open(name: string, claim: string): ClaimResult {
    const { unique } = parseName(name)
    this.#open.add(claim)
    try {
      const file = openQueueFile(folderPath(this.#queueDir, 'cur', name))
      if (!file.ok) return this.#quarantine(name, claim, file.why)
      const events = readJournal(this.#queueDir, unique)
      const entry = entryOf('cur', name)
      const state = messageState(file.meta, events)
      const { content } = file
      const message = {
        ...entry,
        ...state,
        queuedAt: file.meta.queuedAt ?? (entry.queuedAt || file.modified),
        envelope: file.meta.envelope,
        size: content.size,
      }
      return {
        kind: 'claimed',
        claim: new MaildirClaim(
          this.#holder,
          { name, claim, hasJournal: events.length > 0 },
          message,
          content,
        ),
      }
    } catch (error) {
      if (isFileFault(error)) return this.#quarantine(name, claim, describeError(error))
      this.#giveBack(name, claim)
      throw queueError(error, 'cannot read a message in', this.#queueDir)
    }
  }

  #quarantine(name: string, claim: string, why: string): ClaimResult {
    this.#open.delete(claim)
    const file = quarantine(this.#queueDir, 'cur', name, why)
    return file === undefined ? { kind: 'gone' } : { kind: 'quarantined', file }
  }

  #giveBack(name: string, claim: string): void {
    this.#open.delete(claim)
    try {
      const base = name.slice(0, name.indexOf(':'))
      renameSync(folderPath(this.#queueDir, 'cur', name), folderPath(this.#queueDir, 'new', base))
    } catch {
      this.#leftovers = true
    }
  }

  /** Registers a claim whose file was put into cur/ by a commit. */
  adopt(name: string, claim: string): Claim {
    const result = this.open(claimedName(name, claim), claim)
    if (result.kind === 'claimed') return result.claim
    throw queueError(new Error('it vanished'), 'cannot open the message just queued in', this.#queueDir)
  }

  async flush(): Promise<void> {
    const folders = [...this.#dirty]
    this.#dirty.clear()
    try {
      await Promise.all(folders.map((folder) => syncDirectory(folderPath(this.#queueDir, folder))))
    } catch (error) {
      throw queueError(error, 'cannot make removals durable in', this.#queueDir)
    }
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#lease.release(this.#leftovers || this.#open.size > 0)
  }
}
