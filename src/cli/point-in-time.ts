/**
 * A time on the command line: `2026-12-24T18:00:00+01:00` (RFC 3339), `2026-12-24 18:00` by the clock of this machine,
 * `+2h` from now, or `@1798135200` in seconds since the epoch.
 */
import { parseDuration } from '../config/duration.ts'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address/address.ts'
import { LATEST_TIME } from '../util/clock.ts'

const FORMS = '2026-12-24T18:00:00+01:00, "2026-12-24 18:00", +2h or @1798135200'
/** What is further away is a mistake, such as milliseconds for seconds. */
const FURTHEST = 10 * 366 * 24 * 3600_000

const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?$/

function written(text: string): number | undefined {
  const [, ...parts]: (string | undefined)[] = WRITTEN.exec(text) ?? []
  const zone = parts.pop()
  if (parts.length === 0) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part ?? 0),
  )
  const utc = new Date(Date.UTC(year, month - 1, day))
  // The 30th of February would become the 2nd of March.
  if (utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second).getTime()
  const [sign = 1, hours = 0, minutes = 0] = zoneParts(zone)
  if (hours > 23 || minutes > 59) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second) - sign * (hours * 60 + minutes) * 60_000
}

function zoneParts(zone: string): number[] {
  if (zone.toUpperCase() === 'Z') return [1, 0, 0]
  return [zone.startsWith('-') ? -1 : 1, Number(zone.slice(1, 3)), Number(zone.slice(-2))]
}

/**
 * Reads a time.
 *
 * @param option for the words of a refusal, such as `--send-at`
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch
 * @throws MailError USAGE, with the forms that there are
 */
export function readTime(option: string, text: string, now: number): number {
  const word = text.trim()
  const later = word.startsWith('+') ? parseDuration(word.slice(1)) : undefined
  const epoch = /^@(\d{1,12})$/.exec(word)?.[1]
  const time =
    later === undefined ? (epoch === undefined ? written(word) : Number(epoch) * 1000) : now + later
  if (time !== undefined && time <= now + FURTHEST) return time
  if (time !== undefined && time <= LATEST_TIME) {
    const sentence = `${option} ${quoteForMessage(text)} is more than ten years away; correct the time`
    throw new MailError('USAGE', sentence)
  }
  throw new MailError('USAGE', `${option} takes a time such as ${FORMS}, and not ${quoteForMessage(text)}`)
}
