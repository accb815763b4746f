/**
 * The one judge of the rig: compares what was submitted with what the server saw and what the queue holds, and
 * says in sentences which promise of docs/queue.md is broken. It only computes, so checker.test.ts can show it a
 * violation of every kind.
 */
import type { JournalLine } from '../helpers/queue-dir.ts'
import type { RecordedTransaction } from '../helpers/scripted-server.ts'
import type { Deletion, Evidence, Stored, Submission } from './evidence.ts'
import { isReport, reportsOf, type Report } from './reports.ts'

/** Everything about one recipient of one message. */
interface Trace {
  readonly recipient: string
  readonly submission: Submission
  /** Transactions whose final dot came and was not refused: the server may have the message. */
  readonly copies: readonly RecordedTransaction[]
  /** Those of them that the server answered with 2xx. */
  readonly accepted: readonly RecordedTransaction[]
  readonly stored: readonly Stored[]
  readonly elsewhere: readonly Stored[]
  readonly removed: readonly Stored[]
  readonly events: readonly JournalLine[]
  /** How often an administrator sent the message again to those who did not get it. */
  readonly renewals: number
  readonly deletion: Deletion | undefined
  readonly told: Told
}

/** How often the sender was told something about a recipient; a report in the queue counts. */
interface Told {
  readonly failed: number
  readonly delayed: number
  /** An administrator deleted a report that said it has failed. */
  readonly prevented: boolean
}

const timeOf = (event: JournalLine): number => Date.parse(event.time ?? '')

function toldAbout(recipient: string, reports: readonly Report[]): Told {
  const saying = (wanted: string): Report[] =>
    reports.filter(({ statements }) =>
      statements.some((each) => each.recipient === recipient && each.action === wanted),
    )
  const failed = saying('failed')
  return {
    failed: failed.filter(({ deleted }) => !deleted).length,
    delayed: saying('delayed').length,
    prevented: failed.some(({ deleted }) => deleted),
  }
}

function groupBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    for (const key of keysOf(item)) groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}

const named = ({ recipient, recipients = [] }: JournalLine): readonly string[] =>
  recipient === undefined ? recipients : [recipient]

const isRenewal = ({ event }: JournalLine): boolean => event === 'retry' || event === 'requeue'

function tracesOf(evidence: Evidence): Trace[] {
  const transactions = groupBy(evidence.transactions, ({ rcptTo }) => rcptTo)
  const ofStored = ({ recipients }: Stored): string[] => Object.keys(recipients)
  const stored = groupBy(evidence.stored, ofStored)
  const elsewhere = groupBy(evidence.elsewhere, ofStored)
  const removed = groupBy(evidence.removed, ofStored)
  const deletions = groupBy(evidence.deletions, ({ recipients }) => recipients)
  const events = groupBy(evidence.journals.flat(), named)
  const journals = groupBy(evidence.journals, (lines) => [...new Set(lines.flatMap(named))])
  const reports = reportsOf(evidence)
  return evidence.submissions.flatMap((submission) =>
    submission.recipients.map((recipient) => {
      const seen = (transactions.get(recipient) ?? []).filter(({ dotReceived }) => dotReceived)
      return {
        recipient,
        submission,
        copies: seen.filter(({ reply }) => !/^[45]/.test(reply)),
        accepted: seen.filter(({ accepted }) => accepted),
        stored: stored.get(recipient) ?? [],
        elsewhere: elsewhere.get(recipient) ?? [],
        removed: removed.get(recipient) ?? [],
        events: events.get(recipient) ?? [],
        renewals: (journals.get(recipient) ?? []).flat().filter(isRenewal).length,
        deletion: deletions.get(recipient)?.at(-1),
        told: toldAbout(recipient, reports),
      }
    }),
  )
}

/** Somebody has it, or has been told, or decided that nobody gets it. */
const isSettled = ({ accepted, deletion, told }: Trace): boolean =>
  accepted.length > 0 || deletion !== undefined || told.failed > 0 || told.prevented

function durable(trace: Trace): string[] {
  const { submission, stored, elsewhere, recipient } = trace
  if (submission.code !== 0 || stored.length + elsewhere.length > 0 || isSettled(trace)) return []
  return [`${submission.key} was accepted with exit code 0, but ${recipient} is neither served nor queued`]
}

