/**
 * Chaos: several processes at once on one queue, against a server with faults, any of them killed at any moment.
 * Bounded by a number of steps or by time; everything that is decided is decided by a seed.
 */
import { violations } from './checker.ts'
import { Dice } from './dice.ts'
import type { Evidence } from './evidence.ts'
import { perform, planStep } from './plan.ts'
import { chaoticConnection } from './server-plan.ts'
import { storiesOf } from './story.ts'
import { RigSite, type ServerPlan } from './site.ts'

/** How much of it. */
export interface Extent {
  readonly seed: string
  /** Processes at the same time. */
  readonly workers: number
  /** Steps of each worker. */
  readonly steps: number
  /** Milliseconds after which no step begins. */
  readonly limit?: number
}

/** What the server does, connection by connection, and who is to be told of each final dot. */
function planServer(seed: string, dotSeen: () => void): ServerPlan {
  return (connection) => {
    const script = chaoticConnection(new Dice(seed, 'connection', connection))
    const { dot } = script
    return {
      ...script,
      dot: (context) => {
        dotSeen()
        return typeof dot === 'function' ? dot(context) : dot
      },
    }
  }
}

async function work(
  site: RigSite,
  extent: Extent,
  worker: number,
  onDot: (kill: () => void) => void,
): Promise<void> {
  const end = Date.now() + (extent.limit ?? Infinity)
  for (let step = 1; step <= extent.steps && Date.now() < end; step++) {
    const dice = new Dice(extent.seed, 'worker', worker, 'step', step)
    await perform(site, planStep(dice, `w${worker}s${step}`), onDot)
  }
}

/** What a run of the chaos has shown. */
export interface Finding {
  readonly evidence: Evidence
  /** Broken promises, before the queue came to rest or after it. */
  readonly violations: readonly string[]
  /** What happened to the messages of the violations. */
  readonly stories: readonly string[]
}

function judge(site: RigSite, when: string): Finding {
  const evidence = site.evidence()
  const found = violations(evidence)
  return {
    evidence,
    violations: found.map((sentence) => `${when}: ${sentence}`),
    stories: found.length === 0 ? [] : storiesOf(evidence, found, site.log),
  }
}

/**
 * Lets the workers loose, then looks at the queue, then stops the faults and lets the queue come to rest. Judged
 * is twice: before the rest and after it.
 */
export async function chaos(extent: Extent): Promise<Finding> {
  const waiting: (() => void)[] = []
  const dotSeen = (): void => waiting.splice(0).forEach((kill) => kill())
  const site = await RigSite.open(planServer(extent.seed, dotSeen), { settings: { delay_notice: '2s' } })
  try {
    const workers = Array.from({ length: extent.workers }, (_, place) => place + 1)
    await Promise.all(workers.map((worker) => work(site, extent, worker, (kill) => waiting.push(kill))))
    await site.look()
    const before = judge(site, 'in the middle')
    if (before.violations.length > 0) return before
    await site.settle()
    await site.look()
    return judge(site, 'at the end')
  } finally {
    await site.end()
  }
}
