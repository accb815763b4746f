/**
 * How many reports are made in an hour, all processes together: mail that fails in masses must not become a storm
 * of reports, and one user's must not hold up the reports of others. What is above the limit is not dropped, it waits. The
 * count is a note of the queue: two processes that count at the same moment may lose one.
 */
import type { QueueStore } from '../../queue/store.ts'

const NOTE = 'reports'
const HOUR = 3600_000

interface Count {
  /** When the hour began, milliseconds since the epoch. */
  readonly since: number
  readonly made: number
  /** How many of them each user got who dropped mail. */
  readonly ofUser: ReadonlyMap<number, number>
}

/** Such as `1795000000000 12 1000:7 1001:2`: the hour, all reports, and those of users. */
function readCount(text: string | undefined, now: number): Count {
  const [since = NaN, made = NaN, ...users] = (text ?? '').split(' ')
  const count = { since: Number(since), made: Number(made) }
  // An hour that begins later than now was written by a clock that went wrong.
  const isUsable = count.since <= now && now - count.since < HOUR && count.made >= 0
  if (!isUsable) return { since: now, made: 0, ofUser: new Map() }
  const pairs = users.map((user) => user.split(':').map(Number))
  return { ...count, ofUser: new Map(pairs.map(([uid = NaN, share = NaN]) => [uid, share])) }
}

/**
 * Counts one more report. Nobody gets more than what is left for all others: a user alone half of the limit, a second one
 * half of the rest.
 *
 * @param uid the user who dropped the message; undefined for mail of the queue's owner, which has no share
 * @param now milliseconds since the epoch
 * @returns false when there were enough in this hour
 */
export async function countReport(
  queue: QueueStore,
  limit: number,
  uid: number | undefined,
  now: number,
): Promise<boolean> {
  const { since, made, ofUser } = readCount(await queue.readNote(NOTE), now)
  const own = uid === undefined ? 0 : (ofUser.get(uid) ?? 0)
  if (own >= limit - made) return false
  const shares = new Map(ofUser)
  if (uid !== undefined) shares.set(uid, own + 1)
  const users = [...shares].map(([user, share]) => ` ${user}:${share}`)
  await queue.writeNote(NOTE, `${since} ${made + 1}${users.join('')}\n`)
  return true
}