function notLost(trace: Trace): string[] {
  const { submission, recipient, stored, elsewhere, removed, deletion, copies } = trace
  const found: string[] = []
  if (stored.length > 1) {
    found.push(
      `${recipient} is in two places: ${stored.map(({ folder, name }) => `${folder}/${name}`).join(' ')}`,
    )
  }
  // Whoever was told "not accepted" may find it taken out of the queue again.
  const promised = submission.code === 0 || submission.code === null
  if (promised && stored.length + elsewhere.length === 0 && removed.length > 0 && !isSettled(trace)) {
    found.push(
      `${submission.key} was removed from the queue, but the server never accepted it for ${recipient}`,
    )
  }
  if (deletion?.sure === true && copies.some(({ startedAt }) => startedAt > deletion.at)) {
    found.push(`${submission.key} was sent to ${recipient} after an administrator had deleted it`)
  }
  return found
}

function almostNeverTwice({ recipient, copies, events, submission }: Trace): string[] {
  const found: string[] = []
  const doubts = events.filter(({ event }) => event === 'in-doubt').length
  if (copies.length > 1 + doubts) {
    found.push(
      `${recipient} got ${copies.length} copies of ${submission.key}, with ${doubts} in doubt on record`,
    )
  }
  for (const event of events.filter((each) => each.event === 'delivered')) {
    if (copies.some(({ startedAt }) => startedAt > timeOf(event))) {
      found.push(`${recipient} got a copy of ${submission.key} after it was recorded as delivered`)
    }
  }
  return found
}

function unchanged({ recipient, submission, copies, stored, elsewhere, removed }: Trace): string[] {
  const { key, wire } = submission
  return [
    ...copies.filter(({ data }) => !data.equals(wire)).map(() => `${recipient} got changed bytes of ${key}`),
    ...[...stored, ...elsewhere, ...removed]
      .filter(({ bytes }) => !bytes.equals(wire))
      .map(({ name }) => `the queue held changed bytes of ${key}: ${name}`),
  ]
}

function trueRecords({ recipient, accepted, events, submission }: Trace, { refusals }: Evidence): string[] {
  const found: string[] = []
  if (accepted.length === 0 && events.some(({ event }) => event === 'delivered')) {
    found.push(`${recipient} is recorded as delivered, but the server never accepted it`)
  }
  for (const { event, code } of events) {
    if (event !== 'failed' || code === undefined) continue
    const answered = refusals.some(
      ({ mailFrom, address, reply }) =>
        reply.startsWith(String(code)) &&
        (address === recipient || (address === '' && mailFrom === submission.sender)),
    )
    if (!answered) found.push(`${recipient} is recorded as refused with ${code}, which the server never said`)
  }
  return found
}

const isGivenUp = (state = ''): boolean => /^(failed|expired)$/.test(state)

/**
 * A failure is told to the sender, once, and once more at the most for each process that was interrupted and each
 * time that an administrator sent it again; so is a delay.
 */
function told(trace: Trace, { settled, interrupted }: Evidence): string[] {
  const { recipient, stored, submission, renewals } = trace
  const { failed, delayed, prevented } = trace.told
  const { key } = submission
  const isOwed = settled && stored.some(({ recipients }) => isGivenUp(recipients[recipient]))
  const found: string[] = []
  if (isOwed && failed === 0 && !prevented)
    found.push(`the sender of ${key} was never told about ${recipient}`)
  if (failed > 1 + interrupted + renewals) {
    found.push(`the sender of ${key} was told ${failed} times about ${recipient}`)
  }
  if (delayed > 1 + interrupted) {
    found.push(`the sender of ${key} was told ${delayed} times that ${recipient} has to wait`)
  }
  return found
}

/** A report that its sender did not get is told to the postmaster; a report to the postmaster is the last one. */
function toldPostmaster(evidence: Evidence): string[] {
  const { settled, stored, postmaster } = evidence
  if (!settled) return []
  const reports = reportsOf(evidence)
  const isTold = (recipient: string): boolean => {
    const { failed, prevented } = toldAbout(recipient, reports)
    return failed > 0 || prevented
  }
  return stored
    .filter(({ sender, bytes }) => isReport(sender, bytes))
    .flatMap(({ recipients }) => Object.entries(recipients))
    .filter(([to, state]) => isGivenUp(state) && to !== postmaster && !isTold(to))
    .map(([to]) => `the postmaster was never told that a report did not reach ${to}`)
}

