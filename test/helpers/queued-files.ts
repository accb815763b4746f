/**
 * What a queue directory holds, read from the files alone: nothing here uses the program's own code, so a test
 * that looks this way also holds the format to its word.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One queued message. */
export interface QueuedFile {
  /** `new`, `cur`, `hold` or `failed`. */
  readonly folder: string
  readonly name: string
  /** The queue id, as commands print it. */
  readonly id: string
  /** Unix seconds of the next attempt, from the name. */
  readonly nextAttempt: number
  readonly sender: string
  readonly recipients: readonly string[]
  /** The metadata block in front of the message. */
  readonly block: string
  /** The message bytes as latin1 text, without the block in front of them. */
  readonly message: string
  /** The last event of the journal for each recipient that has one. */
  readonly states: Readonly<Record<string, string>>
}

const END = 'X-Queue-Meta-End: end\r\n'

function readStates(queueDir: string, unique: string): Record<string, string> {
  const path = join(queueDir, 'state', `${unique}.log`)
  const states: Record<string, string> = {}
  if (!existsSync(path)) return states
  for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const { event, recipient, recipients } = JSON.parse(line) as {
      event: string
      recipient?: string
      recipients?: string[]
    }
    if (event === 'bounce' || event === 'delay-notice') continue
    for (const each of recipient === undefined ? (recipients ?? []) : [recipient]) states[each] = event
  }
  return states
}

function readQueued(queueDir: string, folder: string, name: string): QueuedFile {
  const text = readFileSync(join(queueDir, folder, name), 'latin1')
  const end = text.indexOf(END)
  if (end === -1) throw new Error(`${folder}/${name} has no metadata block`)
  const field = (key: string): string => new RegExp(`^${key}: (.*)\r$`, 'm').exec(text)?.[1] ?? ''
  return {
    folder,
    name,
    id: (/R([0-9a-f]{12})\./.exec(name)?.[1] ?? '').toUpperCase(),
    nextAttempt: Number(/,N=(\d+)/.exec(name)?.[1]),
    sender: field('Return-path').replace(/^<(.*)>$/, '$1'),
    recipients: field('Envelope-to').split(','),
    block: text.slice(0, end + END.length),
    message: text.slice(end + END.length),
    states: readStates(queueDir, name.split(',')[0] ?? ''),
  }
}

function namesIn(queueDir: string, folder: string): string[] {
  const path = join(queueDir, folder)
  return existsSync(path) ? readdirSync(path).sort() : []
}

/** Every message in the queue, in the order new, cur, hold, failed. Fails when tmp/ holds anything. */
export function queuedFiles(queueDir: string): QueuedFile[] {
  const unfinished = namesIn(queueDir, 'tmp')
  if (unfinished.length > 0) throw new Error(`left in tmp/: ${unfinished.join(' ')}`)
  return ['new', 'cur', 'hold', 'failed'].flatMap((folder) =>
    namesIn(queueDir, folder).map((name) => readQueued(queueDir, folder, name)),
  )
}

/** The queue in short: a line for each message, such as `new one@d.ex=deferred two@d.ex`. */
export function queueSummary(queueDir: string): string[] {
  return queuedFiles(queueDir).map(({ folder, recipients, states }) =>
    [folder, ...recipients.map((each) => each + (states[each] === undefined ? '' : `=${states[each]}`))].join(
      ' ',
    ),
  )
}
