/**
 * What a queue directory holds, for assertions of the kind "the queue holds exactly ...". The files are read
 * here with code of its own, so the program is not asked about itself.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** One message and where its recipients stand: `pending` without a journal, else the last event's name. */
export interface StoredMessage {
  readonly id: string
  readonly unique: string
  /** The file name. */
  readonly name: string
  readonly sender: string
  readonly recipients: Readonly<Record<string, string>>
  /** The message behind the metadata block. */
  readonly bytes: Buffer
}

const PLACES = ['new', 'cur', 'hold', 'failed'] as const
const END = 'X-Queue-Meta-End: end'

/** A directory for a queue that is gone when the test is over. */
export function temporaryQueue(): string {
  const parent = mkdtempSync(join(tmpdir(), 'mailqueue-test-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'queue')
}

/** Names in a folder, sorted; none when the folder does not exist. */
export function namesIn(queueDir: string, folder: string): string[] {
  const path = join(queueDir, folder)
  return existsSync(path) ? readdirSync(path).sort() : []
}

/** One line of a journal. */
export interface JournalLine {
  readonly event: string
  readonly time?: string
  readonly code?: number
  readonly recipient?: string
  readonly recipients?: readonly string[]
}

/** The lines of a journal that are whole. */
export function journalOf(queueDir: string, unique: string): JournalLine[] {
  const path = join(queueDir, 'state', `${unique}.log`)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as JournalLine]
      } catch {
        return []
      }
    })
}

/** What an event makes of a recipient; the others say nothing about it. */
const STATUS: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  deferred: 'deferred',
  failed: 'failed',
  'in-doubt': 'in-doubt',
  expire: 'expired',
  cancel: 'cancelled',
}

function statesOf(queueDir: string, unique: string, recipients: readonly string[]): Record<string, string> {
  const states: Record<string, string> = Object.fromEntries(recipients.map((each) => [each, 'pending']))
  for (const { event, recipient, recipients: several = [] } of journalOf(queueDir, unique)) {
    for (const each of recipient === undefined ? several : [recipient]) {
      const status = STATUS[event]
      if (status !== undefined && states[each] !== 'delivered') states[each] = status
    }
    if (event !== 'retry' && event !== 'requeue') continue
    for (const each of recipients) if (/failed|expired/.test(states[each] ?? '')) states[each] = 'pending'
  }
  return states
}

const idOf = (unique: string): string =>
  (
    /R([0-9a-f]{12})\./.exec(unique)?.[1] ?? createHash('sha256').update(unique).digest('hex').slice(0, 12)
  ).toUpperCase()

/** Reads one queued file. Fails when it is none. */
export function readStored(queueDir: string, place: string, name: string): StoredMessage {
  const file = readFileSync(join(queueDir, place, name))
  const text = file.toString('latin1')
  const end = text.search(new RegExp(`^${END}\r?$`, 'm'))
  if (end === -1) throw new Error(`${place}/${name} has no end of the metadata block`)
  const start = text.indexOf('\n', end) + 1
  const block = file.subarray(0, start).toString('utf8')
  const field = (key: string): string => new RegExp(`^${key}: *(.*?)\r?$`, 'm').exec(block)?.[1] ?? ''
  const unique = name.split(/[,:]/)[0] ?? ''
  const list = field('Envelope-to')
  const recipients = list.includes('"') ? list.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/) : list.split(',')
  return {
    id: idOf(unique),
    unique,
    name,
    sender: field('Return-path').replace(/^<|>$/g, ''),
    recipients: statesOf(queueDir, unique, recipients),
    bytes: file.subarray(start),
  }
}

/** All messages of a folder. */
export function storedIn(queueDir: string, place: string): StoredMessage[] {
  return namesIn(queueDir, place).map((name) => readStored(queueDir, place, name))
}

/** A message in short: `a@x.example=pending b@x.example=delivered`. */
export function inShort({ recipients }: StoredMessage): string {
  return Object.entries(recipients)
    .map(([recipient, state]) => `${recipient}=${state}`)
    .join(' ')
}

/** Everything in a queue; folders that are empty are left out. */
export type QueueContents = Readonly<Record<string, readonly string[]>>

/**
 * What the queue holds exactly: for each folder with messages these in short, sorted; the names in tmp/,
 * corrupt/ (claims cut off) and runners/; and as `orphans` the journals that belong to no message.
 */
export function queueContents(queueDir: string): QueueContents {
  const stored = PLACES.map((place) => [place, storedIn(queueDir, place)] as const)
  const corrupt = namesIn(queueDir, 'corrupt')
  const known = new Set([
    ...stored.flatMap(([, messages]) => messages.map(({ unique }) => unique)),
    ...corrupt.map((name) => name.split(/[,:]/)[0] ?? ''),
  ])
  const all: [string, string[]][] = [
    ...stored.map(([place, messages]): [string, string[]] => [place, messages.map(inShort).sort()]),
    ['tmp', namesIn(queueDir, 'tmp')],
    ['corrupt', corrupt.map((name) => name.replace(/:1,p[^/]*?(?=\.reason$|$)/, '')).sort()],
    ['runners', namesIn(queueDir, 'runners')],
    ['orphans', namesIn(queueDir, 'state').filter((name) => !known.has(name.replace(/\.log$/, '')))],
  ]
  return Object.fromEntries(all.filter(([, entries]) => entries.length > 0))
}

/** Every path below a directory with its kind, size, inode and times: equal when nothing was written. */
export function snapshot(directory: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })].sort()) {
    const { mode, size, ino, mtimeMs, ctimeMs } = lstatSync(join(directory, name))
    found[name] = [mode, size, ino, mtimeMs, ctimeMs].join(' ')
  }
  return found
}
