/**
 * How long an application that did not take its events is left alone: a note that all processes share. Each failure in a row
 * doubles the pause, up to an hour; the application itself may ask for another one.
 */
import type { QueueStore } from '../../queue/store.ts'

const NOTE = 'webhook'
const FIRST = 60_000
const LONGEST = 3600_000

/** What is known of failures in a row. */
export interface OutboxPause {
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly reason: string
}

/** Reads the note; undefined when the last request went well, or nobody can tell. */
export async function readPause(store: Pick<QueueStore, 'readNote'>): Promise<OutboxPause | undefined> {
  try {
    const value: unknown = JSON.parse((await store.readNote(NOTE)) ?? '')
    if (typeof value !== 'object' || value === null) return undefined
    const { failures, until, reason } = value as Record<keyof OutboxPause, unknown>
    if (typeof failures !== 'number' || typeof until !== 'number') return undefined
    return { failures, until, reason: typeof reason === 'string' ? reason : '' }
  } catch {
    return undefined
  }
}

/**
 * The pause after one more failure.
 *
 * @param asked what the application wants, in milliseconds
 */
export function nextPause(
  before: OutboxPause | undefined,
  failed: { readonly reason: string; readonly pause?: number },
  now: number,
): OutboxPause {
  const failures = (before?.failures ?? 0) + 1
  const own = Math.min(FIRST * 2 ** Math.min(failures - 1, 10), LONGEST)
  return { failures, until: now + (failed.pause ?? own), reason: failed.reason }
}

/** Leaves the note, or removes it; without one, the application is asked again sooner. */
export async function notePause(
  store: Pick<QueueStore, 'writeNote'>,
  pause: OutboxPause | undefined,
): Promise<void> {
  const text = pause === undefined ? undefined : `${JSON.stringify(pause)}\n`
  await store.writeNote(NOTE, text).catch(() => undefined)
}
