/**
 * The part of a delivery report that programs read: message/delivery-status (RFC 3464). It is all ASCII and every
 * line is short, whatever addresses and replies hold, so that it survives any server and any parser.
 *
 * A non-ASCII address has the type `utf-8` in its ASCII form (RFC 6533 section 3, `\x{E4}`) instead of a part of
 * type message/global-delivery-status: programs that know neither still find the part, its status and its action.
 */
import { foldedField } from '../compose/fields.ts'
import { formatDate } from '../date.ts'
import type { DeliveryReport, ReportedRecipient, ReportKind } from './facts.ts'
import { encodedWords } from '../encoded-word.ts'
import { foreignAscii, foreignText } from '../foreign-text.ts'

/** The longest reply that is told, in characters. */
const LONGEST_REPLY = 800
/** No address that can be sent to is longer, escaped or not. */
const LONGEST_LINE = 970
const ENHANCED = /^([245])(\.\d{1,3}\.\d{1,3})$/

/**
 * Which class a status has, by what is reported, and which status stands for an unknown one. The action decides:
 * the status of a reply that contradicts it keeps its details (RFC 3463 section 2) and changes its class.
 */
const STATUS: Readonly<Record<ReportKind | 'expired', { readonly class: string; readonly unknown: string }>> =
  {
    failed: { class: '5', unknown: '5.0.0' },
    // What was wrong at the last attempt says more than that time is up (RFC 3463, X.4.7).
    expired: { class: '4', unknown: '5.4.7' },
    delayed: { class: '4', unknown: '4.0.0' },
    relayed: { class: '2', unknown: '2.0.0' },
  }

/** The Status field of a recipient (RFC 3464 section 2.3.4). */
export function reportedStatus(kind: ReportKind, { enhanced, expired }: ReportedRecipient): string {
  const row = STATUS[kind === 'failed' && expired === true ? 'expired' : kind]
  const details = ENHANCED.exec(enhanced ?? '')?.[2]
  // Details that say nothing, such as x.0.0 of an expired message, say less than the default.
  return details === undefined || details === '.0.0' ? row.unknown : `${row.class}${details}`
}

/** Printable ASCII without blank, `+`, `=` and `\`: the others are written as their code point. */
const ESCAPED = /[^!-*,-<>-[\]-~]/gu

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return `\\x{${hex.padStart(2, '0')}}`
}

function typedAddress(address: string): string {
  const typed = /^[ -~]*$/.test(address)
    ? `rfc822; ${address}`
    : `utf-8; ${address.replace(ESCAPED, escaped)}`
  return typed.slice(0, LONGEST_LINE)
}

/** What the sender named (RFC 3464 section 2.3.1); it may come from a file that anybody wrote. */
function originalAddress(original: string): string {
  const end = original.indexOf(';')
  return foreignAscii(`${original.slice(0, end)}; ${original.slice(end + 1)}`, LONGEST_LINE)
}

/** A host name, or an address in the brackets that tell it from one. */
function typedHost(host: string): string {
  const name = foreignAscii(host, 255)
  if (/^[\d.]+$/.test(name)) return `dns; [${name}]`
  return name.includes(':') && !name.startsWith('[') ? `dns; [IPv6:${name}]` : `dns; ${name}`
}

/** The words of a reply with its code in front, or ours. */
export function diagnosticText({ code, reason }: ReportedRecipient): string {
  const text = foreignText(reason, LONGEST_REPLY)
  return code === undefined || text.startsWith(String(code)) ? text : `${code} ${text}`.trimEnd()
}

function diagnostic(recipient: ReportedRecipient): string {
  const text = diagnosticText(recipient)
  const ascii = /^[ -~]*$/.test(text) ? text : encodedWords(text).join(' ')
  return `${recipient.code === undefined ? 'x-mailqueue' : 'smtp'}; ${ascii}`
}

type Field = readonly [string, string | undefined]

function fields(list: readonly Field[]): string {
  const lines = list.map(([name, value]) => (value === undefined ? '' : `${foldedField(name, value)}\r\n`))
  return lines.join('')
}

const dateOf = (ms: number | undefined) => (ms === undefined ? undefined : formatDate(ms))

function recipientFields(kind: ReportKind, recipient: ReportedRecipient): string {
  const { code, remoteHost, original } = recipient
  return fields([
    ['Original-Recipient', original === undefined ? undefined : originalAddress(original)],
    ['Final-Recipient', typedAddress(recipient.recipient)],
    ['Action', kind],
    ['Status', reportedStatus(kind, recipient)],
    // Only a server that replied has a say in this.
    ['Remote-MTA', code === undefined || remoteHost === undefined ? undefined : typedHost(remoteHost)],
    ['Diagnostic-Code', recipient.reason === '' ? undefined : diagnostic(recipient)],
    ['Last-Attempt-Date', dateOf(recipient.lastAttempt)],
    ['Will-Retry-Until', kind === 'delayed' ? dateOf(recipient.retryUntil) : undefined],
  ])
}

/** The content of the part. */
export function deliveryStatus(report: DeliveryReport): string {
  const { envid, queueId, arrival } = report
  const message = fields([
    ['Original-Envelope-Id', envid === undefined ? undefined : foreignAscii(envid, 100)],
    ['Reporting-MTA', typedHost(report.reportingHost)],
    ['Arrival-Date', formatDate(arrival)],
    ['X-Mailqueue-Queue-ID', foreignAscii(queueId, 255)],
  ])
  return [message, ...report.recipients.map((each) => recipientFields(report.kind, each))].join('\r\n')
}
