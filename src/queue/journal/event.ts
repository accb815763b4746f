/**
 * The lines of a journal, and how they are read. A line that is torn, foreign or incomplete is no line: what it
 * would have said did not happen. Reading never fails.
 */
import type { FailureScope } from '../../message/outcome.ts'

/** Several recipients, and why. */
interface Several {
  readonly recipients: readonly string[]
  readonly why: string
}

/** Somebody's decision about the whole message. */
interface Decision {
  readonly by: string
  readonly why: string
}

/** One line of a journal. Readers ignore events and members they do not know. */
export type JournalEvent =
  | {
      readonly event: 'attempt'
      readonly runner: string
      readonly counts: boolean
      /** A further part of an attempt that is counted already. */
      readonly part?: true
    }
  | {
      readonly event: 'delivered'
      readonly recipients: readonly string[]
      readonly reply: string
      readonly remoteId?: string
      /** The server took over the delivery reports that were asked for. */
      readonly reportsTaken?: true
      /** The application is told before the message may go. */
      readonly tell?: true
    }
  | {
      readonly event: 'deferred' | 'failed'
      readonly recipient: string
      readonly reason: string
      readonly class: FailureScope
      readonly code?: number
      readonly enhanced?: string
    }
  | ({ readonly event: 'in-doubt' } & Several)
  | ({ readonly event: 'expire'; readonly by?: string } & Several)
  | ({ readonly event: 'cancel'; readonly by: string } & Several)
  /** The sender was told about these recipients by the message with that queue id. */
  | {
      readonly event: 'bounce' | 'delay-notice'
      readonly recipients: readonly string[]
      readonly report: string
    }
  /** What happened to these recipients last is in the outbox for the application. */
  | { readonly event: 'told'; readonly recipients: readonly string[] }
  | ({ readonly event: 'hold' | 'release' | 'retry' | 'requeue' } & Decision)
  /** The envelope as it is from here on; what is left out stays. */
  | {
      readonly event: 'edit'
      readonly by: string
      readonly sender?: string
      /** Another account, over its own server. */
      readonly account?: string
      readonly added?: readonly string[]
    }

/** An event and when it happened, milliseconds since the epoch. */
export type TimedEvent = JournalEvent & { readonly time: number }

type EventKind = JournalEvent['event']

/** Every event, and which member it must have to mean anything; docs/queue.md and mailqueue(5) have the same. */
export const JOURNAL_EVENTS: Readonly<Record<EventKind, 'recipients' | 'recipient' | undefined>> = {
  attempt: undefined,
  delivered: 'recipients',
  deferred: 'recipient',
  failed: 'recipient',
  'in-doubt': 'recipients',
  expire: 'recipients',
  cancel: 'recipients',
  bounce: 'recipients',
  'delay-notice': 'recipients',
  told: 'recipients',
  hold: undefined,
  release: undefined,
  retry: undefined,
  requeue: undefined,
  edit: undefined,
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)

function isEvent(value: Readonly<Record<string, unknown>>): value is JournalEvent & Record<string, unknown> {
  const kind = value['event']
  if (!isText(kind) || !Object.hasOwn(JOURNAL_EVENTS, kind)) return false
  const needed = JOURNAL_EVENTS[kind as EventKind]
  if (needed === 'recipient') return isText(value['recipient'])
  if (needed === 'recipients') return isTexts(value['recipients'])
  const { added, sender, account } = value
  return (
    (added === undefined || isTexts(added)) &&
    [sender, account].every((each) => each === undefined || isText(each))
  )
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

/** Writes events as lines. The leading line end closes a line that an earlier crash may have torn. */
export function formatJournal(events: readonly TimedEvent[]): string {
  const lines = events.map(({ time, ...event }) =>
    JSON.stringify({ time: new Date(time).toISOString(), ...event }),
  )
  return `\n${lines.join('\n')}\n`
}
