/**
 * What the owner of a dropped file gets when it is refused: a delivery report, in the place of the message. The command that
 * dropped it has ended with success long ago, so this is made whatever `bounce` says, and it does not count for
 * `bounce_limit`: nobody can use up the reports of others.
 */
import type { Config } from '../../config/config.ts'
import { envelopeAddress } from '../../message/address/address.ts'
import { bufferContent } from '../../message/content.ts'
import { composeDeliveryReport } from '../../message/report/delivery-report.ts'
import { dropId } from '../../queue/drop/name.ts'
import type { StagedMessage } from '../../queue/drop/stage.ts'
import type { QueueMeta } from '../../queue/meta-block.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { chooseRoutes, type Submitter } from '../account/choose.ts'
import type { DeliveryContext } from '../context.ts'
import { ownAddress } from './sender.ts'

/** A file that is not taken over, as far as it could be read. */
export interface RefusedDrop {
  /** Its name. */
  readonly name: string
  readonly submitter: Submitter
  readonly why: string
  /** What could be read of its metadata. */
  readonly meta: QueueMeta | undefined
  /** What could be read of its message, the header at least. */
  readonly header: Buffer
}

/** Who is told: the user, or the postmaster for one who has no name that mail could go to. */
function toldAddress(config: Config, submitter: Submitter): string {
  try {
    const own = ownAddress(config, submitter)
    if (own !== undefined) return envelopeAddress(own, 'recipient')
  } catch {
    // A login name that no address can have.
  }
  return config.postmaster ?? `postmaster@${mailDomain(config.qualifyDomain)}`
}

/** The recipients as a report can name them. */
function namedRecipients(meta: QueueMeta | undefined, to: string): readonly string[] {
  const usable = (meta?.envelope.recipients ?? []).filter((recipient) => !/[\p{Cc}\uFFFD]/u.test(recipient))
  return usable.length === 0 ? [to] : usable.slice(0, 100)
}

/** The report, ready to be staged in the place of the message. */
export function refusalReport(config: Config, context: DeliveryContext, refusal: RefusedDrop): StagedMessage {
  const { name, submitter, why, meta, header } = refusal
  const to = toldAddress(config, submitter)
  const id = dropId(submitter.uid ?? 0, name)
  const now = context.clock.now()
  const bytes = composeDeliveryReport({
    kind: 'failed',
    to,
    reportingHost: context.reports.host,
    domain: context.reports.domain,
    key: `${id}.0`,
    now,
    queueId: id.toUpperCase(),
    arrival: now,
    recipients: namedRecipients(meta, to).map((recipient) => ({ recipient, reason: why })),
    original: { header },
  })
  const envelope = { sender: '', recipients: [to] }
  const [route] = chooseRoutes(config, envelope, submitter)
  return {
    envelope,
    content: bufferContent(bytes),
    ...(route === undefined ? {} : { account: route.account.name }),
  }
}
