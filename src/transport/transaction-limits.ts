/**
 * What ends a transaction from outside: the signal of whoever asked for it, and the time. Made once for a connection and
 * used by all its transactions, one after the other. A listener of its own for each message would cost more than that: the
 * runtime chains listeners, and what a removed one knows of its message stays in memory as long as its neighbours.
 */
import { elapsed } from '../util/clock.ts'

/** Something to do when the time is over. */
type Late = () => void

/** The limits of one transaction after the other. */
export class TransactionLimits {
  #signal: AbortSignal | undefined
  #interrupt: (() => void) | undefined
  #closed = false
  /**
   * One timer for all limits, which looks when it wakes whether there is more time by now. During a transaction it keeps the
   * process alive, which has to end with an outcome also when the socket is gone.
   */
  #timer: NodeJS.Timeout | undefined
  #wakes = Infinity
  #due = Infinity
  #span = 0
  #late: Late | undefined
  readonly #aborted = (): void => this.#interrupt?.()

  /**
   * A transaction begins.
   *
   * @param interrupt called when the signal is aborted from now on
   */
  begin(signal: AbortSignal | undefined, interrupt: () => void): void {
    this.#interrupt = interrupt
    this.#timer?.ref()
    if (signal !== this.#signal) this.#listenTo(signal)
  }

  /** Sets the time, in milliseconds from now, instead of the one that was set before. */
  within(span: number, late: Late): void {
    this.#span = span
    this.#late = late
    this.again()
  }

  /** The time begins anew. */
  again(): void {
    this.#due = elapsed() + this.#span
    if (this.#due < this.#wakes) this.#sleep(this.#span)
  }

  /** The transaction is over. */
  end(): void {
    this.#interrupt = undefined
    this.#late = undefined
    this.#timer?.unref()
    if (this.#closed) this.#forget()
  }

  /** There will be no other transaction. */
  close(): void {
    this.#closed = true
    if (this.#interrupt === undefined) this.#forget()
  }

  #listenTo(signal: AbortSignal | undefined): void {
    this.#signal?.removeEventListener('abort', this.#aborted)
    signal?.addEventListener('abort', this.#aborted)
    this.#signal = signal
  }

  #forget(): void {
    this.#listenTo(undefined)
    clearTimeout(this.#timer)
    this.#wakes = Infinity
  }

  #sleep(span: number): void {
    clearTimeout(this.#timer)
    this.#wakes = elapsed() + span
    this.#timer = setTimeout(() => this.#wake(), span)
  }

  #wake(): void {
    this.#wakes = Infinity
    const late = this.#late
    if (late === undefined) return
    const left = this.#due - elapsed()
    if (left > 0) this.#sleep(left)
    else late()
  }
}