/** What is wrong that belongs to no recipient that was submitted. */
function strangers({ submissions, transactions, stored, elsewhere, removed, planted }: Evidence): string[] {
  const senders = new Set(submissions.map(({ sender }) => sender))
  const known = (sender: string, bytes: Buffer): boolean => senders.has(sender) || isReport(sender, bytes)
  return [
    ...transactions
      .filter(({ dotReceived, mailFrom, data }) => dotReceived && !known(mailFrom, data))
      .map(({ mailFrom }) => `the server got a message from <${mailFrom}> that nobody submitted`),
    ...[...stored, ...elsewhere, ...removed]
      // A bad file that can be read like a message, and that no run has come to yet.
      .filter(({ folder, name }) => folder !== 'new' || !planted.includes(name))
      .filter(({ sender, bytes }) => !known(sender, bytes))
      .map(({ folder, name }) => `the queue held a message that nobody submitted: ${folder}/${name}`),
  ]
}

/** The name that a quarantined file had in new/. */
const formerName = (name: string): string => name.replace(/\.reason$/, '').replace(/:1,p\w+\.\w+$/, '')

function badFiles({ corrupt, planted, unreadable, settled, interrupted }: Evidence): string[] {
  const isReason = (name: string): boolean => name.endsWith('.reason')
  const named = (test: (name: string) => boolean): Set<string> =>
    new Set(corrupt.filter(test).map(formerName))
  const [files, reasons] = [named((name) => !isReason(name)), named(isReason)]
  const bare = [...files].filter((name) => !reasons.has(name))
  return [
    ...[...files]
      .filter((name) => !planted.includes(name))
      .map((name) => `I2: ${name} is in corrupt/, and it was a message`),
    ...unreadable
      .map((name) => formerName(name))
      .filter((name) => !planted.includes(name))
      .map((name) => `I2: ${name} is in the queue and cannot be read`),
    ...planted
      .filter((name) => settled && !files.has(name))
      .map((name) => `I5: the bad file ${name} is not in corrupt/`),
    // A process that ends between the move and the reason leaves a file without one.
    ...bare.slice(interrupted).map((name) => `I5: ${name} is in corrupt/ without a reason`),
  ]
}

function leftOver({ settled, stored }: Evidence): string[] {
  return stored
    .filter(({ folder }) => settled && folder !== 'failed')
    .map(({ folder, name }) => `I2: ${folder}/${name} was never finished, although nothing is wrong any more`)
}

/** The promises that each recipient is owed, by their numbers in the design of the queue where they have one. */
const OWED: Readonly<Record<string, (trace: Trace, evidence: Evidence) => string[]>> = {
  I1: durable,
  I2: notLost,
  I3: almostNeverTwice,
  I4: unchanged,
  I7: trueRecords,
  bounces: told,
}

/**
 * Judges.
 *
 * @returns a sentence for each violation, which begins with the promise that is broken; none when all is well
 */
export function violations(evidence: Evidence): string[] {
  const traces = tracesOf(evidence)
  const owed = Object.entries(OWED).flatMap(([name, rule]) =>
    traces.flatMap((trace) => rule(trace, evidence).map((sentence) => `${name}: ${sentence}`)),
  )
  const others = [
    ...strangers(evidence).map((sentence) => `I4: ${sentence}`),
    ...toldPostmaster(evidence).map((sentence) => `bounces: ${sentence}`),
    ...badFiles(evidence),
    ...leftOver(evidence),
    ...evidence.disturbed.map((what) => `I6: ${what}`),
  ]
  return [...new Set([...owed, ...others])]
}

/** Counts for people: how much a run of the rig has seen. */
export function inNumbers(evidence: Evidence): string {
  const traces = tracesOf(evidence)
  const count = (test: (trace: Trace) => boolean): number => traces.filter(test).length
  return [
    `${evidence.submissions.length} messages`,
    `${traces.length} recipients`,
    `${count(({ accepted }) => accepted.length > 0)} accepted by the server`,
    `${count(({ copies }) => copies.length > 1)} with a second copy`,
    `${count(({ events }) => events.some(({ event }) => event === 'in-doubt'))} in doubt at some time`,
    `${count(({ stored }) => stored.some(({ folder }) => folder === 'failed'))} in failed/`,
    `${count(({ deletion }) => deletion !== undefined)} deleted`,
    `${count(({ events }) => events.some(({ event }) => event === 'expire'))} given up`,
    `${count(({ told: { delayed } }) => delayed > 0)} told of a delay`,
    `${reportsOf(evidence).length} reports`,
    `${evidence.planted.length} bad files`,
  ].join(', ')
}
