/**
 * The delivery-metadata headers in front of each queued message: CRLF-ended, in a fixed order, closed by
 * `X-Queue-Meta-End: end`, with no blank line before the message. The block is written once and never changed.
 * With default options it holds only what mailqueue-runner knows, so that program can deliver the message too.
 *
 * Reading never guesses: a block that is torn, foreign or incomplete is refused with the reason.
 */
import { DEFAULT_ACCOUNT, isAccountName } from '../config/account-name.ts'
import { MailError } from '../errors/mail-error.ts'
import type { MessageServer } from '../config/config.ts'
import { formatDate } from '../message/date.ts'
import type { Envelope } from '../message/envelope.ts'
import { hasControl } from '../util/control-characters.ts'
import { formatServer, parseServer } from './message-server.ts'
import { formatRecipientRequests, formatReportRequest, parseReportRequest } from './report-request.ts'

/** What the block says. */
export interface QueueMeta {
  readonly envelope: Envelope
  /** Milliseconds since the epoch; undefined when the block does not say. */
  readonly queuedAt: number | undefined
  /** Failed attempts counted by mailqueue-runner. */
  readonly earlierAttempts: number
  /** Milliseconds since the epoch of mailqueue-runner's last attempt. */
  readonly lastAttempt: number | undefined
  /** Milliseconds since the epoch at which this message is given up, whatever the site says. */
  readonly expires: number | undefined
  /** The name of the batch it belongs to. */
  readonly batch: string | undefined
  /** The account it goes over. */
  readonly account: string
  /** The server it goes to instead of the account's. */
  readonly server: MessageServer | undefined
  /** The user who dropped it; undefined for a message that was queued directly. */
  readonly uid?: number | undefined
}

/** What a new message's block is made of. */
export interface NewMeta {
  readonly envelope: Envelope
  /** Milliseconds since the epoch. */
  readonly queuedAt: number
  readonly expires?: number | undefined
  readonly batch?: string | undefined
  readonly account?: string | undefined
  readonly server?: MessageServer | undefined
  readonly uid?: number | undefined
  /** Failed attempts in the queue that it comes from. */
  readonly earlierAttempts?: number
  /** Milliseconds since the epoch of the last one of these. */
  readonly lastAttempt?: number | undefined
}

/** A block that could be read, and where the message starts; or why it could not. */
export type MetaResult =
  | { readonly ok: true; readonly meta: QueueMeta; readonly length: number }
  | { readonly ok: false; readonly incomplete: boolean; readonly why: string }

const END_LINE = 'X-Queue-Meta-End:'
/** No block of sensible size is longer; a file without an end line is not read beyond this. */
export const MAX_BLOCK = 16 * 1024 * 1024

/** Whether a name can be that of a batch: no blank at either end, since it would not read back. */
export function isBatchName(name: string): boolean {
  return /^(?=.{1,200}$)[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u.test(name)
}

/** What mailqueue-runner writes about earlier attempts. */
function pastLines({ earlierAttempts = 0, lastAttempt }: NewMeta): string[] {
  return [
    ...(lastAttempt === undefined ? [] : [`X-Last-Attempt: ${formatDate(lastAttempt)}`]),
    ...(earlierAttempts === 0 ? [] : [`X-Retries: ${earlierAttempts}`]),
  ]
}

/** The headers of ours, each only when it says something: mailqueue-runner stops at any it does not know. */
function ownLines({ envelope, expires, batch, account = DEFAULT_ACCOUNT, server, uid }: NewMeta): string[] {
  const { recipients, reports = {}, body } = envelope
  const request = formatReportRequest(reports)
  const single = formatRecipientRequests(reports, recipients)
  if (batch !== undefined && !isBatchName(batch)) {
    throw new MailError('USAGE', 'the name of a batch has to be 1 to 200 printable characters')
  }
  if (!isAccountName(account)) {
    throw new MailError('USAGE', 'the name of an account has letters, digits, "-" and "_", 32 at the most')
  }
  return [
    ...(expires === undefined ? [] : [`X-Queue-Expires: ${formatDate(expires)}`]),
    ...(batch === undefined ? [] : [`X-Queue-Batch: ${batch}`]),
    ...(account === DEFAULT_ACCOUNT ? [] : [`X-Queue-Account: ${account}`]),
    ...(server === undefined ? [] : [`X-Queue-Smtp: ${formatServer(server)}`]),
    ...(request === '' ? [] : [`X-Queue-Dsn: ${request}`]),
    ...(single === '' ? [] : [`X-Queue-Rcpt-Dsn: ${single}`]),
    ...(body === undefined ? [] : [`X-Queue-Body: ${body.toUpperCase()}`]),
    ...(uid === undefined ? [] : [`X-Queue-Uid: ${uid}`]),
  ]
}

/** Refuses an envelope that would not read back as it is. */
function checkEnvelope({ sender, recipients }: Envelope): void {
  if (recipients.length === 0)
    throw new MailError('NO_RECIPIENTS', 'a message without recipients cannot be queued')
  if ([sender, ...recipients].some(hasControl)) {
    throw new MailError(
      'ADDRESS_INVALID',
      'an envelope address holds a control character and cannot be queued',
    )
  }
  const readBack = splitAddresses(recipients.join(','))
  if (
    readBack.length !== recipients.length ||
    readBack.some((address, place) => address !== recipients[place])
  ) {
    throw new MailError(
      'ADDRESS_INVALID',
      'a recipient cannot be queued because its address would not read back; put its local part in quotes',
    )
  }
}

/**
 * The block for a new message, as bytes.
 *
 * @throws MailError ADDRESS_INVALID, NO_RECIPIENTS, USAGE or MESSAGE_MALFORMED for what would not read back as it is
 */
export function formatMetaBlock(meta: NewMeta): Buffer {
  const { envelope, queuedAt } = meta
  checkEnvelope(envelope)
  const lines = [
    `Return-path: <${envelope.sender}>`,
    `Envelope-to: ${envelope.recipients.join(',')}`,
    `X-Queue-Date: ${formatDate(queuedAt)}`,
    ...pastLines(meta),
    ...ownLines(meta),
    `${END_LINE} end`,
    '',
  ]
  const block = Buffer.from(lines.join('\r\n'))
  if (block.length <= MAX_BLOCK) return block
  throw new MailError(
    'MESSAGE_MALFORMED',
    `the envelope of ${envelope.recipients.length} recipients has more than 16 MB and cannot be queued; send to fewer at a time`,
  )
}

/** Whether the quote at this place is a sign of the quoted string and not its end. */
function isEscaped(list: string, quote: number): boolean {
  let before = quote
  while (list[before - 1] === '\\') before -= 1
  return (quote - before) % 2 === 1
}

/** Where the quoted string ends that begins here; -1 for a quote that is never closed. */
function endOfQuoted(list: string, start: number): number {
  let end = list.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(list, end)) end = list.indexOf('"', end + 1)
  return end
}

