/**
 * How many messages each user may still hand over in this hour, by notes in the queue: counts of six portions of ten
 * minutes. A note is a hint: one that is lost gives the user a fresh hour.
 */
import type { QueueStore } from '../../queue/store.ts'

const PORTION = 10 * 60_000
const PORTIONS = 6

type Counts = Readonly<Record<string, number>>

/** What users may still do. */
export interface DropLimits {
  /** Messages that may still be taken over of a user. */
  left(uid: number): Promise<number>
  /** Notes that so many of a user were. */
  count(uid: number, messages: number): Promise<void>
}

const noteOf = (uid: number): string => `drops-${uid}`

function parseCounts(text: string | undefined): Counts {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const entries = Object.entries(typeof value === 'object' && value !== null ? value : {})
    return Object.fromEntries(
      entries.flatMap(([portion, count]) =>
        typeof count === 'number' && count > 0 ? [[portion, count]] : [],
      ),
    )
  } catch {
    return {}
  }
}

/** The counts of the last hour. */
function recent(counts: Counts, portion: number): Counts {
  const isRecent = (at: number): boolean => at > portion - PORTIONS && at <= portion
  return Object.fromEntries(Object.entries(counts).filter(([at]) => isRecent(Number(at))))
}

/**
 * The limits of all users.
 *
 * @param most messages of one user in an hour
 * @param now gives milliseconds since the epoch
 */
export function dropLimits(queue: QueueStore, most: number, now: () => number): DropLimits {
  const read = async (uid: number): Promise<Counts> =>
    recent(parseCounts(await queue.readNote(noteOf(uid))), Math.floor(now() / PORTION))
  return {
    left: async (uid) => {
      const used = Object.values(await read(uid)).reduce((sum, count) => sum + count, 0)
      return Math.max(0, most - used)
    },
    count: async (uid, messages) => {
      const portion = String(Math.floor(now() / PORTION))
      const counts = await read(uid)
      const text = JSON.stringify({ ...counts, [portion]: (counts[portion] ?? 0) + messages })
      // To lose a count is better than to stop the mail.
      await queue.writeNote(noteOf(uid), text).catch(() => undefined)
    },
  }
}
