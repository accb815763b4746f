/**
 * A daemon at work with one configuration and one lease: from opening the queue until it fails, or is asked to end. New
 * messages are told by the system, due times by the names in the queue, and everything else by a slow look now and then.
 * When nothing happens, nothing is done but that look.
 */
import { setMaxListeners } from 'node:events'
import { describeError } from '../../errors/errno.ts'
import type { Complain } from '../../logging/complain.ts'
import type { QueueEntry, QueueStore, QueueWatch, Runner } from '../../queue/store.ts'
import { elapsed } from '../../util/clock.ts'
import { Agenda } from './agenda.ts'
import type { DeliveryContext } from '../context.ts'
import type { Group } from './group.ts'
import { accountView, type AccountView } from './state.ts'
import type { Desk } from '../deliver-entry.ts'
import { Dispatcher } from './dispatcher.ts'
import { noteLastRun } from '../last-run.ts'
import { recoverQueue } from '../recovery.ts'
import { runQueueOnce } from '../run-queue.ts'
import { newReport } from '../run-report.ts'
import { reportFaults } from '../site-faults.ts'
import type { Ways, WaysOver } from '../ways.ts'

/** Removals become durable this long after they were made, in milliseconds. */
const FLUSH_DELAY = 1000
/** How often the queue is looked at where the system tells nothing, in milliseconds. */
const POLL = 5000
/** How often leftovers are swept, in milliseconds. */
const SWEEP = 3_600_000
/** Ways that are kept open: messages can name any number of servers. */
const MOST_WAYS = 500

/** What a term works with. */
export interface TermSite {
  readonly store: QueueStore
  readonly ways: WaysOver
  readonly context: DeliveryContext
  /** Milliseconds between two looks at the queue that nobody asked for. */
  readonly rescan: number
}

/** Who is told of what people should know. */
export interface TermVoices {
  readonly complain: Complain
  /** The system does not tell of new messages; every so many milliseconds the queue is looked at. */
  unwatched(reason: string, every: number): void
}

/** Why a term is over: it failed, or it has collected too much and a new one begins. */
export type TermEnd = { readonly kind: 'failed'; readonly reason: string } | { readonly kind: 'renewed' }

/** One term. */
export class Term {
  /** Resolves when the term is over by itself. The caller ends it then. */
  readonly over: Promise<TermEnd>
  readonly #site: TermSite
  readonly #voices: TermVoices
  readonly #stopper = new AbortController()
  readonly #ways: Ways
  readonly #desk: Desk
  readonly #dispatcher: Dispatcher
  readonly #agenda: Agenda
  #end: (end: TermEnd) => void = () => undefined
  #isOver = false
  #watch: QueueWatch | undefined
  #tells = false
  #mark: string | undefined
  #lastPass: number | undefined
  #work: Promise<void> | undefined
  #scanWanted = false
  #forced: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #flushing: NodeJS.Timeout | undefined
  #unreadable: string | undefined
  #lookedAt = elapsed()
  #caredAt = elapsed()
  #sweptAt = elapsed()