/**
 * Splits an address list at the commas outside of quoted strings. The list may be the megabyte of an enemy, so each octet
 * is looked at once or twice, whatever it is.
 */
export function splitAddresses(list: string): string[] {
  if (!list.includes('"')) return usedParts(list.split(','))
  const parts: string[] = []
  let [from, quotes] = [0, true]
  for (let at = 0; at < list.length; at += 1) {
    if (list[at] === ',') {
      parts.push(list.slice(from, at))
      from = at + 1
    }
    if (!quotes || list[at] !== '"') continue
    const end = endOfQuoted(list, at)
    // Behind one that is never closed none is: they are all escaped.
    quotes = end !== -1
    at = Math.max(at, end)
  }
  return usedParts([...parts, list.slice(from)])
}

function usedParts(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function findBlock(bytes: Buffer): { lines: string[]; length: number } | undefined {
  // Only at the start of a line: a quoted local part may hold the same words.
  const end = bytes.indexOf(`\n${END_LINE}`)
  if (end === -1) return undefined
  const newline = bytes.indexOf(0x0a, end + 1)
  if (newline === -1) return undefined
  return { lines: bytes.toString('utf8', 0, newline).trimEnd().split(/\r?\n/), length: newline + 1 }
}

function refuse(why: string, incomplete = false): MetaResult {
  return { ok: false, incomplete, why }
}

function parseSender(value: string): string {
  return value.startsWith('<') && value.endsWith('>') ? value.slice(1, -1).trim() : value.trim()
}

function parseTime(value: string | undefined): number | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}

function parseUid(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,10}$/.test(value.trim()) ? Number(value) : undefined
}

/**
 * Reads the block at the start of a queued file.
 *
 * @param bytes the first part of the file
 * @param whole true when `bytes` is the whole file, so that a missing end line is final
 */
export function parseMetaBlock(bytes: Buffer, whole: boolean): MetaResult {
  const block = findBlock(bytes)
  if (block === undefined)
    return refuse('the end line of the metadata block is missing', !whole && bytes.length < MAX_BLOCK)
  const fields = new Map<string, string>()
  for (const line of block.lines) {
    const field = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/.exec(line)
    const name = field?.[1]?.toLowerCase()
    if (name === undefined) return refuse('the metadata block holds a line that is no header')
    if (fields.has(name)) return refuse(`the metadata block holds ${name} twice`)
    if (!name.startsWith('x-') && name !== 'return-path' && name !== 'envelope-to') {
      return refuse(`the metadata block holds the foreign header ${name}`)
    }
    fields.set(name, field?.[2] ?? '')
  }
  const sender = fields.get('return-path')
  const recipients = [...new Set(splitAddresses(fields.get('envelope-to') ?? ''))]
  if (sender === undefined) return refuse('the metadata block has no Return-path')
  if (recipients.length === 0) return refuse('the metadata block has no recipient')
  const retries = Number(fields.get('x-retries') ?? 0)
  const reports = parseReportRequest(fields.get('x-queue-dsn'), fields.get('x-queue-rcpt-dsn'), recipients)
  const named = fields.get('x-queue-smtp')
  const server = named === undefined ? undefined : parseServer(named)
  // To guess another server would be to send the message to somebody whom nobody chose.
  if (named !== undefined && server === undefined) return refuse('its X-Queue-Smtp names no server')
  const body = fields.get('x-queue-body')?.trim().toLowerCase()
  return {
    ok: true,
    length: block.length,
    meta: {
      envelope: {
        sender: parseSender(sender),
        recipients,
        ...(reports === undefined ? {} : { reports }),
        ...(body === '8bitmime' ? { body } : {}),
      },
      queuedAt: parseTime(fields.get('x-queue-date')),
      earlierAttempts: Number.isInteger(retries) && retries > 0 ? retries : 0,
      lastAttempt: parseTime(fields.get('x-last-attempt')),
      expires: parseTime(fields.get('x-queue-expires')),
      batch: fields.get('x-queue-batch'),
      account: fields.get('x-queue-account')?.trim() || DEFAULT_ACCOUNT,
      server,
      uid: parseUid(fields.get('x-queue-uid')),
    },
  }
}
