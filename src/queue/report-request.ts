/**
 * What the sender wants to be told, in two lines of the metadata block with the words of RFC 3461:
 * `RET=HDRS ENVID=x+20y NOTIFY=FAILURE,DELAY` about the whole message, and `TO=b@d.ex NOTIFY=NEVER TO=...` about single
 * recipients. Free text and addresses are in xtext (section 4). What cannot be understood counts as not asked for.
 */
import type { Notify, RecipientRequest, ReportRequest } from '../message/envelope.ts'
import { isOriginalRecipient } from '../message/recipient-request.ts'
import { fromXtext, toXtext } from '../message/xtext.ts'

const NOTIFY: readonly Notify[] = ['never', 'success', 'failure', 'delay']
/** What a hand has written may be no xtext; it is taken as it is then. */
const readText = (value: string): string => fromXtext(value) ?? value

const notifyWord = (notify: readonly Notify[]): string => `NOTIFY=${notify.join(',').toUpperCase()}`

/** Writes what is asked for about the whole message; empty when nothing special is. */
export function formatReportRequest({ ret, envid, notify = [] }: ReportRequest): string {
  return [
    ...(ret === undefined ? [] : [`RET=${ret.toUpperCase()}`]),
    ...(envid === undefined ? [] : [`ENVID=${toXtext(envid)}`]),
    ...(notify.length === 0 ? [] : [notifyWord(notify)]),
  ].join(' ')
}

/**
 * Writes what is asked for about single recipients; empty when nothing is.
 *
 * @param recipients those who are written down; requests about others are left out
 */
export function formatRecipientRequests(
  { recipients: requests }: ReportRequest,
  recipients: readonly string[],
): string {
  if (requests === undefined) return ''
  const words = recipients.flatMap((recipient) => {
    const { notify, original } = requests.get(recipient) ?? {}
    const said = [
      ...(notify === undefined ? [] : [notifyWord(notify)]),
      ...(original === undefined ? [] : [`ORCPT=${toXtext(original)}`]),
    ]
    return said.length === 0 ? [] : [`TO=${toXtext(recipient)}`, ...said]
  })
  return words.join(' ')
}

function wordsOf(text: string): (readonly [name: string, value: string])[] {
  return text.split(/\s+/).map((word) => {
    const equals = word.indexOf('=')
    return [word.slice(0, Math.max(0, equals)).toUpperCase(), word.slice(equals + 1)]
  })
}

/** The words that are known, and `never` alone, since it contradicts all others. */
function readNotify(text: string): readonly Notify[] {
  const wanted = text.toLowerCase().split(',')
  return wanted.includes('never') ? ['never'] : NOTIFY.filter((word) => wanted.includes(word))
}

function readMessageRequest(text: string): Omit<ReportRequest, 'recipients'> {
  const words = new Map(wordsOf(text))
  const ret = words.get('RET')?.toLowerCase()
  const envid = words.get('ENVID')
  const notify = readNotify(words.get('NOTIFY') ?? '')
  return {
    ...(ret === 'full' || ret === 'hdrs' ? { ret } : {}),
    ...(envid === undefined || envid === '' ? {} : { envid: readText(envid) }),
    ...(notify.length === 0 ? {} : { notify }),
  }
}

/** What one word says about a recipient. */
function readWord(name: string, value: string): RecipientRequest {
  if (name === 'NOTIFY') {
    const notify = readNotify(value)
    // An empty list is the usual, which may differ from what is asked for about the message.
    return notify.length > 0 || value === '' ? { notify } : {}
  }
  const original = name === 'ORCPT' ? readText(value) : ''
  return isOriginalRecipient(original) ? { original } : {}
}

function readRecipientRequests(text: string, recipients: readonly string[]): Map<string, RecipientRequest> {
  const known = new Set(recipients)
  const requests = new Map<string, RecipientRequest>()
  let recipient = ''
  for (const [name, value] of wordsOf(text)) {
    if (name === 'TO') recipient = readText(value)
    const request = readWord(name, value)
    if (!known.has(recipient) || Object.keys(request).length === 0) continue
    requests.set(recipient, { ...requests.get(recipient), ...request })
  }
  return requests
}

/**
 * Reads both lines; undefined when they ask for nothing.
 *
 * @param message the line about the whole message
 * @param single the line about single recipients
 * @param recipients those of the message; what is said about others is passed over
 */
export function parseReportRequest(
  message: string | undefined,
  single: string | undefined,
  recipients: readonly string[],
): ReportRequest | undefined {
  if (message === undefined && single === undefined) return undefined
  const requests = single === undefined ? undefined : readRecipientRequests(single, recipients)
  const request: ReportRequest = {
    ...readMessageRequest(message ?? ''),
    ...(requests === undefined || requests.size === 0 ? {} : { recipients: requests }),
  }
  return Object.keys(request).length === 0 ? undefined : request
}
