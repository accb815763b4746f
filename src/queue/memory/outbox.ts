/**
 * The outbox of the queue in memory.
 */
import type { Clock } from '../../util/clock.ts'
import type { Outbox, OutboxEntry, OutboxFacts, Quarantined } from '../store.ts'

/** The in-memory implementation of {@link Outbox}. */
export class MemoryOutbox implements Outbox {
  readonly #clock: Clock
  /** In the order in which they came. */
  readonly #reports = new Map<string, { readonly text: string; readonly time: number }>()
  readonly #listeners = new Set<() => void>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async add(text: string): Promise<void> {
    this.#count += 1
    this.#reports.set(String(this.#count), { text, time: this.#clock.now() })
    for (const changed of this.#listeners) changed()
  }

  async first(most: number): Promise<readonly OutboxEntry[]> {
    return [...this.#reports].slice(0, most).map(([name, { time }]) => ({ name, time }))
  }

  read(name: string): string | undefined {
    return this.#reports.get(name)?.text
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#reports.delete(name)
  }

  quarantine(name: string, why: string): Quarantined | undefined {
    return this.#reports.delete(name) ? { name, why } : undefined
  }

  async facts(): Promise<OutboxFacts> {
    const [oldest] = [...this.#reports.values()]
    return { reports: this.#reports.size, oldest: oldest?.time }
  }

  watch(changed: () => void): (() => void) | undefined {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }
}
