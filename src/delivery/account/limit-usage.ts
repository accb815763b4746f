/**
 * How much of its limits an account has used: made of the lines of its ledger, a pure function of them and the time.
 *
 *     r ID TIME MESSAGES RECIPIENTS   reserved, directly before they are sent
 *     d ID TIME                       that was sent, and it was over at that time
 *     c ID                            that was not sent: given back
 *     u TIME MESSAGES RECIPIENTS      sent by that time; several of the above in short
 *
 * The server counts a message at some moment between the reservation and the end of the transaction. So it counts here
 * from the reservation until a whole window has gone by since the end. In doubt more counts and not less: a
 * reservation of which no end is known, a line that cannot be read, a time to come.
 */
import type { LedgerLine } from '../../queue/store.ts'

/** What is limited, in which time. */
export interface Window {
  /** The key of the configuration. */
  readonly key: string
  /** For people, such as `messages a minute`. */
  readonly words: string
  /** Milliseconds. */
  readonly length: number
  readonly most: number
  readonly counts: keyof Amount
}

/** How much is sent. */
export interface Amount {
  readonly messages: number
  readonly recipients: number
}

interface Timed extends Amount {
  /** Milliseconds since the epoch. */
  readonly time: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The longest that a transaction can take, in milliseconds: a reservation whose end nobody has noted was counted by
 * the server within this time, or not at all.
 */
export const LONGEST_ATTEMPT = 15 * MINUTE
/** By how much the clocks of several hosts may differ, in milliseconds. */
const SKEW = MINUTE
/**
 * How exactly the time of a sent message is kept, in milliseconds, by its age: it is rounded up to a whole grain.
 * Each age lies one grain beyond a window (of a minute, of an hour), so nothing is rounded back into a window that it
 * has left.
 */
const GRAINS = [
  { age: HOUR + MINUTE, grain: MINUTE },
  { age: MINUTE + 10 * SECOND, grain: 10 * SECOND },
  { age: 0, grain: SECOND },
] as const

const LINE = /^(?:([rdc]) ([0-9a-z]{8,32})|(u))(?: (\d{1,15}))?(?: (\d{1,9}) (\d{1,9}))?$/
const DAMAGED: Amount = { messages: 1, recipients: 1 }

/** The time, made later to the next full grain. */
function grained(time: number, now: number): number {
  const { grain } = GRAINS.find(({ age }) => now - time >= age) ?? { grain: SECOND }
  return Math.ceil(time / grain) * grain
}

/** What is used of the limits of one account. */
export class LimitUsage {
  readonly #open = new Map<string, Timed>()
  /** What was sent, by the time at which the server had counted it at the latest. */
  readonly #used = new Map<number, Amount>()
  #damaged = 0
  #ahead = false

  /** True when a line is dated in the future. It counts as of now, and should be written anew with the time of now. */
  get ahead(): boolean {
    return this.#ahead
  }

  /** Adds what lines of the ledger say, in their order. */
  add(lines: readonly LedgerLine[], now: number): void {
    for (const line of lines) this.#addLine(line, now)
    this.#date(now, now)
  }

  #addLine(line: LedgerLine, now: number): void {
    const [, event, id = '', used, time, messages, recipients] = LINE.exec(line ?? '') ?? []
    const at = this.#past(Number(time ?? NaN), now)
    const amount = { messages: Number(messages), recipients: Number(recipients) }
    const isWhole = messages !== undefined && !Number.isNaN(at)
    if (event === 'c') this.#open.delete(id)
    else if (event === 'd' && !Number.isNaN(at)) this.#end(id, at, now)
    else if (event === 'r' && isWhole) this.#open.set(id, { ...amount, time: at })
    else if (used !== undefined && isWhole) this.#use(at, amount, now)
    else this.#damaged += 1
    if (!Number.isNaN(at)) this.#date(at, now)
  }

  /** The time, or now for one in the future, which was written by a clock that went wrong. */
  #past(time: number, now: number): number {
    if (time > now + SKEW) this.#ahead = true
    return time > now ? now : time
  }

  #end(id: string, time: number, now: number): void {
    const reserved = this.#open.get(id)
    this.#open.delete(id)
    if (reserved !== undefined) this.#use(Math.max(time, reserved.time), reserved, now)
  }

  #use(time: number, { messages, recipients }: Amount, now: number): void {
    if (now - time >= DAY + MINUTE) return
    const at = grained(time, now)
    const before = this.#used.get(at) ?? { messages: 0, recipients: 0 }
    this.#used.set(at, {
      messages: before.messages + messages,
      recipients: before.recipients + recipients,
    })
  }

  /** A line that cannot be read may have been a message, sent before the line behind it was written. */
  #date(time: number, now: number): void {
    for (; this.#damaged > 0; this.#damaged -= 1) this.#use(time, DAMAGED, now)
  }

  /** What still counts in a window, each with the time from which on it does not, in milliseconds since the epoch. */
  *#counted(
    { length, counts }: Window,
    now: number,
  ): Generator<{ readonly until: number; readonly amount: number }> {
    for (const [time, amount] of this.#used) {
      if (time + length > now) yield { until: time + length, amount: amount[counts] }
    }
    for (const { time, ...amount } of this.#open.values()) {
      if (time + length + LONGEST_ATTEMPT > now) {
        // Its end is not known. Mostly it will be by `until`, so that this is the best guess of when it stops counting.
        yield { until: Math.max(time + length, now + SECOND), amount: amount[counts] }
      }
    }
  }

  /** How much of a limit is used. */
  usedOf(window: Window, now: number): number {
    let sum = 0
    for (const { amount } of this.#counted(window, now)) sum += amount
    return sum
  }

  /**
   * When so much more fits into a limit.
   *
   * @returns milliseconds since the epoch: `now` when it fits, and what is likely otherwise
   */
  fitsAt(window: Window, wanted: Amount, now: number): number {
    let over = this.usedOf(window, now) + wanted[window.counts] - window.most
    if (over <= 0) return now
    const counted = [...this.#counted(window, now)].sort((left, right) => left.until - right.until)
    for (const { until, amount } of counted) {
      over -= amount
      if (over <= 0) return until
    }
    return now + window.length
  }

  /** The same usage in as few lines as possible, for a ledger that is written anew. */
  condensed(now: number): string[] {
    const used = new LimitUsage()
    for (const [time, amount] of this.#used) used.#use(time, amount, now)
    const open = [...this.#open].filter(([, { time }]) => time + DAY + LONGEST_ATTEMPT > now)
    return [
      ...[...used.#used]
        .sort(([left], [right]) => left - right)
        .map(([time, { messages, recipients }]) => `u ${time} ${messages} ${recipients}`),
      ...open.map(([id, { time, messages, recipients }]) => `r ${id} ${time} ${messages} ${recipients}`),
    ]
  }
}
