/**
 * What all measurements share: runs that take turns, so that a busy moment of the machine hits everybody, and
 * figures that are medians. A ratio is the median of the ratios of one turn, not the ratio of two medians.
 */

/** The middle value; the mean of the two middle ones for an even number. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2
}

/**
 * Runs every candidate once a turn, after one turn that is not counted.
 *
 * @param candidates functions by name; each resolves to one measured value
 * @param turns how many turns are counted
 * @param options `warmUp: false` leaves out the turn that is not counted, where one takes minutes
 * @returns the values by name, in the order of the turns
 */
export async function takeTurns(candidates, turns, { warmUp = true } = {}) {
  const values = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]))
  const names = Object.keys(candidates)
  for (let turn = warmUp ? 0 : 1; turn <= turns; turn += 1) {
    // nobody always runs first
    const order = turn % 2 === 0 ? names : names.toReversed()
    for (const name of order) {
      const value = await candidates[name]()
      if (turn > 0) values[name].push(value)
    }
  }
  return values
}

/** The median over the turns of `values / reference`. */
export function ratio(values, reference) {
  return median(values.map((value, turn) => value / reference[turn]))
}

/** Milliseconds that a call takes. */
export async function timed(call) {
  const start = performance.now()
  await call()
  return performance.now() - start
}

/** Processor time in milliseconds and peak memory in MB, as medians, of runs that were measured. */
export function used(runs) {
  return {
    cpu: median(runs.map(({ cpu }) => cpu)),
    peak: median(runs.map(({ peak }) => peak)) / 1024,
  }
}
