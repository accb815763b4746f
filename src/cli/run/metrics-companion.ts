/**
 * The metrics of a process that runs for long: what was counted is added to the queue's now and then, and the file of the
 * textfile collector is written anew.
 */
import type { Metrics } from '../../delivery/metrics/metrics.ts'

/** How often, in milliseconds: as often as Prometheus usually looks. */
const PAUSE = 15_000

/** A part of a daemon. */
export interface MetricsCompanion {
  /** Adds nothing while the queue is not there: that would make one in the place where it is to be mounted. */
  start(daemon: { readonly isThere: boolean }): Promise<{ stop(): Promise<void> }>
}

/**
 * Has metrics kept and written while a daemon runs, and once more when it stops.
 *
 * @param path the file; undefined when there is none
 */
export function metricsCompanion(
  metrics: Pick<Metrics, 'keep' | 'writeFile'>,
  path: string | undefined,
  pause = PAUSE,
): MetricsCompanion {
  const write = async (isThere: boolean): Promise<void> => {
    if (isThere) await metrics.keep()
    if (path !== undefined) await metrics.writeFile(path)
  }
  return {
    start: async (daemon) => {
      await write(daemon.isThere)
      let writing: Promise<void> | undefined
      // One after the other, however slow the disk is.
      const timer = setInterval(() => {
        writing ??= write(daemon.isThere).finally(() => (writing = undefined))
      }, pause)
      timer.unref()
      return {
        stop: async () => {
          clearInterval(timer)
          await writing
          await write(daemon.isThere)
        },
      }
    },
  }
}
