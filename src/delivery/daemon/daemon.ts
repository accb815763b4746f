/**
 * A daemon: terms of work one after the other, each with the configuration that counts then. A queue that cannot be used
 * (disk full, not mounted) ends no daemon: that is said once, tried again after growing pauses, and it is said when it
 * works again. A new configuration that is wrong is refused, and the old one stays. Only what is wrong in the beginning
 * and stays so whoever tries is an error of the caller.
 */
import { setMaxListeners } from 'node:events'
import { ERROR_CODES } from '../../errors/codes.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Complain } from '../../logging/complain.ts'
import { systemClock } from '../../util/clock.ts'
import { watchIntakes, type IntakeWatch, type WatchedIntake } from './intake.ts'
import type { DaemonState } from './state.ts'
import { Term, type TermEnd, type TermSite } from './term.ts'
import type { DaemonWishes } from './wishes.ts'

/** The first pause after a failure of the site, and the longest, in milliseconds. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000
/** A queue that was used this long, in milliseconds, works again. */
const SETTLED = 3000

/** Something that runs beside the deliveries, such as a server for health checks. */
export interface DaemonCompanion {
  /** Rejects when it cannot be started. */
  start(state: DaemonState): Promise<{ stop(): Promise<void> }>
}

/** What one configuration asks for. */
export interface DaemonSite extends TermSite {
  /** Directories where others leave mail for the queue. */
  readonly intakes?: readonly WatchedIntake[]
  readonly companions?: readonly DaemonCompanion[]
}

/** What a daemon is made of. */
export interface DaemonParts {
  readonly site: DaemonSite
  /** The site by the configuration as it is now. Rejects when that is wrong; the old one stays. */
  reopen(): Promise<DaemonSite>
  readonly wishes: DaemonWishes
  /** Asks the daemon to end. */
  readonly signal: AbortSignal
  /** Takes lines for people. */
  readonly complain: Complain
}

/** What runs beside the terms. */
type Beside = IntakeWatch

/** What goes on beside the terms, by one configuration. */
async function startBeside(site: DaemonSite, state: DaemonState, complain: Complain): Promise<Beside> {
  const { rescan, context, intakes = [], companions = [] } = site
  const started: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => {
    await Promise.allSettled(started.map((each) => each.stop()))
  }
  try {
    for (const companion of companions) started.push(await companion.start(state))
  } catch (error) {
    await stop()
    throw error
  }
  const mayTake = (): boolean => state.isThere
  const watched = watchIntakes(intakes, { rescan, log: context.log, complain, mayTake })
  return {
    look: () => watched.look(),
    stop: async () => {
      await Promise.all([stop(), watched.stop()])
    },
  }
}

class Daemon {
  readonly #parts: DaemonParts
  readonly #startedAt = systemClock.now()
  /** Terms that come to their end beside the one that works. */
  readonly #retiring = new Set<Term>()
  readonly #ends = new Set<Promise<void>>()
  #site: DaemonSite
  #term: Term | undefined
  #beside: Beside | undefined
  #trouble: string | undefined
  #untold: string | undefined
  #pause = FIRST_PAUSE
  #opened = false

  constructor(parts: DaemonParts) {
    this.#parts = parts
    this.#site = parts.site
  }

