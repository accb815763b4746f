/**
 * A process that claims messages of a Maildir queue: its lease, its claims, and the directory syncs that it
 * owes. Claiming is a rename, which the file system grants to exactly one of several runners.
 */
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import type { Clock } from '../util/clock.ts'
import { syncDirectory } from '../util/durable-file.ts'
import { ClaimHistory } from './journal/claim-history.ts'
import { clearAway, readClaimed } from './claimed-message.ts'
import { clearRunners } from './dead-runners.ts'
import { claimedName, isTooLong, parseName } from './entry-name.ts'
import type { TimedEvent } from './journal/event.ts'
import { removeJournal } from './journal/journal.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Lease } from './lease.ts'
import { MaildirClaim, type ClaimHolder } from './maildir-claim.ts'
import { moveMessage } from './move.ts'
import { quarantine } from './quarantine.ts'
import { recoverClaims } from './recover.ts'
import { inspectRunner, isRunnerFile } from './runner-record.ts'
import { entryOf, scanNames } from './scan.ts'
import type {
  Claim,
  ClaimResult,
  NewMessage,
  Past,
  Place,
  Quarantined,
  QueueEntry,
  Recovered,
  Runner,
} from './store.ts'
import { sweepJournals, sweepTmp } from './sweep.ts'
import { takeOver } from './take-over.ts'
import { takeMessage } from './take.ts'

type NotClaimed = Extract<ClaimResult, { kind: 'gone' | 'quarantined' }>
type OpenedClaim =
  | NotClaimed
  | {
      readonly kind: 'claimed'
      readonly claim: MaildirClaim
      readonly clearable: 'hold' | 'done' | undefined
    }

function quarantined(file: Quarantined | undefined): NotClaimed {
  return file === undefined ? { kind: 'gone' } : { kind: 'quarantined', file }
}

/** The message was handed over at the moment at which it was taken from its deliverer. */
async function noteDoubt(claim: MaildirClaim): Promise<void> {
  const recipients = claim.pending
  if (recipients.length === 0) return
  try {
    await claim.note({
      event: 'in-doubt',
      recipients,
      why: 'it was taken from a delivery in its last moment',
    })
  } catch (error) {
    claim.abandon()
    throw error
  }
}

