/**
 * When the queue was run last and what came of it: a note for whoever checks whether it is run at all.
 */
import type { QueueStore } from '../queue/store.ts'
import type { RunReport } from './run-report.ts'

const NOTE = 'last-run'

/** The last run that came to its end. */
export interface LastRun {
  /** When it ended, milliseconds since the epoch. */
  readonly time: number
  readonly delivered: number
  readonly deferred: number
  readonly failed: number
  /** Why it ended early. */
  readonly stopped: string | undefined
}

/** Leaves the note; a run that cannot leave it is still a run. */
export async function noteLastRun(queue: QueueStore, report: RunReport, now: number): Promise<void> {
  const { delivered, deferred, failed, stopped } = report
  const run: LastRun = { time: now, delivered, deferred, failed, stopped: stopped?.reason }
  await queue.writeNote(NOTE, `${JSON.stringify(run)}\n`).catch(() => undefined)
}

/** Reads the note; undefined when there is none. */
export async function readLastRun(queue: QueueStore): Promise<LastRun | undefined> {
  try {
    const value: unknown = JSON.parse((await queue.readNote(NOTE)) ?? '')
    if (typeof value !== 'object' || value === null) return undefined
    const { time, delivered, deferred, failed, stopped } = value as Record<keyof LastRun, unknown>
    const number = (each: unknown): number => (typeof each === 'number' && Number.isFinite(each) ? each : 0)
    return {
      time: number(time),
      delivered: number(delivered),
      deferred: number(deferred),
      failed: number(failed),
      stopped: typeof stopped === 'string' ? stopped : undefined,
    }
  } catch {
    return undefined
  }
}
