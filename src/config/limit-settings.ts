/**
 * The limits of an account, and the combinations in which they could not be kept: without a queue nothing counts what
 * all processes have sent.
 */
import type { AccountLimits } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValue, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

const LIMITS: readonly Option<number>[] = [
  OPTIONS.limit_per_minute,
  OPTIONS.limit_per_hour,
  OPTIONS.limit_per_day,
  OPTIONS.limit_recipients_per_day,
]

/** Whoever has taken back all limits need not take back what happens above them. */
export function dropIdleOnLimit(given: Map<string, GivenValue>): void {
  if (!LIMITS.some(({ name }) => given.has(name))) given.delete(OPTIONS.on_limit.name)
}

function refuse(given: GivenValues, { name }: Option<unknown>, sentence: string): never {
  throw configInvalid(given.get(name)?.where ?? 'configuration', sentence)
}

/**
 * The limits of the written values.
 *
 * @returns undefined when nothing is limited
 * @throws MailError CONFIG_INVALID for limits that could not be kept
 */
export function limitSettings(given: GivenValues): AccountLimits | undefined {
  const limit = LIMITS.find((option) => readGiven(given, option) !== undefined)
  const { on_limit: onLimit } = OPTIONS
  if (limit === undefined) {
    if (readGiven(given, onLimit) === undefined) return undefined
    refuse(
      given,
      onLimit,
      'on_limit is set but there is no limit; add one such as limit_per_hour, or remove it',
    )
  }
  if (readGiven(given, OPTIONS.queue_dir) === undefined) {
    refuse(given, limit, `${limit.name} needs queue_dir, where all processes count together; add it`)
  }
  if (readOrDefault(given, OPTIONS.spool) === 'only' && readOrDefault(given, onLimit) !== 'defer') {
    const why = 'is about mail that is sent at once, and spool = only sends none; remove one of them'
    refuse(given, onLimit, `on_limit = ${readOrDefault(given, onLimit)} ${why}`)
  }
  return Object.freeze({
    perMinute: readGiven(given, OPTIONS.limit_per_minute),
    perHour: readGiven(given, OPTIONS.limit_per_hour),
    perDay: readGiven(given, OPTIONS.limit_per_day),
    recipientsPerDay: readGiven(given, OPTIONS.limit_recipients_per_day),
    onLimit: readOrDefault(given, onLimit),
  })
}