  async run(): Promise<void> {
    const { wishes } = this.#parts
    await this.#open()
    this.#beside = await this.#besideOrEnd()
    this.#site.context.log.info('daemon.started', { queue: this.#site.store.name })
    for (let what = await this.#next(); what !== 'stop'; what = await this.#next()) {
      const wish = what === 'wish' ? wishes.take() : undefined
      if (wish === 'reload') await this.#reload()
      else if (wish === 'run-now' && this.#term !== undefined) this.#term.runNow()
      else if (wish === 'run-now' || what === 'pause-over') await this.#reopenTerm()
      else if (typeof what === 'object') await this.#termEnded(what)
    }
    await Promise.all([
      this.#beside.stop(),
      this.#term?.stop(),
      ...[...this.#retiring].map((term) => term.stop()),
    ])
    await Promise.all(this.#ends)
    this.#site.context.log.info('daemon.stopped', { queue: this.#site.store.name })
  }

  async #besideOrEnd(): Promise<Beside> {
    try {
      return await startBeside(this.#site, this.#state(), this.#parts.complain)
    } catch (error) {
      await this.#term?.stop()
      throw error
    }
  }

  /** The first term: what only a person can mend is not waited for. */
  async #open(): Promise<void> {
    try {
      await this.#openTerm()
    } catch (error) {
      if (!(error instanceof MailError) || !ERROR_CODES[error.code].temporary) throw error
      this.#failed(describeError(error))
    }
  }

  async #openTerm(): Promise<void> {
    const { complain } = this.#parts
    const voices = { complain, unwatched: (why: string, every: number) => this.#unwatched(why, every) }
    this.#term = await Term.open(this.#site, voices, this.#opened)
    this.#opened = true
    // What came while there was no queue to put it into.
    this.#beside?.look()
  }

  async #reopenTerm(): Promise<void> {
    try {
      await this.#openTerm()
    } catch (error) {
      this.#failed(describeError(error))
    }
  }

  /** What happens next. That somebody asks for something is kept until it is taken. */
  async #next(): Promise<'stop' | 'wish' | 'pause-over' | TermEnd> {
    const { wishes, signal } = this.#parts
    const waiting = new AbortController()
    const stopped = new Promise<'stop'>((resolve) => {
      if (signal.aborted) resolve('stop')
      signal.addEventListener('abort', () => resolve('stop'), { once: true, signal: waiting.signal })
    })
    const wish = wishes.come().then(() => 'wish' as const)
    let timer: NodeJS.Timeout | undefined
    const after = <T>(delay: number, then: () => T): Promise<T> =>
      new Promise((resolve) => (timer = setTimeout(() => resolve(then()), delay)))
    try {
      if (this.#term === undefined)
        return await Promise.race([stopped, wish, after(this.#pause, () => 'pause-over' as const)])
      const { over } = this.#term
      if (this.#trouble === undefined) return await Promise.race([stopped, wish, over])
      const settled = after(SETTLED, () => this.#works()).then(() => over)
      return await Promise.race([stopped, wish, over, settled])
    } finally {
      clearTimeout(timer)
      waiting.abort()
    }
  }

  #works(): void {
    if (this.#trouble === undefined) return
    this.#trouble = undefined
    this.#site.context.log.info('queue.usable', { queue: this.#site.store.name })
    this.#parts.complain('the queue can be used again')
  }

  #failed(reason: string): void {
    const isNews = this.#trouble !== reason
    this.#pause = this.#trouble === undefined ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, this.#pause * 2)
    this.#trouble = reason
    if (!isNews) return
    this.#site.context.log.error('queue.unusable', { queue: this.#site.store.name, reason })
    this.#parts.complain(`the queue cannot be used: ${reason}; it is tried again`)
  }

  #unwatched(reason: string, every: number): void {
    if (this.#untold === reason) return
    this.#untold = reason
    this.#site.context.log.warn('queue.unwatched', { queue: this.#site.store.name, reason })
    this.#parts.complain(`the queue cannot be watched: ${reason}; it is looked at every ${every / 1000} s`)
  }

  /** What is in flight comes to its end, while the next term begins. */
  #retire(): void {
    const term = this.#term
    this.#term = undefined
    if (term === undefined) return
    this.#retiring.add(term)
    const end = term.retire().then(() => {
      this.#retiring.delete(term)
      this.#ends.delete(end)
    })
    this.#ends.add(end)
  }

  async #termEnded(end: TermEnd): Promise<void> {
    this.#retire()
    if (end.kind === 'failed') this.#failed(end.reason)
    else await this.#reopenTerm()
  }

  async #reload(): Promise<void> {
    const { complain } = this.#parts
    let site: DaemonSite
    try {
      site = await this.#parts.reopen()
    } catch (error) {
      const reason = describeError(error)
      this.#site.context.log.error('config.refused', { reason })
      complain(`the new configuration is not used, the old one stays: ${reason}`)
      return
    }
    if (site.store.name !== this.#site.store.name) this.#opened = false
    this.#retire()
    this.#site = site
    const before = this.#beside
    this.#beside = undefined
    await Promise.all([before?.stop(), this.#reopenTerm()])
    try {
      this.#beside = await startBeside(site, this.#state(), complain)
    } catch (error) {
      complain(`mail goes on, but not everything could be started: ${describeError(error)}`)
      this.#beside = await startBeside({ ...site, companions: [] }, this.#state(), complain)
    }
    site.context.log.info('daemon.reloaded', { queue: site.store.name })
  }

  #state(): DaemonState {
    const [term, site, trouble] = [() => this.#term, () => this.#site, () => this.#trouble]
    const retiring = this.#retiring
    return {
      startedAt: this.#startedAt,
      get queue() {
        return site().store
      },
      get isThere() {
        return term()?.isThere ?? trouble() === undefined
      },
      get lastPass() {
        return term()?.lastPass
      },
      get nextDue() {
        return term()?.nextDue
      },
      get busy() {
        return [term(), ...retiring].reduce((sum, each) => sum + (each?.busy ?? 0), 0)
      },
      get trouble() {
        return trouble()
      },
      get accounts() {
        return term()?.accounts ?? []
      },
    }
  }
}

/**
 * Runs a daemon until its signal asks it to end. Then nothing is claimed any more, what a server has got completely is
 * waited for, and all other claims are given back.
 *
 * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be used in the beginning and only a person can mend that
 */
export async function runDaemon(daemon: DaemonParts): Promise<void> {
  setMaxListeners(0, daemon.signal)
  await new Daemon(daemon).run()
}