/** The Maildir implementation of {@link Runner}. */
export class MaildirRunner implements Runner {
  readonly id: string
  readonly #queueDir: string
  readonly #lease: Lease
  readonly #clock: Clock
  readonly #open = new Set<string>()
  /** Those of them whose file stays in cur/ although nobody works on it: a recovery takes them back. */
  readonly #left = new Set<string>()
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
        if (kept) this.#left.add(claim)
        else this.#open.delete(claim)
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
        if (!other.alive || !other.beating || other.info?.role !== info.role) continue
        // Of two that start at the same moment exactly one is the older.
        if (other.info.since < info.since || (other.info.since === info.since && name < this.id)) return true
      }
      return false
    })
  }

  async recover(inDoubtUntil: (attempts: number) => number, sweeps = true): Promise<readonly Recovered[]> {
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
        endClaim: (claim) => {
          this.#open.delete(claim)
          this.#left.delete(claim)
        },
        leaveClaim: (claim) => this.#left.add(claim),
        isLeft: (claim) => this.#left.has(claim),
        // At once: a flush may come between, and a failure may end the recovery.
        touched: (folder) => this.#dirty.add(folder),
        finished: (unique) => this.#finished.add(unique),
        markFlight: (claim) => this.#lease.markFlight(claim, this.#open),
      })
      const alone = await clearRunners(surroundings, alive)
      if (sweeps) await sweepTmp(this.#queueDir, surroundings.now)
      if (sweeps && alone) await sweepJournals(this.#queueDir, surroundings.now)
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
    if (isTooLong(entry.key)) return this.#tooLong(entry)
    const claim = this.newClaim()
    const name = claimedName(entry.key, claim)
    if (!takeOver(this.#queueDir, 'new', entry.key, name)) return { kind: 'gone' }
    this.#open.add(claim)
    // Not every file system takes the old name along when only cur/ is synced.
    this.#holder.touched('new')
    const opened = this.#openClaimed(name, claim, 'new')
    if (opened.kind !== 'claimed' || opened.clearable === undefined) return opened
    opened.claim.content.close()
    if (clearAway(this.#queueDir, name, opened.clearable)) this.#holder.finished(parseName(name).unique)
    this.#holder.touched('cur')
    this.#holder.touched('hold')
    this.#open.delete(claim)
    return { kind: 'gone' }
  }

  async take(entry: QueueEntry): Promise<ClaimResult> {
    if (isTooLong(entry.key)) return this.#tooLong(entry)
    const claim = this.newClaim()
    this.#open.add(claim)
    const taking = {
      queueDir: this.#queueDir,
      info: this.#lease.info,
      now: this.#clock.now(),
      claim,
      markFlight: () => this.#lease.markFlight(claim, this.#open),
    }
    const taken = await takeMessage(taking, entry)
    if (taken === 'busy' || taken === 'gone') {
      this.#open.delete(claim)
      return { kind: taken }
    }
    // A power cut must not bring it back to where the journal says it is no more.
    this.#holder.touched(entry.place)
    const name = claimedName(entry.key, claim)
    // In doubt without an envelope to note it in, it stays claimed: a recovery finds the mark.
    const opened = this.#openClaimed(name, claim, entry.place, taken === 'flown')
    if (taken === 'flown' && opened.kind === 'claimed') await noteDoubt(opened.claim)
    return opened
  }

  #tooLong(entry: QueueEntry): ClaimResult {
    return quarantined(quarantine(this.#queueDir, entry.place, entry.key, 'its name is too long'))
  }

  /**
   * Opens a message that this runner has just claimed; one that was claimed for delivery may need none.
   *
   * @param keep leaves it claimed when it cannot be opened now
   */
  #openClaimed(name: string, claim: string, origin: Place, keep = false): OpenedClaim {
    const queueDir = this.#queueDir
    let read
    try {
      read = readClaimed(queueDir, name)
    } catch (error) {
      if (keep) this.#left.add(claim)
      else this.#giveBack(name, claim, origin)
      throw error
    }
    if (!read.ok) {
      const file = quarantine(queueDir, 'cur', name, read.why)
      this.#open.delete(claim)
      return quarantined(file)
    }
    const { history, content, entry, hasJournal } = read
    const file = { name, claim, entry, hasJournal, origin }
    return {
      kind: 'claimed',
      claim: new MaildirClaim(this.#holder, file, history, content),
      clearable: history.clearable,
    }
  }

  #giveBack(name: string, claim: string, origin: Place): void {
    try {
      const queueDir = this.#queueDir
      const folder = origin === 'cur' ? 'new' : origin
      moveMessage(folderPath(queueDir, 'cur', name), { queueDir, folder, entry: parseName(name) })
      this.#open.delete(claim)
    } catch {
      this.#left.add(claim)
    }
  }

  /**
   * Registers a claim whose file was put into cur/ by a commit. Touches no file: the message is accepted.
   *
   * @param name the file name without the claim
   */
  adopt(
    name: string,
    claim: string,
    { envelope, content, expires, batch, account = DEFAULT_ACCOUNT, server }: NewMessage,
    { events, past }: { readonly events: readonly TimedEvent[]; readonly past?: Past | undefined },
  ): Claim {
    this.#open.add(claim)
    const key = claimedName(name, claim)
    const parsed = parseName(key)
    const entry = entryOf('cur', key, parsed)
    const queuedAt = past?.queuedAt ?? entry.queuedAt
    const meta = {
      envelope,
      queuedAt,
      earlierAttempts: past?.attempts ?? 0,
      lastAttempt: past?.lastAttempt,
      expires,
      batch,
      account,
      server,
    }
    const history = new ClaimHistory(entry, { meta, size: content.size, modified: queuedAt }, events)
    // The content stays the caller's to close.
    const borrowed: MessageContent = {
      size: content.size,
      bytes: content.bytes,
      stream: () => content.stream(),
      close: () => undefined,
    }
    const file = { name: key, claim, entry: parsed, hasJournal: events.length > 0, origin: 'new' as const }
    return new MaildirClaim(this.#holder, file, history, borrowed)
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
      // No later sync vouches for these removals, so their journals stay until the sweep.
      for (const unique of finished) this.#finished.delete(unique)
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
