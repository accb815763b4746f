/**
 * The journal of a message: JSON lines, only ever appended, one file per message in state/. It is the one truth
 * about what became of each recipient. A line torn by a crash is no line; what it would have said did not
 * happen.
 */
import { existsSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { FailureScope, RecipientOutcome } from '../message/outcome.ts'
import { appendText, syncDirectory } from '../util/durable-file.ts'
import { folderPath } from './layout.ts'

/** One line of a journal. Readers ignore events and members they do not know. */
export type JournalEvent =
  | { readonly event: 'attempt'; readonly runner: string; readonly counts: boolean }
  | {
      readonly event: 'delivered'
      readonly recipients: readonly string[]
      readonly reply: string
      readonly remoteId?: string
    }
  | {
      readonly event: 'deferred' | 'failed'
      readonly recipient: string
      readonly reason: string
      readonly class: FailureScope
      readonly code?: number
      readonly enhanced?: string
    }
  | { readonly event: 'in-doubt'; readonly recipients: readonly string[]; readonly why: string }
  | { readonly event: 'expire'; readonly recipients: readonly string[]; readonly why: string }
  | { readonly event: 'hold' | 'release' | 'retry'; readonly by: string; readonly why: string }

/** An event and when it happened, milliseconds since the epoch. */
export type TimedEvent = JournalEvent & { readonly time: number }

/** The path of a message's journal. */
export function journalPath(queueDir: string, unique: string): string {
  return folderPath(queueDir, 'state', `${unique}.log`)
}

type EventKind = JournalEvent['event']

/** Which member each event must have to mean anything. */
const NEEDED: Readonly<Record<EventKind, 'recipients' | 'recipient' | undefined>> = {
  attempt: undefined,
  delivered: 'recipients',
  deferred: 'recipient',
  failed: 'recipient',
  'in-doubt': 'recipients',
  expire: 'recipients',
  hold: undefined,
  release: undefined,
  retry: undefined,
}

const isText = (value: unknown): value is string => typeof value === 'string'

function isEvent(value: Readonly<Record<string, unknown>>): value is JournalEvent & Record<string, unknown> {
  const kind = value['event']
  if (!isText(kind) || !Object.hasOwn(NEEDED, kind)) return false
  const needed = NEEDED[kind as EventKind]
  if (needed === 'recipient') return isText(value['recipient'])
  if (needed === 'recipients') return Array.isArray(value['recipients']) && value['recipients'].every(isText)
  return true
}

function parseLine(line: string): TimedEvent | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const record: Readonly<Record<string, unknown>> = { ...value }
    if (!isEvent(record)) return undefined
    const time = Date.parse(String(record['time']))
    return { ...record, time: Number.isNaN(time) ? 0 : time }
  } catch {
    return undefined
  }
}

/** Reads journal text. Lines that are torn or unknown are passed over. */
export function parseJournal(text: string): TimedEvent[] {
  return text
    .split('\n')
    .map((line) => (line === '' ? undefined : parseLine(line)))
    .filter((event) => event !== undefined)
}

/** Most messages have no journal: asking first is cheaper than an exception, but only ENOENT means no. */
function hasJournal(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw queueError(error, 'cannot look for the journal', path)
  }
}

/**
 * Reads a message's journal; empty when it has none.
 *
 * @throws MailError QUEUE_* when state/ cannot be searched, the system's error when the file cannot be read: a
 *   journal that is there and says nothing would send the message again to those who have it
 */
export function readJournal(queueDir: string, unique: string): TimedEvent[] {
  const path = journalPath(queueDir, unique)
  return hasJournal(path) ? parseJournal(readFileSync(path, 'utf8')) : []
}

/**
 * Appends events with one write. With `sync` it resolves only once they, and the journal's name, are on stable
 * storage.
 *
 * @throws MailError QUEUE_* when they may not be
 */
export async function appendJournal(
  queueDir: string,
  unique: string,
  events: readonly TimedEvent[],
  sync: boolean,
): Promise<void> {
  const path = journalPath(queueDir, unique)
  const lines = events.map(({ time, ...event }) =>
    JSON.stringify({ time: new Date(time).toISOString(), ...event }),
  )
  // The leading line end closes a line that an earlier crash may have torn; an empty line is no event.
  const text = `\n${lines.join('\n')}\n`
  try {
    await appendText(path, text, sync)
    // Also when the file was there before: who made it may have died before this sync.
    if (sync) await syncDirectory(folderPath(queueDir, 'state'))
  } catch (error) {
    throw queueError(error, 'cannot write the journal', path)
  }
}

/** Removes a journal that is no longer needed; one that does not exist is fine. */
export function removeJournal(queueDir: string, unique: string): void {
  const path = journalPath(queueDir, unique)
  if (!existsSync(path)) return
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot remove the journal', path)
  }
}

/** False for success, and for a failure that says nothing about the message. */
function isBlamed(outcome: RecipientOutcome): boolean {
  if (outcome.status === 'delivered') return false
  return outcome.status !== 'deferred' || (outcome.scope !== 'account' && outcome.scope !== 'host')
}

/** The events that one attempt, or a part of it, leaves behind. A part that is `counted` adds no attempt. */
export function attemptEvents(
  outcomes: readonly RecipientOutcome[],
  runner: string,
  time: number,
  counted = false,
): TimedEvent[] {
  const counts = !counted && outcomes.some(isBlamed)
  const events: TimedEvent[] = [{ event: 'attempt', time, runner, counts }]
  for (const group of groupDelivered(outcomes)) events.push({ ...group, event: 'delivered', time })
  for (const outcome of outcomes) {
    if (outcome.status !== 'deferred' && outcome.status !== 'failed') continue
    const { status, scope, ...rest } = outcome
    events.push({ event: status, class: scope, time, ...rest })
  }
  const doubtful = outcomes.filter((outcome) => outcome.status === 'in-doubt')
  const [first] = doubtful
  if (first !== undefined) {
    events.push({ event: 'in-doubt', recipients: doubtful.map((o) => o.recipient), why: first.reason, time })
  }
  return events
}

function groupDelivered(
  outcomes: readonly RecipientOutcome[],
): { recipients: string[]; reply: string; remoteId?: string }[] {
  const groups = new Map<string, { recipients: string[]; reply: string; remoteId?: string }>()
  for (const outcome of outcomes) {
    if (outcome.status !== 'delivered') continue
    const group = groups.get(outcome.reply)
    if (group !== undefined) group.recipients.push(outcome.recipient)
    else {
      const { recipient, reply, remoteId } = outcome
      groups.set(reply, { recipients: [recipient], reply, ...(remoteId === undefined ? {} : { remoteId }) })
    }
  }
  return [...groups.values()]
}
