/**
 * A transport that sends no more than its account allows, all processes that share the queue together. A slot is
 * reserved durably in a ledger of the queue directly before MAIL FROM, and given back when the server was not
 * reached. When there is none, nobody is asked: the recipients are deferred, and neither the message nor the account
 * is to blame.
 *
 * A ledger that cannot be read or written sends nothing, and stops only its own account, until a person mends it. A
 * process that dies keeps its slot; a clock that is put forward makes the limits forget, one that is put back makes them
 * wait. See docs/limits.md.
 */
import type { AccountLimits, SmtpSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import type { Logger } from '../../logging/logger.ts'
import type { RecipientOutcome, Refusal } from '../../message/outcome.ts'
import type { Ledger, LedgerLine, LedgerPart, QueueStore } from '../../queue/store.ts'
import type { Delivery, Transport } from '../../transport/transport.ts'
import type { Clock } from '../../util/clock.ts'
import { randomOctets } from '../../util/random.ts'
import { LimitUsage, type Amount, type Window } from './limit-usage.ts'

/** The limits of one account. */
export interface RateLimits {
  readonly windows: readonly Window[]
  readonly onLimit: AccountLimits['onLimit']
  /** Recipients in one transaction: a message to more counts several times. */
  readonly maxRecipients: number
}

/** What a limited transport works with. */
export interface LimitContext {
  /** The account as the configuration names it. */
  readonly account: string
  /** The queue that all processes share; opened for the first message. */
  readonly queue: () => Promise<QueueStore>
  readonly clock: Clock
  readonly log: Logger
}

/** A place among what may be sent. */
interface Slot {
  readonly id: string
  /** How many recipients of the message it is for. */
  readonly recipients: number
}

const LIMITED = { status: 'deferred', scope: 'account', trouble: 'limit' } as const
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The limits that are set, as windows. */
export function limitWindows({ perMinute, perHour, perDay, recipientsPerDay }: AccountLimits): Window[] {
  const rows = [
    ['limit_per_minute', 'messages a minute', MINUTE, perMinute, 'messages'],
    ['limit_per_hour', 'messages an hour', HOUR, perHour, 'messages'],
    ['limit_per_day', 'messages a day', DAY, perDay, 'messages'],
    ['limit_recipients_per_day', 'recipients a day', DAY, recipientsPerDay, 'recipients'],
  ] as const
  return rows.flatMap(([key, words, length, most, counts]) =>
    most === undefined ? [] : [{ key, words, length, most, counts }],
  )
}

const ledgerName = (account: string): string => `limit.${account}`

/** One limit and how much of it is used. */
export interface LimitUsed {
  readonly window: Window
  readonly used: number
  /** When one more message fits, milliseconds since the epoch: `now` when it does. */
  readonly roomAt: number
}

/**
 * How much is used of the limits of an account, for whoever only looks.
 *
 * @returns the limits, or why they cannot be counted
 */
export async function limitsUsed(
  queue: QueueStore,
  account: string,
  windows: readonly Window[],
  now: number,
): Promise<readonly LimitUsed[] | { readonly reason: string }> {
  const usage = new LimitUsage()
  try {
    usage.add(await queue.readLedger(ledgerName(account)), now)
  } catch (error) {
    return { reason: uncounted(account, error) }
  }
  return windows.map((window) => ({
    window,
    used: usage.usedOf(window, now),
    roomAt: usage.fitsAt(window, { messages: 1, recipients: 1 }, now),
  }))
}

/** What, why, what to do. */
function uncounted(account: string, error: unknown): string {
  const files = `the files ledger.${encodeURIComponent(ledgerName(account))}.* there`
  const remedy = `mail over it waits until that is mended; to count anew, remove ${files}`
  return `the limits of the account ${account} cannot be counted: ${describeError(error)}; ${remedy}`
}

/** True when the server has certainly not heard of the message. */
function wasNotReached(outcome: RecipientOutcome): boolean {
  if (outcome.status !== 'deferred' || outcome.scope !== 'account' || outcome.underWay === true) return false
  return outcome.trouble === 'connection' || outcome.trouble === 'login'
}

class RateLimit implements Transport {
  readonly name: string
  readonly #transport: Transport
  readonly #limits: RateLimits
  readonly #context: LimitContext
  #opened: Promise<Ledger> | undefined
  #usage = new LimitUsage()
  #told = false

  constructor(transport: Transport, limits: RateLimits, context: LimitContext) {
    this.name = transport.name
    this.#transport = transport
    this.#limits = limits
    this.#context = context
  }

  async ready(signal?: AbortSignal): Promise<Refusal | undefined> {
    // Looked at before connecting: a server that is not to be used is left alone.
    const full = await this.#counting(async () => {
      await this.#readOn()
      const portion = this.#portion(1)
      return typeof portion === 'number' ? undefined : portion
    })
    return full ?? this.#transport.ready?.(signal)
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { envelope } = delivery
    // Connected first, so that nothing but the transaction lies between the reservation and its end.
    const refused = await this.ready(signal)
    const slot = refused ?? (await this.#counting(() => this.#reserve(envelope.recipients.length)))
    if (!('id' in slot)) return envelope.recipients.map((recipient) => ({ ...slot, recipient }))
    const recipients = envelope.recipients.slice(0, slot.recipients)
    const outcomes = await this.#transport.send(
      { ...delivery, envelope: { ...envelope, recipients } },
      signal,
    )
    await this.#end(slot, outcomes)
    const rest = envelope.recipients.slice(slot.recipients)
    return rest.length === 0 ? outcomes : [...outcomes, ...this.#defer(rest)]
  }

  async close(): Promise<void> {
    await this.#transport.close()
    const ledger = await this.#opened?.catch(() => undefined)
    try {
      ledger?.close()
    } catch {
      // Whatever is wrong with the ledger was said when it was used.
    }
  }

  #ledger(): Promise<Ledger> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async #open(): Promise<Ledger> {
    const { account, queue, clock } = this.#context
    const condense = (lines: readonly LedgerLine[]): readonly string[] => {
      const usage = new LimitUsage()
      const now = clock.now()
      usage.add(lines, now)
      return usage.condensed(now)
    }
    return (await queue()).openLedger(ledgerName(account), condense)
  }

  /** What cannot be counted is not sent. */
  async #counting<T>(action: () => Promise<T>): Promise<T | Refusal> {
    try {
      return await action()
    } catch (error) {
      const { account, log } = this.#context
      const reason = uncounted(account, error)
      log.error('limit.unknown', { account, reason })
      // It opens no breaker: one bad moment of the disk must not keep the account from being used.
      return { status: 'deferred', scope: 'account', trouble: 'uncounted', reason }
    }
  }

  /** Reads on in the ledger. Resolves to whether the reservation of that id fits behind what was before it. */
  #take(part: LedgerPart, id?: string): boolean {
    const now = this.#context.clock.now()
    if (part.fresh) this.#usage = new LimitUsage()
    const own = id === undefined ? -1 : part.lines.findIndex((line) => line?.startsWith(`r ${id} `) === true)
    this.#usage.add(part.lines.slice(0, own === -1 ? undefined : own), now)
    if (own === -1) return false
    const [, , , messages, recipients] = part.lines[own]?.split(' ') ?? []
    const wanted = { messages: Number(messages), recipients: Number(recipients) }
    const fits = this.#limits.windows.every((window) => this.#usage.fitsAt(window, wanted, now) <= now)
    this.#usage.add(part.lines.slice(own), now)
    return fits
  }

  #amount(recipients: number): Amount {
    return { messages: Math.ceil(recipients / this.#limits.maxRecipients), recipients }
  }

  /**
   * To how many of the recipients the message may go now: to all, but for a message to more than the limits allow at
   * any time, which goes out in parts.
   */
  #portion(recipients: number): number | Refusal {
    const now = this.#context.clock.now()
    const { windows, maxRecipients } = this.#limits
    const whole = this.#amount(recipients)
    if (windows.every(({ counts, most }) => whole[counts] <= most)) return this.#fitting(whole, now)
    const free = windows.map((window) => {
      const left = window.most - this.#usage.usedOf(window, now)
      return window.counts === 'messages' ? left * maxRecipients : left
    })
    const portion = Math.min(recipients, ...free)
    return portion > 0 ? portion : this.#fitting(this.#amount(1), now)
  }

  #fitting(wanted: Amount, now: number): number | Refusal {
    const waits = this.#limits.windows.map((window) => ({
      window,
      until: this.#usage.fitsAt(window, wanted, now),
    }))
    const longest = waits.reduce((one, other) => (other.until > one.until ? other : one))
    return longest.until <= now ? wanted.recipients : this.#refusal(longest.window, longest.until)
  }

  #refusal({ key, words, most }: Window, until: number): Refusal {
    const { account, log } = this.#context
    const time = new Date(Math.ceil(until / 1000) * 1000).toISOString().replace('.000', '')
    const reason = `the account ${account} may send ${most} ${words} (${key}); there is room again at ${time}`
    // Said once: a run comes here again for each of its connections.
    if (!this.#told) log.warn('limit.reached', { account, limit: key, most, until })
    this.#told = true
    const { onLimit } = this.#limits
    return {
      ...LIMITED,
      reason,
      retryAt: until,
      ...(onLimit === 'defer' ? {} : { onLimit }),
    }
  }

  /** Defers the recipients of a message in parts whose turn comes later. */
  #defer(recipients: readonly string[]): RecipientOutcome[] {
    const portion = this.#fitting(this.#amount(1), this.#context.clock.now())
    const refusal =
      typeof portion === 'number'
        ? {
            ...LIMITED,
            reason: 'the message is to more recipients than the limits allow, and goes out in parts',
          }
        : portion
    return recipients.map((recipient) => ({ ...refusal, recipient }))
  }

  /** Learns what other processes have sent. */
  async #readOn(): Promise<Ledger> {
    const ledger = await this.#ledger()
    this.#take(ledger.exchange())
    // Lines dated in the future are written anew with the time of now: else each process would take them for new, for
    // ever.
    if (this.#usage.ahead) this.#take(ledger.renew())
    return ledger
  }

  async #reserve(recipients: number): Promise<Slot | Refusal> {
    const ledger = await this.#readOn()
    const portion = this.#portion(recipients)
    if (typeof portion !== 'number') return portion
    const id = randomOctets(8).toString('hex')
    const { messages } = this.#amount(portion)
    const line = `r ${id} ${this.#context.clock.now()} ${messages} ${portion}`
    if (this.#take(ledger.exchange(line), id)) {
      await ledger.sync()
      this.#told = false
      return { id, recipients: portion }
    }
    // Another process took the last slot at this moment.
    this.#take(ledger.exchange(`c ${id}`))
    return this.#refuseAfterRace(recipients)
  }

  #refuseAfterRace(recipients: number): Refusal {
    const portion = this.#portion(recipients)
    if (typeof portion !== 'number') return portion
    // The other one has given its slot back since: the next attempt finds room.
    return { ...LIMITED, reason: 'another process reserved the last message of the limit at the same moment' }
  }

  /**
   * Notes in the ledger when a reserved transaction was over, or that the server was never reached. Where it cannot
   * be noted, the reservation counts for longer.
   */
  async #end({ id }: Slot, outcomes: readonly RecipientOutcome[]): Promise<void> {
    const line = outcomes.every(wasNotReached) ? `c ${id}` : `d ${id} ${this.#context.clock.now()}`
    await this.#counting(async () => {
      this.#take((await this.#ledger()).exchange(line))
      return undefined
    })
  }
}

/** Puts limits in front of a transport. */
export function limitAccount(transport: Transport, limits: RateLimits, context: LimitContext): Transport {
  return new RateLimit(transport, limits, context)
}

/** Puts the limits that an account has in front of its transport; without any it stays as it is. */
export function withinLimits(
  transport: Transport,
  { limits, maxRecipients }: Pick<SmtpSettings, 'limits' | 'maxRecipients'>,
  context: LimitContext,
): Transport {
  if (limits === undefined) return transport
  const { onLimit } = limits
  return limitAccount(transport, { windows: limitWindows(limits), onLimit, maxRecipients }, context)
}
