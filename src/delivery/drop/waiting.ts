/**
 * Whether anybody takes over what users drop: how many messages lie there, and since when. Only looks.
 */
import type { Config } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import { scanDrop } from '../../queue/drop/scan.ts'

/** A dropped message that lies there for longer than this, in milliseconds, is taken over by nobody. */
export const DROP_STALE = 10 * 60_000

/** What lies in the drop. */
export interface DropWaiting {
  readonly messages: number
  /** Milliseconds since the epoch. */
  readonly oldest: number
}

/**
 * What waits in the drop of a configuration.
 *
 * @param now milliseconds since the epoch
 * @returns undefined where nothing waits, there is no drop, or this user may not look
 */
export async function dropWaiting(config: Config | undefined, now: number): Promise<DropWaiting | undefined> {
  if (config?.submitDir === undefined) return undefined
  try {
    const { count, oldest } = await scanDrop(config.submitDir, { now, most: 1, sweep: false })
    return oldest === undefined ? undefined : { messages: count, oldest }
  } catch (error) {
    // The doctor says what is wrong with the directory.
    if (error instanceof MailError) return undefined
    throw error
  }
}
