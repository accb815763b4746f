/**
 * Hands the reports in the outbox over to the application: the oldest first, some in one request, by one process at a time.
 * A report is removed once the application has said that it has all of it; whatever happens before that, it is told again,
 * with the same ids. When a request fails, the rest waits for a later pass.
 */
import type { WebhookSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import type { Logger } from '../../logging/logger.ts'
import type { Outbox, OutboxEntry, QueueStore, Runner } from '../../queue/store.ts'
import type { HttpRoute } from '../../transport/http/connection.ts'
import type { Clock } from '../../util/clock.ts'
import { parseEvents, type StoredEvent } from './event.ts'
import { nextPause, notePause, readPause } from './pause.ts'
import { postEvents, type Posted } from './post.ts'
import { webhookSecret } from './secret.ts'

/** Reports that are looked at together. */
const AT_ONCE = 256

/** What sending needs. */
export interface OutboxMeans {
  readonly store: QueueStore
  readonly webhook: WebhookSettings
  /** How the network is left. */
  readonly route: HttpRoute
  readonly log: Logger
  readonly clock: Clock
}

/** How one pass is made. */
export interface OutboxPass {
  /** Asks also an application that is to be left alone. */
  readonly now?: boolean
  /** Ends the pass; a request under way is broken off, and its events are sent again later. */
  readonly signal?: AbortSignal
  /** No request begins after so many milliseconds. */
  readonly longest?: number
}

/** What came of a pass. */
export interface OutboxReport {
  /** Events that the application took. */
  readonly sent: number
  /** Events that became too old. */
  readonly dropped: number
  /** Files that were no reports. */
  readonly damaged: number
  /**
   * `done`: nothing is left. `busy`: another process is at it. `paused`: the application is left alone for now. `failed`:
   * it did not take them. `stopped`: the pass had to end.
   */
  readonly state: 'done' | 'busy' | 'paused' | 'failed' | 'stopped'
  /** Why something is left. */
  readonly reason?: string
  /** When it is tried again, milliseconds since the epoch. */
  readonly until?: number
  /** The first failure in a row. */
  readonly isNew?: boolean
}

type Counts = { -readonly [Key in 'sent' | 'dropped' | 'damaged']: number }
type Ending = Omit<OutboxReport, keyof Counts>

interface Pass {
  readonly means: OutboxMeans
  readonly outbox: Outbox
  readonly secret: string
  readonly signal: AbortSignal | undefined
  /** Why no further request may begin; undefined while one may. */
  readonly hindrance: () => Ending | undefined
  readonly counts: Counts
}

/** A report, and the events of it that were not sent yet. */
interface Open {
  readonly name: string
  left: number
}

/** Events in the order in which they go out, each with its report. */
interface Line {
  readonly report: Open
  readonly event: StoredEvent
}

/** Reads one report; nothing for what is gone, damaged or too old. */
async function linesOf({ means, outbox, counts }: Pass, { name, time }: OutboxEntry): Promise<Line[]> {
  const { log, clock, webhook } = means
  const text = outbox.read(name)
  if (text === undefined) return []
  const events = parseEvents(text)
  if (events === undefined) {
    const file = outbox.quarantine(name, 'it is no report for the application')
    if (file === undefined) return []
    counts.damaged += 1
    log.error('webhook.damaged', { ...file })
    return []
  }
  if (clock.now() - time >= webhook.expire) {
    await outbox.remove([name])
    counts.dropped += events.length
    log.error('webhook.dropped', { count: events.length, ids: events.map(({ id }) => id) })
    return []
  }
  const report = { name, left: events.length }
  return events.map((event) => ({ report, event }))
}

async function post({ means, secret, signal }: Pass, lines: readonly Line[]): Promise<Posted> {
  const { webhook, route, clock } = means
  const events = lines.map(({ event }) => event.text)
  return postEvents(events, { webhook, secret, route, now: clock.now(), signal })
}

/** Sends some events, and removes the reports of which nothing is left. */
async function sendBatch(pass: Pass, lines: readonly Line[]): Promise<Ending | undefined> {
  const hindrance = pass.hindrance()
  if (hindrance !== undefined) return hindrance
  const { outbox, counts, means } = pass
  const posted = await post(pass, lines)
  if (!posted.ok) return failed(pass, posted)
  counts.sent += lines.length
  const done: string[] = []
  for (const { report } of lines) {
    report.left -= 1
    if (report.left === 0) done.push(report.name)
  }
  await outbox.remove(done)
  means.log.info('webhook.sent', { count: lines.length, ids: lines.map(({ event }) => event.id) })
  return undefined
}

async function failed(
  { means, signal }: Pick<Pass, 'means' | 'signal'>,
  why: { readonly reason: string; readonly pause?: number },
): Promise<Ending> {
  const { store, log, clock } = means
  if (signal?.aborted === true) return { state: 'stopped', reason: 'it was asked to stop' }
  const pause = nextPause(await readPause(store), why, clock.now())
  await notePause(store, pause)
  const { failures, until, reason } = pause
  log.warn('webhook.failed', { failures, until, reason })
  return { state: 'failed', reason, until, isNew: failures === 1 }
}

/** Sends everything that was in the outbox when it was looked at; a report that cannot be read now is passed over. */
async function sendAll(pass: Pass): Promise<Ending> {
  const { means, outbox } = pass
  const { batch } = means.webhook
  const passedOver = new Map<string, string>()
  for (;;) {
    const entries = await outbox.first(Math.max(AT_ONCE, batch) + passedOver.size)
    const fresh = entries.filter(({ name }) => !passedOver.has(name))
    if (fresh.length === 0) break
    let lines: Line[] = []
    for (const entry of fresh) {
      try {
        lines.push(...(await linesOf(pass, entry)))
      } catch (error) {
        passedOver.set(entry.name, describeError(error))
      }
      while (lines.length >= batch) {
        const ending = await sendBatch(pass, lines.slice(0, batch))
        if (ending !== undefined) return ending
        lines = lines.slice(batch)
      }
    }
    const ending = lines.length > 0 ? await sendBatch(pass, lines) : undefined
    if (ending !== undefined) return ending
  }
  await forgetPause(means)
  if (passedOver.size === 0) return { state: 'done' }
  return { state: 'stopped', reason: [...passedOver.values()].join('; ') }
}

async function forgetPause({ store }: OutboxMeans): Promise<void> {
  if ((await readPause(store)) !== undefined) await notePause(store, undefined)
}

const NOTHING = { sent: 0, dropped: 0, damaged: 0 } as const

/** What keeps a pass from beginning another request. */
function hindrances(runner: Runner, { signal, longest = Infinity }: OutboxPass, paused: Ending | undefined) {
  const end = performance.now() + longest
  return (): Ending | undefined => {
    if (paused !== undefined) return paused
    const isOver = signal?.aborted === true || runner.lost || performance.now() >= end
    return isOver ? { state: 'stopped', reason: 'there was no time for more' } : undefined
  }
}

async function sendAlone(
  means: OutboxMeans,
  outbox: Outbox,
  signal: AbortSignal | undefined,
  hindrance: Pass['hindrance'],
): Promise<OutboxReport> {
  const counts: Counts = { ...NOTHING }
  try {
    const secret = await webhookSecret(means.webhook, signal)
    const ending = await sendAll({ means, outbox, secret, signal, hindrance, counts })
    return { ...counts, ...ending }
  } catch (error) {
    return { ...counts, ...(await failed({ means, signal }, { reason: describeError(error) })) }
  }
}

async function pausedNow({ store, clock }: OutboxMeans): Promise<Ending | undefined> {
  const pause = await readPause(store)
  if (pause === undefined || pause.until <= clock.now()) return undefined
  return { state: 'paused', reason: pause.reason, until: pause.until }
}

/**
 * Makes one pass over the outbox.
 *
 * @returns what came of it; what the application does not take is no error
 * @throws MailError QUEUE_* when the outbox cannot be looked at, or no lease can be taken
 */
export async function sendOutbox(means: OutboxMeans, options: OutboxPass = {}): Promise<OutboxReport> {
  const { store, clock, webhook } = means
  const outbox = await store.outbox()
  const [oldest] = await outbox.first(1)
  if (oldest === undefined) return { ...NOTHING, state: 'done' }
  const paused = options.now === true ? undefined : await pausedNow(means)
  const isOld = clock.now() - oldest.time >= webhook.expire
  if (paused !== undefined && !isOld) return { ...NOTHING, ...paused }
  const runner = await store.openRunner('outbox')
  try {
    if (await runner.othersAtWork()) return { ...NOTHING, state: 'busy' }
    return await sendAlone(means, outbox, options.signal, hindrances(runner, options, paused))
  } finally {
    await runner.close()
  }
}
