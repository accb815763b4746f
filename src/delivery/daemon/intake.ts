/**
 * Directories beside the queue where others leave mail for it. Each is taken over at the start, when something changes in
 * it, and now and then, because no system tells of every change. A failure is said once, and ends nothing.
 */
import { statSync } from 'node:fs'
import { describeError } from '../../errors/errno.ts'
import type { Complain } from '../../logging/complain.ts'
import type { Logger } from '../../logging/logger.ts'
import { watchDirectory, type DirectoryWatch } from '../../util/watch-directory.ts'

/** A directory to be watched. */
export interface WatchedIntake {
  /** Absolute path of the directory. */
  readonly path: string
  /** Takes over what is there. Never called twice at the same time; stops early when the signal says so. */
  takeOver(signal: AbortSignal): Promise<void>
}

/** How intakes are watched. */
export interface IntakeWatching {
  /** Whether there is a queue to put anything into. Where there is none, all stays where it is. */
  readonly mayTake: () => boolean
  /** Milliseconds between two looks that nobody asked for. */
  readonly rescan: number
  readonly log: Logger
  readonly complain: Complain
}

/** Which directory a path is, as far as can be told. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path)
    return `${dev} ${ino}`
  } catch {
    // Whoever takes over meets the same, and says it.
    return undefined
  }
}

class Intake {
  readonly #intake: WatchedIntake
  readonly #watching: IntakeWatching
  readonly #stopper = new AbortController()
  readonly #timer: NodeJS.Timeout
  #watch: DirectoryWatch | undefined
  #identity: string | undefined
  #work: Promise<void> | undefined
  #wanted = false
  #trouble: string | undefined

  constructor(intake: WatchedIntake, watching: IntakeWatching) {
    this.#intake = intake
    this.#watching = watching
    this.#timer = setInterval(() => this.look(), watching.rescan)
    this.look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#watch?.close()
    this.#stopper.abort()
    await this.#work
  }

  look(): void {
    const identity = identityOf(this.#intake.path)
    if (identity !== this.#identity) {
      this.#watch?.close()
      this.#identity = identity
      // Without anybody who tells, the next look finds it.
      const forget = (): void => {
        this.#identity = undefined
      }
      const listener = { changed: () => this.#takeOver(), deaf: forget }
      this.#watch = identity === undefined ? undefined : watchDirectory(this.#intake.path, listener)
    }
    this.#takeOver()
  }

  #takeOver(): void {
    this.#wanted = true
    this.#work ??= this.#takeAll().finally(() => {
      this.#work = undefined
    })
  }

  async #takeAll(): Promise<void> {
    while (this.#isWanted()) {
      this.#wanted = false
      if (!this.#watching.mayTake()) return
      try {
        await this.#intake.takeOver(this.#stopper.signal)
        this.#trouble = undefined
      } catch (error) {
        this.#tell(describeError(error))
      }
    }
  }

  #isWanted(): boolean {
    return this.#wanted && !this.#stopper.signal.aborted
  }

  #tell(reason: string): void {
    if (reason === this.#trouble) return
    this.#trouble = reason
    const { log, complain } = this.#watching
    log.error('intake.failed', { path: this.#intake.path, reason })
    complain(`mail in ${this.#intake.path} cannot be taken over: ${reason}; it is tried again`)
  }
}

/** Directories that are watched. */
export interface IntakeWatch {
  /** Takes over what is there now. */
  look(): void
  /** Waits for what is under way. */
  stop(): Promise<void>
}

/** Watches directories from now on. */
export function watchIntakes(intakes: readonly WatchedIntake[], watching: IntakeWatching): IntakeWatch {
  const all = intakes.map((intake) => new Intake(intake, watching))
  return {
    look: () => {
      for (const intake of all) intake.look()
    },
    stop: async () => {
      await Promise.all(all.map((intake) => intake.stop()))
    },
  }
}
