/** What happened to a message, told in the order of time, for whoever has to find out why a promise is broken. */
import { readFileSync } from 'node:fs'
import type { JournalLine } from '../helpers/queue-dir.ts'
import type { Evidence, Stored } from './evidence.ts'

interface Moment {
  /** ISO, or empty for what has no time. */
  readonly time: string
  readonly what: string
}

const iso = (ms: number): string => new Date(ms).toISOString()

const senderOf = (key: string): string => `a+${key}@s.example`

/** What the server saw of a message and of the reports about it. */
function fromServer({ transactions }: Evidence, key: string): Moment[] {
  return transactions
    .filter(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo].includes(senderOf(key)))
    .map(({ connection, mailFrom, rcptTo, startedAt, dotAt, dotReceived, reply, data }) => ({
      time: iso(startedAt),
      what:
        `server: connection ${connection} from <${mailFrom}> for ${rcptTo.join(' ')}: ${data.length} bytes, ` +
        `${dotReceived ? `dot at ${iso(dotAt)}` : 'no dot'}, reply "${reply.trim()}"`,
    }))
}

function fromJournals({ journals }: Evidence, key: string): Moment[] {
  const ofKey = (lines: readonly JournalLine[]): boolean => {
    const text = JSON.stringify(lines)
    return text.includes(`"${key}-`) || text.includes(`"${senderOf(key)}`)
  }
  return journals
    .filter(ofKey)
    .flatMap((lines) =>
      lines.map(({ time = '', ...event }) => ({ time, what: `journal: ${JSON.stringify(event)}` })),
    )
}

function fromFolders(place: string, stored: readonly Stored[], key: string): Moment[] {
  return stored
    .filter(({ sender, recipients }) => [sender, ...Object.keys(recipients)].includes(senderOf(key)))
    .map(({ folder, name }) => ({ time: '', what: `${place}: ${folder}/${name}` }))
}

/** The lines of the structured log about a message. */
function fromLog(path: string, key: string): Moment[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines
    .filter((line) => line.includes(`${key}-`) || line.includes(senderOf(key)))
    .map((line) => ({ time: /"time":"([^"]*)"/.exec(line)?.[1] ?? '', what: `log: ${line}` }))
}

/** The stories of all messages that some sentences are about. */
export function storiesOf(evidence: Evidence, sentences: readonly string[], logPath: string): string[] {
  const keys = new Set(sentences.flatMap((sentence) => sentence.match(/\bw\d+s\d+\b/g) ?? []))
  return [...keys].flatMap((key) => {
    const submission = evidence.submissions.find((each) => each.key === key)
    const moments = [
      ...fromServer(evidence, key),
      ...fromJournals(evidence, key),
      ...fromLog(logPath, key),
      ...fromFolders('removed', evidence.removed, key),
      ...fromFolders('queue', evidence.stored, key),
    ]
    const told = moments.toSorted((a, b) => (a.time || '~').localeCompare(b.time || '~'))
    return [
      `${key}: exit code ${String(submission?.code)}`,
      ...told.map(({ time, what }) => `  ${time} ${what}`),
    ]
  })
}
