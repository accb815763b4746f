/**
 * Tells the application as long as a daemon runs: as soon as a report comes into the outbox, after the pause that a failure
 * asks for, and now and then, since a watch may miss something.
 */
import { describeError } from '../../errors/errno.ts'
import { sendOutbox, type OutboxMeans, type OutboxReport } from './send.ts'

/** How long it sleeps at the most, in milliseconds. */
const RESCAN = 60_000

/** Something that works while it is not stopped. */
interface Running {
  /** Breaks off what is under way; it is done again later. Never rejects. */
  stop(): Promise<void>
}

async function passSafely(means: OutboxMeans, signal: AbortSignal): Promise<OutboxReport> {
  try {
    return await sendOutbox(means, { signal })
  } catch (error) {
    const reason = describeError(error)
    means.log.warn('webhook.failed', { reason })
    return { sent: 0, dropped: 0, damaged: 0, state: 'failed', reason }
  }
}

/** Sleeps until somebody wakes it. */
function alarm() {
  let ring: () => void = () => undefined
  return {
    ring: () => ring(),
    sleep: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        ring = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

/** A companion of a daemon. */
export function outboxCompanion(means: OutboxMeans): { start(state?: unknown): Promise<Running> } {
  async function start(): Promise<Running> {
    const outbox = await means.store.outbox()
    const ended = new AbortController()
    const { signal } = ended
    const clock = alarm()
    const seen = { changes: 0, idle: false }
    let unwatch: (() => void) | undefined
    const notice = (): void => {
      seen.changes += 1
      // Who is left alone for a while is not asked because there is more to tell.
      if (seen.idle) clock.ring()
    }
    const pass = async (): Promise<void> => {
      unwatch ??= outbox.watch(notice)
      const { changes } = seen
      const { state, until } = await passSafely(means, signal)
      seen.idle = state === 'done'
      if (seen.idle && seen.changes !== changes) return
      const left = until === undefined ? RESCAN : until - means.clock.now()
      if (!signal.aborted) await clock.sleep(Math.max(0, Math.min(left, RESCAN)))
    }
    const work = async (): Promise<void> => {
      while (!signal.aborted) await pass()
    }
    const working = work()
    const stop = async (): Promise<void> => {
      ended.abort()
      clock.ring()
      unwatch?.()
      await working
    }
    return { stop }
  }
  return { start }
}
