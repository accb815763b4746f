/**
 * What an envelope asks for about each of its recipients (RFC 3461). The requests are known by the recipient as the
 * envelope writes him, so they are brought into that form once, where an envelope is made.
 */
import { MailError } from '../errors/mail-error.ts'
import { addressKey, envelopeAddress, quoteForMessage } from './address/address.ts'
import type { Envelope, Notify, RecipientRequest, ReportRequest } from './envelope.ts'

type Requests = ReadonlyMap<string, RecipientRequest>

const ORIGINAL = /^(?=.{1,500}$)[A-Za-z\d][\w.-]*;[!-~](?:[ -~]*[!-~])?$/

/** True for what can be told and passed on as the recipient that the sender named. */
export function isOriginalRecipient(text: string): boolean {
  return ORIGINAL.test(text)
}

/** When the sender wants to be told about this recipient; empty means the usual. */
export function notifyFor(reports: ReportRequest | undefined, recipient: string): readonly Notify[] {
  return reports?.recipients?.get(recipient)?.notify ?? reports?.notify ?? []
}

/** True when the sender may want to hear of a success, be it of one recipient. */
export function asksForSuccess(reports: ReportRequest | undefined): boolean {
  if (reports === undefined) return false
  const asked = [...(reports.recipients?.values() ?? [])].map(({ notify }) => notify)
  return [reports.notify, ...asked].some((notify) => notify?.includes('success') === true)
}

function checked(request: RecipientRequest): RecipientRequest {
  const { original } = request
  if (original === undefined || isOriginalRecipient(original)) return request
  throw new MailError(
    'USAGE',
    `the original recipient ${quoteForMessage(original)} cannot be used: write rfc822;user@host, in plain ASCII`,
  )
}

/**
 * The requests as an envelope has them: by its own recipients, and none about anybody else. The first about a recipient
 * counts, also when it asks for nothing.
 *
 * @param requests the keys may be written in any way that means the same address
 * @throws MailError USAGE for an original recipient that cannot be passed on, ADDRESS_INVALID for a key that is no
 *   address
 */
function requestsOf(recipients: readonly string[], requests: Requests): Requests {
  const known = new Map(recipients.map((recipient) => [addressKey(recipient), recipient]))
  const found = new Map<string, RecipientRequest>()
  for (const [address, request] of requests) {
    const recipient = known.get(addressKey(envelopeAddress(address, 'recipient')))
    if (recipient !== undefined && !found.has(recipient)) found.set(recipient, checked(request))
  }
  for (const [recipient, request] of found) if (Object.keys(request).length === 0) found.delete(recipient)
  return found
}

/**
 * Brings the requests for reports into the form of an envelope.
 *
 * @throws MailError USAGE for an original recipient that cannot be passed on, ADDRESS_INVALID for a request about what
 *   is no address
 */
export function reportsOf(
  recipients: Envelope['recipients'],
  { recipients: requests, ...reports }: ReportRequest,
): ReportRequest {
  const own = requests === undefined ? undefined : requestsOf(recipients, requests)
  return own === undefined || own.size === 0 ? reports : { ...reports, recipients: own }
}
