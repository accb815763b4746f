/**
 * Which recipients can go in one transaction: the protocol engine asks the same reports for all of a transaction
 * (RFC 3461), so those about whom something else is asked need one of their own. Without such requests, and at a
 * server that knows nothing of reports, everybody goes together.
 */
import type { Envelope, RecipientRequest, ReportRequest } from '../message/envelope.ts'
import { notifyFor } from '../message/recipient-request.ts'

/** What is asked for in one transaction. */
export type TransactionReports = Omit<ReportRequest, 'recipients'> & RecipientRequest

/** Recipients for one transaction, and what is asked for about each of them. */
export interface Batch {
  readonly recipients: readonly string[]
  readonly reports?: TransactionReports | undefined
}

/** The same text where the same is asked for. */
function keyOf(reports: ReportRequest, recipient: string): string {
  const original = reports.recipients?.get(recipient)?.original ?? ''
  return `${[...notifyFor(reports, recipient)].sort().join(',')} ${original}`
}

/** The recipients, those first about whom the same is asked as about the first, and so on. */
export function inGroups({ recipients, reports }: Envelope): readonly string[] {
  if (reports?.recipients === undefined) return recipients
  const groups = new Map<string, string[]>()
  for (const recipient of recipients) {
    const key = keyOf(reports, recipient)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [recipient])
    else group.push(recipient)
  }
  return [...groups.values()].flat()
}

/**
 * Those at the front who can go in one transaction.
 *
 * @param recipients at least one, in groups
 * @param reports what the envelope asks for; undefined when the server knows nothing of reports
 * @param limit how many can go in one transaction
 */
export function nextBatch(
  recipients: readonly string[],
  reports: ReportRequest | undefined,
  limit: number,
): Batch {
  const most = recipients.slice(0, Math.max(1, limit))
  const [first = ''] = most
  if (reports === undefined) return { recipients: most }
  const { recipients: requests, ...common } = reports
  if (requests === undefined) return { recipients: most, reports: common }
  const key = keyOf(reports, first)
  const other = most.findIndex((recipient) => keyOf(reports, recipient) !== key)
  const original = requests.get(first)?.original
  return {
    recipients: other === -1 ? most : most.slice(0, other),
    reports: {
      ...common,
      notify: notifyFor(reports, first),
      ...(original === undefined ? {} : { original }),
    },
  }
}
