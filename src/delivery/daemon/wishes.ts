/**
 * What a running daemon is asked for by whoever may: kept until the daemon comes to it, each kind once.
 */

/** What can be asked for. */
export type Wish =
  /** Read the configuration anew, and reopen the logs. */
  | 'reload'
  /** Try everything that waits, now. */
  | 'run-now'

/** The wishes that are open. */
export class DaemonWishes {
  readonly #open = new Set<Wish>()
  #wake: (() => void) | undefined

  /** Asks for something. */
  ask(wish: Wish): void {
    this.#open.add(wish)
    this.#wake?.()
  }

  /** Takes the next wish; undefined when there is none. */
  take(): Wish | undefined {
    const [wish] = this.#open
    if (wish !== undefined) this.#open.delete(wish)
    return wish
  }

  /** Resolves when there is a wish. Only one may wait at a time. */
  async come(): Promise<void> {
    if (this.#open.size === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
  }
}
