/**
 * Everything that the rig knows, and where it knows it from: what it submitted itself, what the server wrote
 * down, and what the files of the queue say. Nothing here uses the program's own code.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { journalOf, namesIn, readStored, type JournalLine, type StoredMessage } from '../helpers/queue-dir.ts'
import type { RecordedTransaction } from '../helpers/scripted-server.ts'
import type { Refusal } from '../helpers/server-records.ts'

/** A message that was given to a command. Each recipient belongs to one message only. */
export interface Submission {
  readonly key: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** The message as it has to arrive. */
  readonly wire: Buffer
  /** Exit code of the command; null when a signal ended it. */
  readonly code: number | null
}

/** A message that an administrator wanted removed, or recipients whom he took off it. */
export interface Deletion {
  /** The unique name of the message. */
  readonly unique: string
  readonly recipients: readonly string[]
  /** The command said that it did it; else nobody knows. */
  readonly sure: boolean
  /** When the command had ended, milliseconds since the epoch. */
  readonly at: number
}

/** A message in the queue. */
export interface Stored extends StoredMessage {
  /** `new`, `cur`, `hold` or `failed`. */
  readonly folder: string
}

/** What the checker looks at. */
export interface Evidence {
  readonly submissions: readonly Submission[]
  readonly deletions: readonly Deletion[]
  /** Names of files in new/ that are no messages. */
  readonly planted: readonly string[]
  readonly transactions: readonly RecordedTransaction[]
  readonly refusals: readonly Refusal[]
  readonly stored: readonly Stored[]
  /** Messages in another queue, where some came from or went to. */
  readonly elsewhere: readonly Stored[]
  /** Messages that were removed from the queue. */
  readonly removed: readonly Stored[]
  /** Names of files in the folders for messages that are no messages. */
  readonly unreadable: readonly string[]
  /** Names in corrupt/. */
  readonly corrupt: readonly string[]
  /** Every journal there ever was. */
  readonly journals: readonly (readonly JournalLine[])[]
  /** What commands that only look have changed, in words. */
  readonly disturbed: readonly string[]
  /** Commands that were killed, or whose file operations were made to fail. */
  readonly interrupted: number
  /** The faults are over and the queue was run until it was quiet. */
  readonly settled: boolean
  /** Who is told of reports that their senders did not get. */
  readonly postmaster: string
}

/** What the files alone tell. */
export type FileEvidence = Pick<
  Evidence,
  'stored' | 'elsewhere' | 'removed' | 'unreadable' | 'corrupt' | 'journals'
>

const FOLDERS = ['new', 'cur', 'hold', 'failed'] as const

/** The messages of a queue, and the files that are none. */
function messagesOf(queueDir: string): { stored: Stored[]; unreadable: string[] } {
  const stored: Stored[] = []
  const unreadable: string[] = []
  for (const folder of FOLDERS) {
    for (const name of namesIn(queueDir, folder)) {
      try {
        stored.push({ folder, ...readStored(queueDir, folder, name) })
      } catch {
        unreadable.push(name)
      }
    }
  }
  return { stored, unreadable }
}

/** Journals by the identity of their file: one that has a name in both places is one. */
function journalsOf(directories: readonly string[]): JournalLine[][] {
  const found = new Map<number, JournalLine[]>()
  for (const directory of directories) {
    for (const name of namesIn(directory, 'state')) {
      const { ino } = statSync(join(directory, 'state', name))
      if (!found.has(ino)) found.set(ino, journalOf(directory, name.replace(/\.log$/, '')))
    }
  }
  return [...found.values()]
}

/**
 * Reads a queue in which nothing runs.
 *
 * @param keepDir where keep-removed.cjs put what was removed
 * @param otherDir another queue
 */
export function readQueue(queueDir: string, keepDir: string, otherDir: string): FileEvidence {
  const { stored, unreadable } = messagesOf(queueDir)
  const present = new Set(stored.map(({ unique }) => unique))
  const removed = messagesOf(keepDir)
  return {
    stored,
    elsewhere: messagesOf(otherDir).stored,
    removed: removed.stored.filter(({ unique }) => !present.has(unique)),
    unreadable: [...unreadable, ...removed.unreadable],
    corrupt: namesIn(queueDir, 'corrupt'),
    journals: journalsOf([queueDir, keepDir, otherDir]),
  }
}

/** What is different between two snapshots of a directory, in words. */
export function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.filter((name) => before[name] !== after[name])
}
