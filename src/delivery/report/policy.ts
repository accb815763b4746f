/**
 * Which delivery reports a message owes now: pure functions of its envelope, of what became of its recipients and
 * of what the site wants. Whoever makes the reports sends them from the null sender, each to its one recipient.
 *
 * Reports cannot loop, and there are at most two in a row:
 *
 * - a report to the sender is only owed for a message that has one, and no report has;
 * - a report to the postmaster is only owed for the null sender and about other recipients than the postmaster, and
 *   this report has no other: when it fails too, nothing is owed.
 *
 * So the longest chain is a message, the report to its sender, and the report to the postmaster about that one.
 * Where nobody is owed a report, the message stays in failed/. That a program wrote a message (Auto-Submitted,
 * Precedence, List fields) changes nothing: RFC 3834 is about answers to an author, and a report goes to the
 * envelope sender.
 */
import { sameAddress } from '../../message/address/address.ts'
import type { Notify } from '../../message/envelope.ts'
import type { RecipientStatus } from '../../queue/journal/recipient-state.ts'

/** What the site wants. */
export interface ReportSettings {
  /** `none`: no reports of any kind are made. */
  readonly bounce: 'dsn' | 'none'
  /** Who is told of failures of messages with the null sender: a whole address, as an envelope holds it. */
  readonly postmaster?: string
  /** The age at which a sender is told of a delay, in milliseconds; senders are not told when left out. */
  readonly delayNotice?: number
}

/** Where one recipient stands. */
export interface RecipientReportState {
  readonly recipient: string
  readonly status: RecipientStatus
  /** A report of this final status was made already, or nobody is owed one. */
  readonly bounced: boolean
  /** The server that has the message sends the reports that were asked for. */
  readonly reportsTaken?: boolean
  /** What the sender asks for about this recipient: nothing or an empty list means the usual. */
  readonly notify?: readonly Notify[]
}

/** A message as far as reports go. */
export interface ReportableMessage {
  /** The envelope sender; empty for the null sender. */
  readonly sender: string
  readonly recipients: readonly RecipientReportState[]
  /** Milliseconds since this host accepted it. */
  readonly age: number
  /** The sender was told of a delay before. */
  readonly delayNoticeSent: boolean
}

/** One report that is owed. Its kind is the one that composeDeliveryReport takes. */
export type OwedReport =
  | ({ readonly kind: 'failed'; readonly audience: 'sender' | 'postmaster' } & Addressed)
  | ({ readonly kind: 'delayed' | 'relayed'; readonly audience: 'sender' } & Addressed)

interface Addressed {
  /** The one recipient of the report. */
  readonly to: string
  /** The recipients of the original that it is about; at least one. */
  readonly recipients: readonly string[]
}

type Which = (state: RecipientReportState) => boolean

const hasFailed: Which = ({ status, bounced }) => (status === 'failed' || status === 'expired') && !bounced
const isWaiting: Which = ({ status }) =>
  status === 'pending' || status === 'deferred' || status === 'in-doubt'
const wasRelayed: Which = ({ status, bounced, reportsTaken }) =>
  status === 'delivered' && !bounced && reportsTaken !== true

/** Whether the sender is told of this (RFC 3461 section 4.1): by the usual rule, or as he asks. */
function isWanted({ notify = [] }: RecipientReportState, what: Notify): boolean {
  if (notify.length === 0) return what === 'failure' || what === 'delay'
  return !notify.includes('never') && notify.includes(what)
}

function isDelayed({ age, delayNoticeSent }: ReportableMessage, { delayNotice }: ReportSettings): boolean {
  return delayNotice !== undefined && age >= delayNotice && !delayNoticeSent
}

function owedToSender(message: ReportableMessage, settings: ReportSettings): OwedReport[] {
  const { sender: to } = message
  const about = (what: Notify, which: Which): string[] =>
    message.recipients
      .filter((state) => which(state) && isWanted(state, what))
      .map(({ recipient }) => recipient)
  const audience = 'sender'
  const reports: OwedReport[] = [
    { kind: 'failed', audience, to, recipients: about('failure', hasFailed) },
    { kind: 'relayed', audience, to, recipients: about('success', wasRelayed) },
  ]
  if (isDelayed(message, settings)) {
    reports.push({ kind: 'delayed', audience, to, recipients: about('delay', isWaiting) })
  }
  return reports
}

function owedToPostmaster({ recipients }: ReportableMessage, to: string): OwedReport {
  const others = recipients.filter((state) => hasFailed(state) && !sameAddress(state.recipient, to))
  return { kind: 'failed', audience: 'postmaster', to, recipients: others.map(({ recipient }) => recipient) }
}

/**
 * Decides which reports are owed now. To be asked after an attempt and when a message expires, with the states that
 * are recorded; asked again with what was reported marked as such, it owes nothing twice.
 *
 * @returns at most one report of each kind, in the order in which they should be made
 */
export function owedReports(message: ReportableMessage, settings: ReportSettings): OwedReport[] {
  if (settings.bounce === 'none') return []
  const { postmaster } = settings
  const toPostmaster =
    postmaster === undefined || postmaster === '' ? [] : [owedToPostmaster(message, postmaster)]
  const reports = message.sender === '' ? toPostmaster : owedToSender(message, settings)
  return reports.filter(({ recipients }) => recipients.length > 0)
}