  private constructor(site: TermSite, runner: Runner, voices: TermVoices) {
    const { store, context } = site
    this.#site = site
    this.#voices = voices
    this.over = new Promise((resolve) => (this.#end = resolve))
    // Each message in flight listens to it.
    setMaxListeners(0, this.#stopper.signal)
    this.#ways = site.ways(store, () => (this.#forced === undefined ? 'daemon' : 'now'))
    const signal = this.#stopper.signal
    this.#desk = { store, runner, ways: this.#ways, lanes: new Map(), context, report: newReport(), signal }
    this.#dispatcher = new Dispatcher(this.#desk, {
      failed: (reason) => this.#fail(reason),
      changed: () => this.#somethingEnded(),
      hungry: () => this.#scan(),
      rests: (entry, until) => this.#agenda.postpone(entry, until),
      paused: (group, reason) => this.#tellPaused(group, reason),
      resumed: (group) => this.#voices.complain(`${accountName(group)} can be used again`),
    })
    const offer = (entry: QueueEntry): number | undefined => this.#dispatcher.offer(entry)
    this.#agenda = new Agenda({ store, policy: this.#ways.policy, clock: context.clock, offer })
  }

  /**
   * Opens the queue and begins.
   *
   * @param again the queue was there before: it is not made anew when it is gone
   * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be used
   */
  static async open(site: TermSite, voices: TermVoices, again: boolean): Promise<Term> {
    if (again) (await site.store.watch?.({ arrived: () => undefined, deaf: () => undefined }))?.close()
    const runner = await site.store.openRunner('run')
    const term = new Term(site, runner, voices)
    try {
      await term.#begin()
      return term
    } catch (error) {
      await term.retire()
      throw error
    }
  }

  get busy(): number {
    return this.#dispatcher.busy
  }

  get lastPass(): number | undefined {
    return this.#lastPass
  }

  get nextDue(): number | undefined {
    return this.#agenda.next
  }

  /** Whether the queue is where it was when the term began. The term is over when it is not. */
  get isThere(): boolean {
    try {
      this.#watch?.mark()
      return true
    } catch (error) {
      this.#fail(describeError(error))
      return false
    }
  }

  get accounts(): AccountView[] {
    return [...this.#dispatcher.groups].map(accountView)
  }

  /** Makes a pass over everything that waits, whatever the schedule and earlier failures say. */
  runNow(): void {
    if (this.#isOver || this.#forced !== undefined) return
    this.#forced = this.#runAll()
      .catch((error: unknown) => this.#fail(describeError(error)))
      .finally(() => {
        this.#forced = undefined
        this.#dispatcher.lookAgain()
      })
  }

  /** Begins nothing more, and resolves when everything that was begun has come to its end. Never rejects. */
  async retire(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#watch?.close()
    this.#dispatcher.halt()
    await Promise.all([this.#dispatcher.drained(), this.#forced, this.#work])
    clearTimeout(this.#flushing)
    // What cannot be made durable now comes back as in doubt at the worst.
    await this.#desk.runner.close().catch((error: unknown) => {
      this.#site.context.log.warn('queue.stopped', { scope: 'host', reason: describeError(error) })
    })
    await this.#ways.close()
  }

  /** Gives back what is not handed over completely, waits for the rest, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.#stopper.abort()
    await this.retire()
  }

  async #begin(): Promise<void> {
    const { store, context } = this.#site
    this.#tells = store.watch !== undefined
    this.#watch = await store.watch?.({
      arrived: (entry) => this.#arrived(entry),
      deaf: (why) => this.#deaf(why),
    })
    const { unreadable } = await recoverQueue(this.#desk.runner, context)
    this.#tellUnreadable(unreadable)
    this.#scan()
  }

  #arrived(entry: QueueEntry | undefined): void {
    if (this.#isOver) return
    if (entry === undefined) {
      this.#scan()
      return
    }
    this.#agenda.note(entry)
    this.#dispatcher.pump()
    this.#arm()
  }

  #deaf(reason: string): void {
    this.#tells = false
    this.#voices.unwatched(reason, Math.min(POLL, this.#site.rescan))
    if (!this.#isOver) this.#arm()
  }

  #tellPaused(group: Group, reason: string): void {
    this.#voices.complain(`${accountName(group)} cannot be used: ${reason}; its mail waits`)
  }

  #somethingEnded(): void {
    this.#flushing ??= setTimeout(() => {
      this.#flushing = undefined
      this.#desk.runner.flush().catch((error: unknown) => this.#fail(describeError(error)))
    }, FLUSH_DELAY)
    if (!this.#isOver) this.#arm()
  }

  #fail(reason: string): void {
    this.#finish({ kind: 'failed', reason })
  }

  #finish(end: TermEnd): void {
    this.#isOver = true
    this.#dispatcher.halt()
    clearTimeout(this.#timer)
    this.#end(end)
  }

  /** Looks at the whole queue, once more when it is asked for meanwhile. */
  #scan(): void {
    this.#scanWanted = true
    this.#busyWith(async () => {
      while (this.#scanWanted && !this.#isOver) {
        this.#scanWanted = false
        const mark = this.#watch?.mark()
        this.#dispatcher.startOver()
        await this.#agenda.scan(this.#stopper.signal)
        this.#mark = mark
        this.#lastPass = this.#site.context.clock.now()
        this.#dispatcher.pump()
      }
    })
  }

  /** One thing at a time besides delivering; a failure ends the term. */
  #busyWith(work: () => Promise<void>): void {
    if (this.#work !== undefined || this.#isOver) return
    this.#work = work()
      .catch((error: unknown) => this.#fail(describeError(error)))
      .finally(() => {
        this.#work = undefined
        if (this.#isOver) return
        if (this.#scanWanted) this.#scan()
        this.#arm()
      })
  }

  /** The only timer that waits for something: the next due time, the end of a pause, or the next look. */
  #arm(): void {
    clearTimeout(this.#timer)
    const now = this.#site.context.clock.now()
    const { next } = this.#agenda
    const times = [this.#dispatcher.nextWake, this.#work === undefined ? next : undefined]
    const waits = times.map((time) => (time === undefined ? Infinity : time - now))
    const look = this.#lookedAt + this.#interval - elapsed()
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.min(look, ...waits)))
  }

  get #interval(): number {
    return this.#tells ? this.#site.rescan : Math.min(POLL, this.#site.rescan)
  }

  #tick(): void {
    this.#agenda.offerDue()
    this.#dispatcher.pump()
    if (this.#agenda.isHidden) this.#scan()
    if (elapsed() - this.#lookedAt >= this.#interval) {
      this.#lookedAt = elapsed()
      this.#busyWith(() => this.#look())
    }
    if (!this.#isOver) this.#arm()
  }

  async #look(): Promise<void> {
    if (this.#desk.runner.lost) throw new Error('the lease of this runner was lost')
    const mark = this.#watch?.mark()
    if (mark === undefined || mark !== this.#mark) this.#scanWanted = true
    if (elapsed() - this.#caredAt >= this.#site.rescan) await this.#care()
  }

  /** What is to be done now and then: dead runners, accounts that work again, and telling that the queue is run. */
  async #care(): Promise<void> {
    const { store, context } = this.#site
    const { report, lanes, runner } = this.#desk
    this.#caredAt = elapsed()
    const sweeps = this.#caredAt - this.#sweptAt >= SWEEP
    if (sweeps) this.#sweptAt = this.#caredAt
    const { recovered, unreadable } = await recoverQueue(runner, context, sweeps)
    if (recovered > 0) this.#scanWanted = true
    await reportFaults(store, { lanes: lanes.values(), report, whole: this.#dispatcher.resting === 0 })
    for (const { reason, isNew } of report.faults) if (isNew) this.#voices.complain(`mail waits: ${reason}`)
    this.#tellUnreadable(unreadable ?? report.unreadable)
    for (const lane of lanes.values()) lane.fault = undefined
    await noteLastRun(store, report, context.clock.now())
    Object.assign(report, newReport())
    this.#dispatcher.lookAgain()
    if (lanes.size > MOST_WAYS) this.#finish({ kind: 'renewed' })
  }

  /** Once, and again when there is another reason. */
  #tellUnreadable(reason: string | undefined): void {
    if (reason !== undefined && reason !== this.#unreadable)
      this.#voices.complain(`a message was passed over: ${reason}`)
    this.#unreadable = reason
  }

  async #runAll(): Promise<void> {
    const { store, context } = this.#site
    this.#dispatcher.forgetRests()
    // The same connections, which stay open.
    const ways = { ...this.#ways, close: async () => undefined }
    await runQueueOnce(store, () => ways, context, {
      connections: 1,
      all: true,
      force: true,
      signal: this.#stopper.signal,
    })
  }
}

function accountName({ lane }: Group): string {
  const account = lane?.way.account
  return account === undefined ? 'the server' : `the account ${account}`
}
