/**
 * Makes a delivery report: a message that tells a sender what became of his mail (RFC 3464 in a multipart/report
 * of RFC 6522), in three parts: words for people, fields for programs, and the message or its header. It never
 * fails, whatever a foreign server or the original message holds; nothing of that can add a header field, a line or
 * a part. All is ASCII with CRLF, except an address in To that has no ASCII form. The same key gives the same
 * Message-ID, so that a report that is made again after a crash can be told from a second one.
 */
import { domainToASCII } from 'node:url'
import { foldedField, headerAddress, textFieldValue } from '../compose/fields.ts'
import { formatDate } from '../date.ts'
import { deliveryStatus } from './delivery-status.ts'
import { foreignText } from '../foreign-text.ts'
import { fieldText, type HeaderBlock } from '../header-block.ts'
import { messageIdIn, messageIdOfKey } from '../message-id.ts'
import { originalHeader } from '../original-message.ts'
import { formatMailbox } from '../phrase.ts'
import { quotedPrintable } from '../mime/transfer-encoding.ts'
import type { DeliveryReport, ReportKind } from './facts.ts'
import { reportText } from './text.ts'
import { isSevenBit, returnedMessage, type ReportPart } from './returned-message.ts'

const SUBJECTS: Readonly<Record<ReportKind, string>> = {
  failed: 'Undelivered mail',
  delayed: 'Delayed mail',
  relayed: 'Relayed mail',
}

/** The longest subject that is repeated, in characters. */
const LONGEST_SUBJECT = 200
const LONGEST_ADDRESS = 900
const MESSAGE_ID = /^<[!-;=?-~]{1,900}>$/

/** The subject of the original, cut between words where it has encoded ones (RFC 2047): none is cut in two. */
function shortSubject(header: HeaderBlock): string {
  const [field] = header.fields('subject')
  const text = foreignText(field === undefined ? '' : fieldText(field), Infinity)
  if (text.length <= LONGEST_SUBJECT || !text.includes('=?')) return foreignText(text, LONGEST_SUBJECT)
  return `${text.slice(0, Math.max(0, text.lastIndexOf(' ', LONGEST_SUBJECT)))} ...`.trim()
}

function subject(kind: ReportKind, header: HeaderBlock): string {
  const original = shortSubject(header)
  return original === '' ? SUBJECTS[kind] : `${SUBJECTS[kind]}: ${original}`
}

function asciiDomain(domain: string): string {
  const ascii = domainToASCII(domain)
  return /^[\w-]+(?:\.[\w-]+)*$/.test(ascii) ? ascii : 'localhost'
}

function headerLines(report: DeliveryReport, header: HeaderBlock, boundary: string): string {
  const domain = asciiDomain(report.domain)
  const id = messageIdIn(header) ?? ''
  const thread: [string, string][] = MESSAGE_ID.test(id)
    ? [
        ['In-Reply-To', id],
        ['References', id],
      ]
    : []
  const fields: (readonly [string, string])[] = [
    ['From', formatMailbox('Mail Delivery System', `MAILER-DAEMON@${domain}`)],
    ['To', headerAddress(foreignText(report.to, LONGEST_ADDRESS))],
    ['Subject', textFieldValue(subject(report.kind, header))],
    ['Date', formatDate(report.now)],
    ['Message-ID', messageIdOfKey(report.key, domain)],
    ...thread,
    ['Auto-Submitted', 'auto-replied'],
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/report; report-type=delivery-status; boundary="${boundary}"`],
  ]
  return fields.map(([name, value]) => `${foldedField(name, value)}\r\n`).join('')
}

function textPart(report: DeliveryReport, whole: boolean): ReportPart {
  const content = `${reportText(report, whole).join('\r\n')}\r\n`
  if (isSevenBit(content)) return { fields: [['Content-Type', 'text/plain; charset=us-ascii']], content }
  return {
    fields: [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Transfer-Encoding', 'quoted-printable'],
    ],
    content: quotedPrintable(Buffer.from(content)),
  }
}

function partText({ fields, content }: ReportPart): string {
  return `${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${content}`
}

/** A line that is in no part: the original may hold any, also that of an earlier report. */
function boundaryFor(key: string, parts: readonly string[]): string {
  const stem = `=_${key.replace(/[^\w.-]/g, '_').slice(-48)}`
  let boundary = stem
  for (let number = 1; parts.some((part) => part.includes(boundary)); number += 1) {
    boundary = `${stem}_${number}`
  }
  return boundary
}

/**
 * Makes the report. Of an original larger than 50 kB, and of one that is not ASCII in lines of at most 998
 * characters, only the header is returned; so it is with `delayed` and `relayed` (RFC 3461 section 4.3).
 *
 * @param report what it says
 * @returns the whole message with CRLF line ends; its envelope sender has to be the null sender
 */
export function composeDeliveryReport(report: DeliveryReport): Buffer {
  const { kind, original } = report
  const header = originalHeader(original)
  const returned = returnedMessage(kind === 'failed' ? original : { header: original.header }, header)
  const status: ReportPart = {
    fields: [['Content-Type', 'message/delivery-status']],
    content: deliveryStatus(report),
  }
  const parts = [textPart(report, returned.whole), status, returned].map(partText)
  const boundary = boundaryFor(report.key, parts)
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  return Buffer.from(`${headerLines(report, header, boundary)}\r\n${body}--${boundary}--\r\n`)
}
