/**
 * Hands due messages to their ways as they come, so many at a time as each way has connections: one that takes long
 * holds up no other as long as there is a free connection. Before the first message of a while, one connection tells
 * whether the account can be used. An account that cannot be used is left alone until its time; a message that came back
 * as it was rests for a while. A queue that fails is told, and nothing more is begun.
 */
import { describeError } from '../../errors/errno.ts'
import type { AccountTrouble, RecipientOutcome } from '../../message/outcome.ts'
import type { QueueEntry } from '../../queue/store.ts'
import { SENDING_SUSPENDED, siteLacks, type AttemptResult, type Stop } from '../attempt.ts'
import { newGroup, roomIn, type Group, type GroupState, type Pause } from './group.ts'
import { deliverEntry, isBadSpot, laneOf, type Desk } from '../deliver-entry.ts'
import { stopLane, type Lane } from '../lane.ts'
import { readSuspended } from '../suspension.ts'

/** How long an account, a message or a suspended queue is left alone where nobody knows better, in milliseconds. */
const ACCOUNT_PAUSE = 15_000
const MESSAGE_REST = 60_000
const SUSPENDED_PAUSE = 5_000
/** Messages that rest; where there are more, it is something about their account. */
const MOST_RESTING = 20_000

/** Who is told of what happens. */
export interface DispatcherEvents {
  /** Nothing more is begun: the queue or the lease failed. Once. */
  failed(reason: string): void
  /** Something can happen at another time than before, or everything that was begun is done. */
  changed(): void
  /** A group has nothing more in memory, and there is more in the queue. */
  hungry(): void
  /** A message came back as it was and is to be offered again then, milliseconds since the epoch. */
  rests(entry: QueueEntry, until: number): void
  /** An account cannot be used, or can again. */
  paused(group: Group, reason: string): void
  resumed(group: Group): void
}

const SUSPENDED = { reason: SENDING_SUSPENDED.reason, trouble: undefined, routine: true } as const

const CROWDED = {
  reason: 'too many of its messages cannot be sent now',
  trouble: undefined,
  routine: false,
} as const

const troubleOf = (outcomes: readonly RecipientOutcome[]): AccountTrouble | undefined =>
  outcomes.map((outcome) => (outcome.status === 'deferred' ? outcome.trouble : undefined)).find(Boolean)

/**
 * Whether an attempt has shown that the account works: for one with a used-up quota, only a message that was taken
 * does.
 */
const hasProved = ({ pause }: Group, outcomes: readonly RecipientOutcome[]): boolean =>
  pause?.trouble !== 'quota' || outcomes.some(({ status }) => status === 'delivered')

const retryAt = (outcomes: readonly RecipientOutcome[]): number | undefined =>
  outcomes.map((outcome) => (outcome.status === 'deferred' ? outcome.retryAt : undefined)).find(Boolean)

/** The groups of a queue, and what is in flight. */
export class Dispatcher {
  readonly #desk: Desk
  readonly #events: DispatcherEvents
  readonly #groups = new Map<string, Group>()
  /** When messages that came back as they were may be tried again, by their ids. */
  readonly #resting = new Map<string, number>()
  /** When lanes of messages with servers of their own may be tried again. */
  readonly #stopped = new Map<Lane, number>()
  readonly #idle = new Set<() => void>()
  #halted = false
  #busy = 0
  #unreadable = 0

  constructor(desk: Desk, events: DispatcherEvents) {
    this.#desk = desk
    this.#events = events
  }

  /** Messages that rest. */
  get resting(): number {
    return this.#resting.size
  }

