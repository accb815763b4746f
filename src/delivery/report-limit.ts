/**
 * How many reports are made in an hour, all processes together: mail that fails in masses must not become a storm
 * of reports. What is above the limit is not dropped, it waits. The count is a note of the queue: two processes
 * that count at the same moment may lose one.
 */
import type { QueueStore } from '../queue/store.ts'

const NOTE = 'reports'
const HOUR = 3600_000

interface Count {
  /** When the hour began, milliseconds since the epoch. */
  readonly since: number
  readonly made: number
}

function readCount(text: string | undefined, now: number): Count {
  const [since = NaN, made = NaN] = (text ?? '').split(' ').map(Number)
  // An hour that begins later than now was written by a clock that went wrong.
  return since <= now && now - since < HOUR && made >= 0 ? { since, made } : { since: now, made: 0 }
}

/**
 * Counts one more report.
 *
 * @param now milliseconds since the epoch
 * @returns false when there were enough in this hour
 */
export async function countReport(queue: QueueStore, limit: number, now: number): Promise<boolean> {
  const { since, made } = readCount(await queue.readNote(NOTE), now)
  if (made >= limit) return false
  await queue.writeNote(NOTE, `${since} ${made + 1}\n`)
  return true
}
