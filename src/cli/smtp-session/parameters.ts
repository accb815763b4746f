/**
 * The parameters of MAIL and RCPT: what the extensions that EHLO offers allow, and nothing else. What cannot be
 * understood refuses the command (501, or 555 for a word that nobody knows): a report that was asked for and never
 * comes looks like success.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Notify, ReportRequest } from '../../message/envelope.ts'
import { quoteForMessage } from '../../message/address.ts'
import { envidRequest, notifyRequest, returnRequest } from '../sendmail/report-options.ts'
import { Refusal } from './reply.ts'

/** What is asked for about one recipient (RFC 3461 sections 4.1 and 4.2). */
export interface RecipientRequest {
  readonly notify?: readonly Notify[]
  /** The recipient as he was named first: type and address, not in xtext. */
  readonly original?: string
}

/** Reads a value, undefined when there is none. Returns undefined, or throws USAGE, for one that is not allowed. */
type Reader<T> = (value: string | undefined) => T | undefined

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/
const ORIGINAL = /^(?=.{1,500}$)[A-Za-z\d-]+;[ -~]+$/

function fromXtext(text = ''): string {
  if (!XTEXT.test(text)) return ''
  return text.replace(/\+(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function readOriginal(value = ''): RecipientRequest | undefined {
  const original = value.replace(/;(.*)$/, (_, address: string) => `;${fromXtext(address)}`)
  return ORIGINAL.test(original) ? { original } : undefined
}

/** The size and the kind of the body are seen in the message itself. */
const MAIL: Readonly<Record<string, Reader<ReportRequest>>> = {
  SIZE: (value = '') => (/^\d{1,20}$/.test(value) ? {} : undefined),
  BODY: (value = '') => (/^(?:7BIT|8BITMIME)$/i.test(value) ? {} : undefined),
  SMTPUTF8: (value) => (value === undefined ? {} : undefined),
  RET: (value = '') => returnRequest(value),
  ENVID: (value) => envidRequest(fromXtext(value)),
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
      throw new Refusal(555, `5.5.4 the parameter ${quoteForMessage(name)} is unknown`)
    const read = readValue(reader, values.length > 0 ? values.join('=') : undefined)
    if (read === undefined || seen.has(key)) {
      throw new Refusal(501, `5.5.4 the parameter ${quoteForMessage(word)} cannot be understood`)
    }
    seen.add(key)
    result = { ...result, ...read }
  }
  return result
}

/** Reads the parameters of MAIL: SIZE, BODY, SMTPUTF8, RET and ENVID. @throws Refusal */
export function mailParameters(text: string): ReportRequest {
  return readParameters(text, MAIL)
}

/** Reads the parameters of RCPT: NOTIFY and ORCPT. @throws Refusal */
export function rcptParameters(text: string): RecipientRequest {
  return readParameters(text, RCPT)
}
