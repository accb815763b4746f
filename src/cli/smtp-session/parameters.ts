/**
 * The parameters of MAIL and RCPT: what the extensions that EHLO offers allow, and nothing else. What cannot be
 * understood refuses the command (501, or 555 for a word that nobody knows): a report that was asked for and never
 * comes looks like success.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Envelope, RecipientRequest, ReportRequest } from '../../message/envelope.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import { isOriginalRecipient } from '../../message/recipient-request.ts'
import { fromXtext } from '../../message/xtext.ts'
import { envidRequest, notifyRequest, returnRequest } from '../sendmail/report-options.ts'
import { RefusedCommand } from './reply.ts'

/** What MAIL says besides the sender; the body is undefined where its bytes decide. */
export type MailParameters = ReportRequest & { readonly body?: Envelope['body'] | undefined }

/** Reads a value, undefined when there is none. Returns undefined, or throws USAGE, for one that is not allowed. */
type Reader<T> = (value: string | undefined) => T | undefined

function readOriginal(value = ''): RecipientRequest | undefined {
  const original = value.replace(/;(.*)$/, (_, address: string) => `;${fromXtext(address) ?? ''}`)
  return isOriginalRecipient(original) ? { original } : undefined
}

const BODIES: Readonly<Record<string, MailParameters>> = {
  '7BIT': { body: undefined },
  '8BITMIME': { body: '8bitmime' },
}

/** The size is seen in the message itself, and so is a body of 7 bits. */
const MAIL: Readonly<Record<string, Reader<MailParameters>>> = {
  SIZE: (value = '') => (/^\d{1,20}$/.test(value) ? {} : undefined),
  BODY: (value = '') =>
    Object.hasOwn(BODIES, value.toUpperCase()) ? BODIES[value.toUpperCase()] : undefined,
  SMTPUTF8: (value) => (value === undefined ? {} : undefined),
  RET: (value = '') => returnRequest(value),
  ENVID: (value = '') => envidRequest(fromXtext(value) ?? ''),
}

const RCPT: Readonly<Record<string, Reader<RecipientRequest>>> = {
  NOTIFY: (value = '') => notifyRequest(value),
  ORCPT: readOriginal,
}

function readValue<T>(reader: Reader<T>, value: string | undefined): T | undefined {
  try {
    return reader(value)
  } catch (error) {
    if (error instanceof MailError) return undefined
    throw error
  }
}

function readParameters<T>(text: string, readers: Readonly<Record<string, Reader<T>>>): Partial<T> {
  const seen = new Set<string>()
  let result: Partial<T> = {}
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [name = '', ...values] = word.split('=')
    const key = name.toUpperCase()
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined
    if (reader === undefined)
      throw new RefusedCommand(555, `5.5.4 the parameter ${quoteForMessage(name)} is unknown`)
    const read = readValue(reader, values.length > 0 ? values.join('=') : undefined)
    if (read === undefined || seen.has(key)) {
      throw new RefusedCommand(501, `5.5.4 the parameter ${quoteForMessage(word)} cannot be understood`)
    }
    seen.add(key)
    result = { ...result, ...read }
  }
  return result
}

/** Reads the parameters of MAIL: SIZE, BODY, SMTPUTF8, RET and ENVID. @throws RefusedCommand */
export function mailParameters(text: string): MailParameters {
  return readParameters(text, MAIL)
}

/** Reads the parameters of RCPT: NOTIFY and ORCPT. @throws RefusedCommand */
export function rcptParameters(text: string): RecipientRequest {
  return readParameters(text, RCPT)
}
