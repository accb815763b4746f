/**
 * The runner of the queue in memory.
 */
import type { Clock } from '../../util/clock.ts'
import type { TimedEvent } from '../journal/event.ts'
import { historyOf, MemoryClaim, type StoredMessage } from './message.ts'
import type { RunnerRole } from '../runner-record.ts'
import type { Claim, ClaimResult, QueueEntry, Recovered, Runner } from '../store.ts'

const doubt = (recipients: readonly string[], time: number): TimedEvent[] => [
  { event: 'attempt', runner: 'memory', counts: true, time },
  { event: 'in-doubt', recipients, why: 'the runner ended before the outcome was stored', time },
]

/** The in-memory implementation of {@link Runner}. */
export class MemoryRunner implements Runner {
  readonly id = 'memory'
  readonly lost = false
  readonly #role: RunnerRole
  readonly #messages: Map<string, StoredMessage>
  /** All open runners of the queue, the oldest first. */
  readonly #runners: Set<MemoryRunner>
  readonly #clock: Clock

  constructor(
    role: RunnerRole,
    messages: Map<string, StoredMessage>,
    runners: Set<MemoryRunner>,
    clock: Clock,
  ) {
    this.#role = role
    this.#messages = messages
    this.#runners = runners
    this.#clock = clock
  }

  async othersAtWork(): Promise<boolean> {
    return [...this.#runners].find((runner) => runner.#role === this.#role || runner === this) !== this
  }

  async recover(inDoubtUntil: (attempts: number) => number): Promise<readonly Recovered[]> {
    const runners: ReadonlySet<object> = this.#runners
    const recovered: Recovered[] = []
    for (const stored of [...this.#messages.values()]) {
      if (stored.owner === undefined || runners.has(stored.owner)) continue
      recovered.push({ id: stored.id, inDoubt: this.#takeBack(stored, inDoubtUntil) })
    }
    return recovered
  }

  /** True when it is in doubt. */
  #takeBack(stored: StoredMessage, inDoubtUntil: (attempts: number) => number): boolean {
    const { clearable, unfinished, message } = historyOf(stored)
    const inDoubt = stored.flown && unfinished.length > 0
    if (inDoubt) {
      stored.events.push(...doubt(unfinished, this.#clock.now()))
      stored.nextAttempt = inDoubtUntil(message.attempts + 1)
    }
    stored.owner = undefined
    if (clearable === 'done') this.#messages.delete(stored.id)
    else stored.place = clearable ?? 'new'
    return inDoubt
  }

  async claim(entry: QueueEntry): Promise<ClaimResult> {
    const stored = this.#messages.get(entry.id)
    if (stored?.place !== 'new') return { kind: 'gone' }
    const { clearable } = historyOf(stored)
    if (clearable === undefined) return { kind: 'claimed', claim: this.hold(stored) }
    if (clearable === 'done') this.#messages.delete(stored.id)
    else stored.place = clearable
    return { kind: 'gone' }
  }

  async take(entry: QueueEntry): Promise<ClaimResult> {
    const stored = this.#messages.get(entry.id)
    if (stored === undefined) return { kind: 'gone' }
    const alive = stored.owner === undefined || ([...this.#runners] as object[]).includes(stored.owner)
    if (stored.place === 'cur' && (stored.flown || !alive)) return { kind: 'busy' }
    return { kind: 'claimed', claim: this.hold(stored) }
  }

  /** Makes a message this runner's. */
  hold(stored: StoredMessage): Claim {
    const origin = stored.place
    stored.place = 'cur'
    stored.owner = this
    stored.flown = false
    return new MemoryClaim(stored, this.#messages, this.#clock, this, origin)
  }

  async flush(): Promise<void> {
    // Nothing here is on a disk.
  }

  async close(): Promise<void> {
    this.#runners.delete(this)
  }
}
