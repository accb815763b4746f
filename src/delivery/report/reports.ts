/**
 * Makes the delivery reports that a message owes: each is stored in the queue first and noted in the journal of
 * the message afterwards. A crash in between makes it again, with the same Message-ID.
 */
import { MailError } from '../../errors/mail-error.ts'
import { bufferContent } from '../../message/content.ts'
import { composeDeliveryReport } from '../../message/report/delivery-report.ts'
import { readOriginal } from '../../message/original-message.ts'
import type { ReportedRecipient } from '../../message/report/facts.ts'
import { isGivenUp } from '../../queue/journal/recipient-state.ts'
import type { Claim, QueuedMessage, QueueStore } from '../../queue/store.ts'
import type { DeliveryContext } from '../context.ts'
import { countReport } from './limit.ts'
import type { OwedReport } from './policy.ts'
import { reportBounced } from './report.ts'
import { expiryOf } from '../schedule.ts'

/** What reports are made with. */
export interface Reporting {
  readonly queue: QueueStore
  readonly context: DeliveryContext
  /** The server that answered, such as `smtp://mail.example:25`. */
  readonly remote: string
}

const hostOf = (remote: string): string | undefined => /^[a-z]+:\/\/([^, ]*):\d+$/.exec(remote)?.[1]

function reportedRecipients(
  message: QueuedMessage,
  { kind, recipients }: OwedReport,
  { context, remote }: Reporting,
): ReportedRecipient[] {
  const about = new Set(recipients)
  const remoteHost = hostOf(remote)
  const retryUntil = kind === 'delayed' ? expiryOf(context.policy, message) : undefined
  const originalOf = (recipient: string) => message.envelope.reports?.recipients?.get(recipient)?.original
  return message.recipients
    .filter(({ recipient }) => about.has(recipient))
    .map(({ recipient, status, reason = '', code, enhanced, stopped }) => ({
      recipient,
      original: originalOf(recipient),
      reason,
      ...(enhanced === undefined ? {} : { enhanced }),
      ...(code === undefined ? {} : { code }),
      ...(code === undefined || remoteHost === undefined ? {} : { remoteHost }),
      ...(status === 'expired' ? { expired: true as const } : {}),
      ...(status === 'expired' && stopped === true ? { stopped: true as const } : {}),
      ...(message.lastAttempt === undefined ? {} : { lastAttempt: message.lastAttempt }),
      ...(retryUntil === undefined ? {} : { retryUntil }),
    }))
}

async function compose(claim: Claim, owed: OwedReport, reporting: Reporting): Promise<Buffer> {
  const { message } = claim
  const { reports, clock } = reporting.context
  const envid = message.envelope.reports?.envid
  return composeDeliveryReport({
    kind: owed.kind,
    to: owed.to,
    ...(owed.audience === 'postmaster' ? { toPostmaster: true as const } : {}),
    reportingHost: reports.host,
    domain: reports.domain,
    key: `${message.id}.${message.reportsMade + 1}`,
    now: clock.now(),
    queueId: message.id,
    arrival: message.queuedAt,
    ...(envid === undefined ? {} : { envid }),
    recipients: reportedRecipients(message, owed, reporting),
    original: await readOriginal(claim.content, message.envelope.reports?.ret === 'full'),
  })
}

async function makeReport(claim: Claim, owed: OwedReport, reporting: Reporting): Promise<void> {
  const { queue, context } = reporting
  const { message, content } = claim
  const { to, recipients, kind } = owed
  if (!(await countReport(queue, context.reports.limit, message.uid, context.clock.now()))) {
    throw new Error(
      `the limit of ${context.reports.limit} reports an hour, or one user's share of it, is reached (bounce_limit)`,
    )
  }
  const bytes = await compose(claim, owed, reporting)
  if (kind === 'failed' && context.webhook !== undefined) {
    const { tellBounced } = await import('../outbox/tell.ts')
    await tellBounced(claim, recipients, reporting)
  }
  const envelope = { sender: '', recipients: [to] }
  // The way of the message, unless there is none any more.
  const { account = message.account } = context.reports
  const server = account === message.account ? message.server : undefined
  const report = await queue.enqueue({
    envelope,
    content: bufferContent(bytes),
    account,
    ...(server === undefined ? {} : { server }),
  })
  await claim.note({ event: kind === 'delayed' ? 'delay-notice' : 'bounce', recipients, report })
  const { id, envelope: original, attempts, account: from } = message
  if (kind === 'delayed') context.log.info('message.delay-noticed', { id, report, to, recipients })
  else
    await reportBounced(
      context,
      { envelope: original, content, id, attempts, account: from },
      { report, to, recipients },
    )
}

/** An address that no message can be sent to makes the report impossible, now and later. */
function isHopeless(error: unknown): boolean {
  return error instanceof MailError && !error.temporary && !error.code.startsWith('QUEUE_')
}

/**
 * Makes the reports that a claimed message owes.
 *
 * @throws when one could not be stored or noted; trying again later makes what is missing
 */
export async function makeReports(
  claim: Claim,
  reports: readonly OwedReport[],
  reporting: Reporting,
): Promise<void> {
  const { context } = reporting
  for (const owed of reports) {
    try {
      await makeReport(claim, owed, reporting)
    } catch (error) {
      if (!isHopeless(error)) throw error
      context.log.error('report.impossible', { id: claim.message.id, to: owed.to, reason: String(error) })
    }
  }
}

/**
 * Tells the sender of a message who did not get it and was not named to him before, whatever the site and the
 * sender want otherwise.
 *
 * @throws as {@link makeReports}, and when the report is impossible
 */
export async function makeFailureReport(claim: Claim, reporting: Reporting): Promise<void> {
  const { envelope, recipients } = claim.message
  const untold = recipients.filter((state) => isGivenUp(state) && !state.reported)
  const failed = untold.map(({ recipient }) => recipient)
  const owed = { kind: 'failed', audience: 'sender', to: envelope.sender, recipients: failed } as const
  await makeReport(claim, owed, reporting)
}
