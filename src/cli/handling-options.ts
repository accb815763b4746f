/**
 * The options --priority, --send-at, --expire and --batch of mq-sendmail and mq-mail: how the queue is to treat one
 * message. Refused before anything is read.
 */
import { parseDuration } from '../config/duration.ts'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address/address.ts'
import { isBatchName } from '../queue/meta-block.ts'
import type { Handling } from '../queue/store.ts'
import { readTime } from './point-in-time.ts'

/** The options as they were given. */
export interface HandlingWords {
  priority?: string
  sendAt?: string
  expire?: string
  batch?: string
}

/** The options of both commands, with the words that they set. */
export const HANDLING_OPTIONS = [
  {
    long: 'priority',
    sets: 'priority',
    argument: '0-9',
    doc: 'how urgent it is in the queue: 0 goes first, 9 last, 5 is usual',
  },
  {
    long: 'send-at',
    sets: 'sendAt',
    argument: 'time',
    doc: 'queue it and do not send it before this time, such as "2026-12-24 18:00" or +2h',
  },
  {
    long: 'expire',
    sets: 'expire',
    argument: 'duration|time',
    doc: 'give it up when it could not be delivered for so long, or until then',
  },
  {
    long: 'batch',
    sets: 'batch',
    argument: 'name',
    doc: 'name of the batch it belongs to, for mq-queue --batch',
  },
] as const satisfies readonly { long: string; sets: keyof HandlingWords; argument: string; doc: string }[]

function readPriority(text: string): number {
  if (/^\d$/.test(text)) return Number(text)
  throw new MailError('USAGE', `--priority takes a digit from 0 to 9, and not ${quoteForMessage(text)}`)
}

function readBatch(text: string): string {
  if (isBatchName(text)) return text
  throw new MailError(
    'USAGE',
    `--batch takes a name of 1 to 200 printable characters, and not ${quoteForMessage(text)}`,
  )
}

/** A duration counts from the time at which the message may be sent. */
function readExpire(text: string, from: number, now: number): number {
  const duration = parseDuration(text)
  // By the way of a time, so that a duration is held to the same bounds.
  const time = readTime(
    '--expire',
    duration === undefined ? text : `+${text}`,
    duration === undefined ? now : from,
  )
  if (time > from) return time
  throw new MailError('USAGE', `--expire ${quoteForMessage(text)} is over before the message may be sent`)
}

/**
 * Reads the options.
 *
 * @param now milliseconds since the epoch
 * @throws MailError USAGE
 */
export function readHandling({ priority, sendAt, expire, batch }: HandlingWords, now: number): Handling {
  const notBefore = sendAt === undefined ? undefined : readTime('--send-at', sendAt, now)
  const waits = notBefore !== undefined && notBefore > now
  return {
    ...(priority === undefined ? {} : { priority: readPriority(priority) }),
    // A time that is over means now.
    ...(waits ? { notBefore } : {}),
    ...(expire === undefined ? {} : { expires: readExpire(expire, waits ? notBefore : now, now) }),
    ...(batch === undefined ? {} : { batch: readBatch(batch) }),
  }
}
