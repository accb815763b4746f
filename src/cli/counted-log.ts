/**
 * The log of a command that counts for the metrics as well. When the command ends, its counts are added to those of the
 * queue, and after a run the file of the textfile collector is written.
 */
import type { Config } from '../config/config.ts'
import { queueIn } from '../delivery/configured.ts'
import { openMetrics, type Metrics } from '../delivery/metrics/metrics.ts'
import { bothLoggers, type Logger } from '../logging/logger.ts'
import { systemClock } from '../util/clock.ts'
import { atTheEnd } from '../util/unfinished.ts'
import type { Terminal } from './exit.ts'

/** A log that counts, and what it has counted. */
export interface CountedLog {
  readonly log: Logger
  readonly metrics: Metrics
}

/** Counts for the metrics of a queue what a log is told. */
export async function countedLog(
  { config, terminal }: { readonly config: Config; readonly terminal: Terminal },
  log: Logger,
  queueDir: string,
): Promise<CountedLog> {
  const queue = await queueIn(queueDir)
  const complain = (line: string): void => terminal.complain(line)
  const metrics = openMetrics({ queue, config, clock: systemClock, complain })
  atTheEnd(() => metrics.finish(config.metricsFile))
  return { log: bothLoggers(metrics.log, log), metrics }
}
