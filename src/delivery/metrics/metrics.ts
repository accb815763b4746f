/**
 * The metrics of a queue: what all processes have counted, kept in a ledger of the queue, and how the queue is now. Nobody's
 * mail waits for them or fails with them: what cannot be counted or written is complained about once.
 */
import type { Config } from '../../config/config.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Complain } from '../../logging/complain.ts'
import type { Logger } from '../../logging/logger.ts'
import type { LedgerLine, QueueStore } from '../../queue/store.ts'
import type { Clock } from '../../util/clock.ts'
import { countingLogger } from './counting-logger.ts'
import { addCounts, countKey, countsLine, countsOf } from './counts.ts'

const LEDGER = 'metrics'

/** What metrics are made of. */
export interface MetricsSite {
  readonly queue: QueueStore
  readonly config: Pick<Config, 'accounts'>
  readonly clock: Clock
  readonly complain: Complain
}

/** The metrics of a queue. */
export interface Metrics {
  /** Counts what is logged. */
  readonly log: Logger
  /** Adds what was counted to what others have. Never rejects; what could not be added is added the next time. */
  keep(): Promise<void>
  /** Everything as text, with what this process has not added yet. @throws MailError when the queue cannot be read */
  text(): Promise<string>
  /** Replaces the file of the textfile collector. Never rejects. */
  writeFile(path: string): Promise<void>
  /** For the end of a process: keeps what was counted, and writes the file when there was a run. Never rejects. */
  finish(path: string | undefined): Promise<void>
}

const condense = (lines: readonly LedgerLine[]): readonly string[] => {
  const counts = countsOf(lines)
  return counts.size === 0 ? [] : [countsLine(counts)]
}

/** Who may not write to the queue, such as a user who only hands in mail, is not counted, and has nothing to mend. */
function isNotOurs(error: unknown): boolean {
  const cause = error instanceof MailError ? error.cause : error
  return errnoOf(cause) === 'EACCES' || errnoOf(cause) === 'EROFS'
}

/** Begins to count. */
export function openMetrics({ queue, config, clock, complain }: MetricsSite): Metrics {
  const { log, counts } = countingLogger()
  let complained = false
  const fail = (what: string, error: unknown): void => {
    if (!complained) complain(`${what}: ${describeError(error)}; the metrics are incomplete`)
    complained = true
  }
  const keep = async (): Promise<void> => {
    if (counts.size === 0) return
    const taken = new Map(counts)
    counts.clear()
    try {
      const ledger = await queue.openLedger(LEDGER, condense)
      try {
        const { lines } = ledger.exchange(countsLine(taken))
        if (lines.includes(undefined)) {
          ledger.renew()
          complain('a part of what was counted for the metrics was damaged; the rest goes on without it')
        }
      } finally {
        ledger.close()
      }
    } catch (error) {
      addCounts(counts, taken)
      if (!isNotOurs(error)) fail('cannot count for the metrics', error)
    }
  }
  const text = async (): Promise<string> => {
    const all = countsOf(await queue.readLedger(LEDGER))
    addCounts(all, counts)
    // Who only counts does without.
    const { gaugeSamples } = await import('./gauges.ts')
    const { countedSamples, exposition } = await import('./exposition.ts')
    return exposition([...countedSamples(all), ...(await gaugeSamples(queue, config, clock.now()))])
  }
  const writeFile = async (path: string): Promise<void> => {
    try {
      const { replaceMetricsFile } = await import('./metrics-file.ts')
      replaceMetricsFile(path, await text())
    } catch (error) {
      fail(`cannot write the metrics to ${path}`, error)
    }
  }
  const finish = async (path: string | undefined): Promise<void> => {
    const ran = counts.has(countKey('mailqueue_runs_total'))
    await keep()
    if (ran && path !== undefined) await writeFile(path)
  }
  return { log, keep, text, writeFile, finish }
}
