/**
 * Random numbers that can be had again: the same seed gives the same numbers on every machine, and a part of a
 * plan that has dice of its own does not change when another part rolls once more.
 */
import { createHash, randomBytes } from 'node:crypto'

/** A seed that was asked for with MAILQUEUE_RIG_SEED, or a new one. */
export function newSeed(): string {
  return process.env['MAILQUEUE_RIG_SEED'] ?? randomBytes(4).toString('hex')
}

/** Dice that are rolled one after the other. */
export class Dice {
  readonly #seed: string
  #rolls = 0

  /** @param seed words that say what the dice are for, the seed of the plan first */
  constructor(...seed: readonly (string | number)[]) {
    this.#seed = seed.join(' ')
  }

  /** From 0 to 1, without 1. */
  roll(): number {
    this.#rolls += 1
    return createHash('sha256').update(`${this.#seed} ${this.#rolls}`).digest().readUInt32BE() / 2 ** 32
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.roll() * (high - low + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.roll() < probability
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.between(0, list.length - 1)]
    if (picked === undefined) throw new Error('there is nothing to pick from')
    return picked
  }
}