  /** Messages in flight, and accounts that are asked. */
  get busy(): number {
    return this.#busy
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  /** When something is to be done without anybody asking for it, milliseconds since the epoch. */
  get nextWake(): number | undefined {
    if (this.#halted) return undefined
    // A group that is being asked or probed reports by itself when that is over.
    const times = [...this.#groups.values()].flatMap(({ pause, waiting, state }) =>
      pause === undefined || waiting.size === 0 || state !== 'idle' ? [] : [pause.until],
    )
    return times.length === 0 ? undefined : Math.min(...times)
  }

  get #now(): number {
    return this.#desk.context.clock.now()
  }

  /**
   * Takes up a message that is due.
   *
   * @returns when to offer it again, milliseconds since the epoch, for one that rests
   */
  offer(entry: QueueEntry): number | undefined {
    const until = this.#resting.get(entry.id)
    if (until !== undefined && until > this.#now) return until
    this.#resting.delete(entry.id)
    const name = this.#desk.ways.groupOf(entry)
    const group = this.#groups.get(name) ?? newGroup(name)
    this.#groups.set(name, group)
    group.waiting.add(entry)
    return undefined
  }

  /** Begins what can be begun. */
  pump(): void {
    for (const group of this.#groups.values()) this.#pump(group)
  }

  /** Everything is going to be offered again. */
  startOver(): void {
    const now = this.#now
    for (const { waiting } of this.#groups.values()) waiting.startOver()
    for (const [id, until] of this.#resting) if (until <= now) this.#resting.delete(id)
  }

  /** Looks again at what is left alone, before its time: somebody else may know better. */
  lookAgain(): void {
    for (const group of this.#groups.values()) {
      if (group.pause !== undefined && group.waiting.size > 0)
        group.pause = { ...group.pause, until: this.#now }
    }
    this.pump()
  }

  /** Forgets that messages rest. */
  forgetRests(): void {
    this.#resting.clear()
    this.#stopped.clear()
    for (const lane of this.#desk.lanes.values()) lane.stopped = undefined
  }

  /** Begins nothing more. */
  halt(): void {
    this.#halted = true
  }

  /** Resolves when nothing is in flight; what is begun is only what was begun before. */
  async drained(): Promise<void> {
    if (this.#busy > 0) await new Promise<void>((resolve) => this.#idle.add(resolve))
  }

  #pump(group: Group): void {
    if (this.#halted || group.waiting.size === 0 || group.state === 'asking') return
    if (this.#desk.runner.lost) {
      this.#fail('the lease of this runner was lost')
      return
    }
    if (group.pause !== undefined && group.pause.until > this.#now) return
    if (group.state === 'idle') {
      this.#begin(this.#ask(group))
      return
    }
    for (let room = roomIn(group); room > 0; room -= 1) {
      const entry = group.waiting.shift()
      if (entry === undefined) break
      group.inFlight += 1
      this.#begin(this.#deliver(group, entry))
    }
    if (group.waiting.size === 0 && group.waiting.left !== undefined) this.#events.hungry()
  }

  /** Nothing that was begun is forgotten. */
  #begin(work: Promise<void>): void {
    this.#busy += 1
    const ended = (): void => {
      this.#busy -= 1
      this.pump()
      this.#events.changed()
      if (this.#busy > 0) return
      for (const resolve of this.#idle) resolve()
      this.#idle.clear()
    }
    work.catch((error: unknown) => this.#fail(describeError(error))).finally(ended)
  }

  #fail(reason: string): void {
    if (this.#halted) return
    this.#halted = true
    this.#events.failed(reason)
  }

  /** One connection tells whether an account can be used, before any of its messages is touched. */
  async #ask(group: Group): Promise<void> {
    group.state = 'asking'
    try {
      group.state = (await this.#mayBeUsed(group)) ? this.#stateAfter(group) : 'idle'
    } catch (error) {
      group.state = 'idle'
      throw error
    }
  }

  async #mayBeUsed(group: Group): Promise<boolean> {
    const { ways, store, signal } = this.#desk
    const way = await ways.wayOfGroup(group.name)
    if (way !== undefined) group.lane = laneOf(this.#desk, way)
    if ((await readSuspended(store)).all) {
      this.#pause(group, { ...SUSPENDED, until: this.#now + SUSPENDED_PAUSE })
      return false
    }
    const refused = await way?.transport.ready?.(signal)
    if (refused === undefined) return true
    const { scope, reason, trouble, retryAt: until = this.#now + ACCOUNT_PAUSE } = refused
    if (group.lane !== undefined) group.lane.fault ??= siteLacks(refused)
    if (scope === 'host') this.#failUnlessStopping(reason)
    else this.#pause(group, { reason, until, trouble, routine: trouble === 'limit' })
    return false
  }

  #stateAfter(group: Group): GroupState {
    const { pause, lane, inFlight } = group
    if (lane !== undefined) Object.assign(lane, { stopped: undefined, cutShort: 0 })
    if (pause === undefined || pause.routine || inFlight > 0) {
      this.#works(group)
      return 'open'
    }
    group.pause = { ...pause, until: this.#now }
    return 'probing'
  }

  #failUnlessStopping(reason: string): void {
    if (this.#desk.signal?.aborted !== true) this.#fail(reason)
  }

  #pause(group: Group, pause: Pause): void {
    const isNews = group.pause === undefined || (group.pause.routine && !pause.routine)
    group.pause = pause
    if (group.state !== 'asking') group.state = 'idle'
    if (isNews && !pause.routine) this.#events.paused(group, pause.reason)
  }

  #works(group: Group): void {
    const { pause } = group
    group.pause = undefined
    if (pause?.routine === false) this.#events.resumed(group)
  }

  async #deliver(group: Group, entry: QueueEntry): Promise<void> {
    try {
      const result = await deliverEntry(this.#readyDesk(), entry)
      this.#unreadable = 0
      if (result.kind === 'left') this.#rest(entry, this.#stopped.get(result.lane))
      if (result.kind === 'tried') this.#conclude(group, entry, result.lane, result.attempt)
    } catch (error) {
      this.#unreadable += 1
      if (!isBadSpot(error) || this.#unreadable > 1) throw error
      this.#desk.report.unreadable ??= describeError(error)
      this.#rest(entry)
    } finally {
      group.inFlight -= 1
      if (group.inFlight === 0 && group.waiting.size === 0 && group.state === 'open') group.state = 'idle'
    }
  }

  /** Lanes of messages with servers of their own are tried again at their time. */
  #readyDesk(): Desk {
    for (const [lane, until] of this.#stopped) {
      if (until > this.#now) continue
      this.#stopped.delete(lane)
      Object.assign(lane, { stopped: undefined, cutShort: 0 })
    }
    return this.#desk
  }

  #conclude(group: Group, entry: QueueEntry, lane: Lane, { stop, settled, outcomes }: AttemptResult): void {
    if (stop?.scope === 'host') {
      this.#failUnlessStopping(stop.reason)
      return
    }
    const until = retryAt(outcomes) ?? this.#now + ACCOUNT_PAUSE
    stopLane(lane, stop)
    if (stop === undefined && group.state === 'probing' && hasProved(group, outcomes)) {
      group.state = 'open'
      this.#works(group)
    }
    if (lane.stopped !== undefined) this.#stopAfter(group, lane, stop, outcomes, until)
    if (settled !== 'released') return
    // The group of the message waits, or else the message does.
    const waits = group.pause !== undefined && lane === group.lane
    this.#rest(entry, stop === undefined ? undefined : waits ? this.#now : until)
  }

  #stopAfter(
    group: Group,
    lane: Lane,
    stop: Stop | undefined,
    outcomes: readonly RecipientOutcome[],
    until: number,
  ): void {
    const reason = lane.stopped ?? ''
    if (stop === SENDING_SUSPENDED) {
      lane.stopped = undefined
      this.#pause(group, { ...SUSPENDED, until: this.#now + SUSPENDED_PAUSE })
    } else if (lane === group.lane) {
      const trouble = troubleOf(outcomes)
      this.#pause(group, { reason, until, trouble, routine: trouble === 'limit' })
    } else this.#stopped.set(lane, until)
  }

  #rest(entry: QueueEntry, until: number = this.#now + MESSAGE_REST): void {
    const group = this.#groups.get(this.#desk.ways.groupOf(entry))
    if (this.#resting.size >= MOST_RESTING && group !== undefined) this.#pause(group, { ...CROWDED, until })
    else this.#resting.set(entry.id, until)
    this.#events.rests(entry, until)
  }
}
