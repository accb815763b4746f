/**
 * A transport that knows when its account is not to be used: it answers for the account while the breaker is open,
 * and tells all processes when the account fails or works again. What it says without asking the server is a
 * failure of the account, so no message is to blame and none is counted.
 */
import type { MessageServer } from '../../config/config.ts'
import type { Logger } from '../../logging/logger.ts'
import type { RecipientOutcome, Refusal, Refused } from '../../message/outcome.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { Delivery, Transport } from '../../transport/transport.ts'
import type { Clock } from '../../util/clock.ts'
import {
  afterFailure,
  breakerKey,
  isPaused,
  readAccountState,
  whileProbing,
  writeAccountState,
  type AccountState,
  type BreakerTrouble,
} from './state.ts'

/**
 * Who asks. A `submission` does not wait for a server that is known to be down, nor does a `daemon`, which comes back
 * when it may be tried. A `run` has come to find out, but leaves a refused login and a used-up quota alone until their
 * time. `now` tries in any case.
 */
export type Insistence = 'submission' | 'daemon' | 'run' | 'now'

/** Who asks; a function where that changes while the process lives, as in a daemon that is told to try everything. */
export type Insisting = Insistence | (() => Insistence)

/** What a guard works with. */
export interface GuardContext {
  readonly queue: QueueStore
  readonly clock: Clock
  readonly log: Logger
  /** The account; left out for a transport that belongs to none. */
  readonly account?: string | undefined
  /** The server that the messages name themselves. */
  readonly server?: MessageServer | undefined
  /** When the configuration was changed last, milliseconds since the epoch; undefined where nobody knows. */
  readonly changedAt?: (() => number | undefined) | undefined
  /** The number of the pass over the queue, where there are several: a new one is not stopped by an older failure. */
  readonly pass?: (() => number) | undefined
}

/**
 * Whether an account may be used. With `probe` it may be tried by this process alone: until that time, in
 * milliseconds since the epoch, a note makes all others wait for what it finds out.
 */
type Answer = { readonly refusal: Refusal } | { readonly refusal: undefined; readonly probe?: number }

function refusalOf(state: AccountState): Refusal {
  const time = new Date(state.until).toISOString().replace(/\.\d+Z$/, 'Z')
  const reason = `not tried until ${time}, because it failed before: ${state.reason}`
  return { status: 'deferred', scope: 'account', trouble: state.trouble, reason, retryAt: state.until }
}

/** The trouble that opens the breaker; undefined for a limit of this site and for what a single message lacks. */
function breaks({ scope, trouble }: Refusal): BreakerTrouble | undefined {
  const isOwn = trouble === 'limit' || trouble === 'uncounted' || scope === 'message'
  return isOwn ? undefined : trouble
}

function troubleIn(outcomes: readonly RecipientOutcome[]): Refused | undefined {
  return outcomes.find(
    (outcome): outcome is Refused => outcome.status === 'deferred' && breaks(outcome) !== undefined,
  )
}

/**
 * False where the server may have ended the session because of this one message, which proves nothing about the
 * account.
 */
const isCertain = ({ trouble, underWay }: Refusal): boolean => trouble !== 'connection' || underWay !== true

class AccountGuard implements Transport {
  readonly name: string
  readonly #transport: Transport
  readonly #key: string
  readonly #context: GuardContext
  readonly #insisting: Insisting
  #state: AccountState | undefined
  /** There is a note about the account, as far as this process knows: it has to be removed once the account works. */
  #noted = false
  #asked = false
  /** The last look said that the account is not to be used yet. */
  #refused = false
  /** The pass in which this process has seen the account fail: in the same pass there is no reason to try it again. */
  #failedIn: number | undefined
  /**
   * Until when this process's own note keeps other processes from trying the account, in milliseconds since the
   * epoch; set as long as no message has been sent under that note, because one message may be.
   */
  #probe: number | undefined
  #asking: Promise<unknown> = Promise.resolve()

  constructor(transport: Transport, insisting: Insisting, context: GuardContext) {
    this.name = transport.name
    this.#transport = transport
    this.#key = breakerKey(context.account, transport.name, context.server)
    this.#insisting = insisting
    this.#context = context
  }

