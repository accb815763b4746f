/**
 * Several processes at once, a faulty server, and kill -9: no promise of docs/queue.md is broken. See
 * docs/fault-rig.md for the long form and for how a run is repeated.
 */
import { describe, expect, it } from 'vitest'
import { chaos, type Extent } from './chaos.ts'
import { inNumbers } from './checker.ts'
import { Dice, newSeed } from './dice.ts'
import { planStep } from './plan.ts'

const LONG = process.env['MAILQUEUE_RIG'] === 'long'
const MINUTE = 60_000
const seed = newSeed()

const SHORT_FORM: readonly Omit<Extent, 'seed'>[] = [
  { workers: 2, steps: 12 },
  { workers: 5, steps: 10 },
]
const LONG_FORM: readonly Omit<Extent, 'seed'>[] = [
  { workers: 2, steps: 100_000, limit: MINUTE / 3 },
  { workers: 4, steps: 100_000, limit: (2 * MINUTE) / 3 },
  { workers: 8, steps: 100_000, limit: 1.5 * MINUTE },
]

describe('chaos', () => {
  it.each(LONG ? LONG_FORM : SHORT_FORM)('of $workers processes breaks no promise', async (extent) => {
    const { evidence, violations, stories } = await chaos({ ...extent, seed })
    const again = `MAILQUEUE_RIG_SEED=${seed}`
    process.stdout.write(`${extent.workers} processes, ${again}: ${inNumbers(evidence)}\n`)
    expect(violations, [again, ...stories].join('\n')).toEqual([])
    expect(evidence.submissions.length).toBeGreaterThan(0)
  })

  it('is planned by its seed alone', () => {
    const plan = (words: string): unknown[] =>
      Array.from({ length: 50 }, (_, step) =>
        planStep(new Dice(words, 'worker', 1, 'step', step), `s${step}`),
      )
    expect(plan('one')).toEqual(plan('one'))
    expect(plan('one')).not.toEqual(plan('two'))
  })
})
