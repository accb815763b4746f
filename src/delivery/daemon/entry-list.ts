/**
 * The first few items of a source that may be endless: sorted, never more than a limit, none of them twice. What does
 * not fit is forgotten but for the best of it, {@link EntryList.left}. Nothing that comes after that one is taken up
 * any more, or it would overtake what was forgotten, until {@link EntryList.startOver}.
 */

/** Negative when the first comes before the second, 0 when they are the same. */
type Order<T> = (a: T, b: T) => number

/** A sorted list of bounded length. */
export class EntryList<T> {
  readonly #order: Order<T>
  readonly #limit: number
  readonly #items: T[] = []
  #left: T | undefined

  /** @param limit how many are kept at the most, at least 1 */
  constructor(order: Order<T>, limit: number) {
    this.#order = order
    this.#limit = limit
  }

  /** How many there are. */
  get size(): number {
    return this.#items.length
  }

  /** The first one. */
  get first(): T | undefined {
    return this.#items[0]
  }

  /** The best of those that were left out; undefined when the list has everything. */
  get left(): T | undefined {
    return this.#left
  }

  /** Whether {@link add} would keep an item. One that would not be kept counts as left out from now on. */
  accepts(item: T): boolean {
    const last = this.#items.length < this.#limit ? undefined : this.#items.at(-1)
    const comesAfter = (other: T | undefined): boolean => other !== undefined && this.#order(item, other) > 0
    if (!comesAfter(this.#left) && !comesAfter(last)) return true
    this.#leave(item)
    return false
  }

  /** Takes an item up, unless it is there already or comes after what was left out. */
  add(item: T): void {
    if (!this.accepts(item)) return
    const place = this.#placeOf(item)
    const there = this.#items[place]
    if (there !== undefined && this.#order(there, item) === 0) return
    this.#items.splice(place, 0, item)
    if (this.#items.length <= this.#limit) return
    const last = this.#items.pop()
    if (last !== undefined) this.#leave(last)
  }

  /** Takes the first one away. */
  shift(): T | undefined {
    return this.#items.shift()
  }

  /** Forgets what was left out. To be called before everything is offered again. */
  startOver(): void {
    this.#left = undefined
  }

  #leave(item: T): void {
    if (this.#left === undefined || this.#order(item, this.#left) < 0) this.#left = item
  }

  /** Where an item belongs: the index of the first one that does not come before it. */
  #placeOf(item: T): number {
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const there = this.#items[middle]
      if (there !== undefined && this.#order(there, item) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