  /** Others may find out that the server is down at any time, and that it works again. */
  get #looksEachTime(): boolean {
    const insistence = this.#insistence
    return insistence === 'submission' || insistence === 'daemon'
  }

  get #insistence(): Insistence {
    return typeof this.#insisting === 'function' ? this.#insisting() : this.#insisting
  }

  get #failedHere(): boolean {
    return this.#failedIn === this.#pass
  }

  get #pass(): number {
    return this.#context.pass?.() ?? 0
  }

  async ready(signal?: AbortSignal): Promise<Refusal | undefined> {
    const { refusal } = await this.#ask('session')
    if (refusal !== undefined) return refusal
    if (this.#transport.ready === undefined) return undefined
    const refused = await this.#transport.ready(signal)
    const trouble = refused && breaks(refused)
    if (refused !== undefined && trouble !== undefined) await this.#failed(refused, trouble)
    // A session is no proof against a quota.
    else if (refused === undefined && this.#state?.trouble !== 'quota') await this.#works()
    return refused
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    // A run has looked once, in `ready`. It looks again where the account was refused: another account may stand in
    // for it.
    const asks = !this.#asked || this.#refused || this.#failedHere
    const answer = asks || this.#looksEachTime ? await this.#ask('message') : { refusal: undefined }
    const { refusal } = answer
    if (refusal !== undefined) {
      return delivery.envelope.recipients.map((recipient) => ({ ...refusal, recipient }))
    }
    const outcomes = await this.#transport.send(delivery, signal)
    const refused = troubleIn(outcomes)
    const trouble = refused && breaks(refused)
    if (refused !== undefined && trouble !== undefined) await this.#failed(refused, trouble)
    else if (outcomes.some(({ status }) => status === 'delivered')) await this.#works()
    // The message has shown neither that the account works nor that it fails, so the next one may try it.
    else this.#probe ??= answer.probe
    return outcomes
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  /** One question after the other: each sees what the one before it has noted. */
  async #ask(by: 'session' | 'message'): Promise<Answer> {
    const answer = this.#asking.then(() => this.#look(by))
    this.#asking = answer.catch(() => undefined)
    return answer
  }

  async #look(by: 'session' | 'message'): Promise<Answer> {
    const { queue, clock, changedAt } = this.#context
    this.#asked = true
    const state = await readAccountState(queue, this.#key)
    this.#noted = state !== undefined
    // What is known about an account that was corrected since is worth nothing.
    const outdated = state !== undefined && (changedAt?.() ?? 0) > state.failedAt
    const known = outdated ? undefined : state
    this.#state = known
    // This process's own note is for the other processes; it must not stop the message for which it was made.
    const isOwn = known !== undefined && known.until === this.#probe
    this.#refused = known !== undefined && !isOwn && this.#isLeftAlone(known)
    if (known === undefined) return { refusal: undefined }
    if (this.#refused) return { refusal: refusalOf(known) }
    const probing = whileProbing(known, clock.now())
    this.#probe = by === 'session' ? probing.until : undefined
    await writeAccountState(queue, this.#key, probing)
    return { refusal: undefined, probe: probing.until }
  }

  #isLeftAlone(state: AccountState): boolean {
    if (!isPaused(state, this.#context.clock.now())) return false
    if (this.#failedHere) return true
    if (this.#insistence === 'now') return false
    return this.#looksEachTime || state.trouble === 'login' || state.trouble === 'quota'
  }

  #names(): { readonly transport: string; readonly account?: string } {
    const { account } = this.#context
    return { transport: this.name, ...(account === undefined ? {} : { account }) }
  }

  async #failed(refused: Refusal, trouble: AccountState['trouble']): Promise<void> {
    const { queue, clock, log } = this.#context
    if (!isCertain(refused)) return
    const { reason } = refused
    this.#state = afterFailure(this.#state, { trouble, reason }, clock.now())
    const { failures, until } = this.#state
    const facts = { ...this.#names(), trouble, reason, failures, until }
    if (trouble === 'connection') log.warn('account.failed', facts)
    else log.error('account.failed', facts)
    this.#noted = true
    this.#failedIn = this.#pass
    this.#probe = undefined
    await writeAccountState(queue, this.#key, this.#state)
  }

  async #works(): Promise<void> {
    if (!this.#noted) return
    this.#state = undefined
    this.#noted = false
    this.#failedIn = undefined
    this.#probe = undefined
    this.#context.log.info('account.works', this.#names())
    await writeAccountState(this.#context.queue, this.#key, undefined)
  }
}

/** Puts the breaker of the account in front of a transport. */
export function guardAccount(transport: Transport, insisting: Insisting, context: GuardContext): Transport {
  return new AccountGuard(transport, insisting, context)
}
