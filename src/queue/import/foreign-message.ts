/**
 * One file of a foreign queue as a message with its envelope, or the reason why it stays where it is. A message with
 * one address that cannot be used is not imported at all: nobody would hear that this recipient was left out.
 */
import { join } from 'node:path'
import { MailError } from '../../errors/mail-error.ts'
import { qualify } from '../../message/address/address.ts'
import { FileCutShort, type MessageContent } from '../../message/content.ts'
import type { Envelope, ReportRequest } from '../../message/envelope.ts'
import { envelope, readRecipients, readSender } from '../../message/recipients.ts'
import { queuedSeconds } from '../entry-name.ts'
import { MAX_BLOCK } from '../meta-block.ts'
import { faultOf, keepMessage, openForeign, readStart, type OpenFile } from './foreign-file.ts'
import type { ForeignFormat, ForeignHead, HeadResult, Look, Spot } from './format.ts'
import { removeSource } from './remove-source.ts'

/** A message that can be enqueued. */
export interface ForeignMessage {
  readonly kind: 'message'
  /** Absolute path of its file. */
  readonly source: string
  readonly envelope: Envelope
  /** The caller closes it. */
  readonly content: MessageContent
  /** Failed attempts so far. */
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly lastAttempt: number | undefined
  /** Milliseconds since the epoch. */
  readonly queuedAt: number
  /** Milliseconds since the epoch at which it is given up; undefined when the site decides. */
  readonly expires: number | undefined
  readonly batch: string | undefined
  /** Its own program has given it up. */
  readonly failed: boolean
  /** One sentence for everything that is not as it was, for people. */
  readonly notes: readonly string[]
  /**
   * Removes it from the foreign queue, all its files, durably. Only to be called once it is durable elsewhere.
   *
   * @throws MailError QUEUE_BUSY when another program has taken it, QUEUE_* when it cannot be removed
   */
  remove(): Promise<void>
}

/** A file that stays where it is. */
export interface SkippedFile {
  readonly kind: 'skipped'
  /** Absolute path. */
  readonly source: string
  /** For people, such as `it is empty`. */
  readonly why: string
}

/** What the caller adds to what the files say. */
export interface ForeignOptions {
  /** Where messages of more than 1 MB are kept until they are stored: a directory on the disk of the queue. */
  readonly spillDirectory: string
  /** The sender where the foreign queue does not say; the empty string is the null sender. */
  readonly from?: string | undefined
  /** The recipients where the foreign queue does not say: address lists. */
  readonly to?: readonly string[] | undefined
  /** Added to addresses without a domain. */
  readonly domain?: string | undefined
}

/** Octets that are read first; nearly every head is in them. */
const FIRST = 64 * 1024

/** Reads the head of an open file, and more of it when that is not enough. */
export function readHead(file: OpenFile, format: ForeignFormat, spot: Spot): HeadResult & { first: Buffer } {
  const read = (length: number) => {
    const first = readStart(file.fd, Math.min(file.size, length))
    return { ...format.parse(first, first.length >= file.size, spot), first }
  }
  const result = read(FIRST)
  return !result.ok && result.incomplete ? read(MAX_BLOCK) : result
}

/** The requests about single recipients by the whole addresses of these. */
function wholeNames(reports: ReportRequest, whole: (address: string) => string): ReportRequest {
  const { recipients } = reports
  if (recipients === undefined) return reports
  const entries = [...recipients].map(([address, request]) => [whole(address), request] as const)
  return { ...reports, recipients: new Map(entries) }
}

function makeEnvelope(head: ForeignHead, { from, to, domain }: ForeignOptions): Envelope {
  const sender = head.sender ?? from
  if (sender === undefined) throw new MailError('USAGE', 'its sender is not known; name one with --from')
  const lists = head.recipients ?? to
  if (lists === undefined) throw new MailError('USAGE', 'its recipients are not known; name them with --to')
  const { recipients, problems } = readRecipients(lists)
  if (problems[0] !== undefined) throw new MailError('ADDRESS_INVALID', problems[0])
  if (recipients.length === 0) throw new MailError('NO_RECIPIENTS', 'it has no recipients')
  const whole = (address: string) => (domain === undefined ? address : qualify(address, domain))
  const { reports, body } = head
  const asked = reports === undefined ? undefined : wholeNames(reports, whole)
  return envelope(whole(readSender(sender)), recipients.map(whole), asked, body)
}

/**
 * Reads one file.
 *
 * @param look what its surroundings say
 * @throws MailError QUEUE_* when this machine cannot read or keep any message now
 */
export async function readForeignMessage(
  spot: Spot,
  format: ForeignFormat,
  look: Extract<Look, { kind: 'read' }>,
  options: ForeignOptions,
): Promise<ForeignMessage | SkippedFile> {
  const source = join(spot.directory, spot.name)
  const skipped = (why: string): SkippedFile => ({ kind: 'skipped', source, why })
  const file = openForeign(source)
  if (!file.ok) return skipped(file.why)
  try {
    const result = readHead(file, format, spot)
    if (!result.ok) return skipped(result.why)
    const { head, first } = result
    const made = makeEnvelope(head, options)
    const { content, nulBytes } = await keepMessage(file, first, head, options.spillDirectory)
    if (content.size === 0) return skipped('it has an envelope but no message')
    return {
      kind: 'message',
      source,
      envelope: made,
      content,
      attempts: head.attempts ?? 0,
      lastAttempt: head.lastAttempt,
      queuedAt: head.queuedAt ?? queuedTime(spot.name, file.modified),
      expires: head.expires,
      batch: head.batch,
      failed: look.failed,
      notes: [...look.notes, ...(head.notes ?? []), ...nulNote(nulBytes)],
      remove: () => removeSource({ path: source, identity: file.identity, companions: look.companions }),
    }
  } catch (error) {
    const why = isOwnFault(error) ? error.message : faultOf(error)
    if (why === undefined) throw error
    return skipped(why)
  } finally {
    file.close()
  }
}

/** Faults of the message. Those of the machine are MailErrors of the queue. */
function isOwnFault(error: unknown): error is Error {
  if (error instanceof MailError) return !error.code.startsWith('QUEUE_')
  return error instanceof FileCutShort
}

/** Most programs name a file after the second in which it was queued. */
function queuedTime(name: string, modified: number): number {
  return /^\d{9,11}\./.test(name) ? queuedSeconds(name) * 1000 : modified
}

function nulNote(count: number): string[] {
  return count === 0 ? [] : [`${count} NUL octets were left out`]
}
