/**
 * Makes the header block complete before the message is final: fields that a message must have are added at the
 * end, Bcc goes, and every other field stays byte for byte as it came. Cannot fail.
 */
import { formatDate } from './date.ts'
import type { HeaderBlock } from './header-block.ts'
import { messageIdIn, newMessageId } from './message-id.ts'
import { formatMailbox } from './phrase.ts'

/** What is known about a message beside its header. */
export interface HeaderFacts {
  /** Envelope sender; the empty string is the null sender. */
  readonly sender: string
  /** Who a missing From field names, unless the sender is the null sender. */
  readonly from: { readonly name?: string; readonly address: string }
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The mail domain of this host. */
  readonly domain: string
}

/** A header block that is ready to be sent. */
export interface CompleteHeader {
  /** All fields and the blank line. */
  readonly bytes: Buffer
  /** The Message-ID as it stands in the header. */
  readonly messageId: string | undefined
}

const HIDDEN = new Set(['bcc', 'resent-bcc'])

/** The fields that are added when missing, in this order. */
const REQUIRED: readonly (readonly [string, (facts: HeaderFacts) => string])[] = [
  ['From', fromValue],
  ['Date', (facts) => formatDate(facts.now)],
  ['Message-ID', (facts) => newMessageId(facts.sender, facts.domain)],
]

/** The same for a message that has any Resent field (RFC 5322 section 3.6.6). */
const RESENT_REQUIRED: typeof REQUIRED = [
  ['Resent-Date', (facts) => formatDate(facts.now)],
  ['Resent-Message-ID', (facts) => newMessageId(facts.sender, facts.domain)],
]

/**
 * Completes a header block.
 *
 * @param header as it was read; Bcc and Resent-Bcc are left out of the result
 * @param facts what the added fields are made of
 */
export function completeHeader(header: HeaderBlock, facts: HeaderFacts): CompleteHeader {
  const isResent = header.all.some((field) => field.name.toLowerCase().startsWith('resent-'))
  const required = isResent ? [...REQUIRED, ...RESENT_REQUIRED] : REQUIRED
  const added = new Map<string, string>()
  for (const [name, value] of required) {
    if (header.fields(name).length === 0) added.set(name, value(facts))
  }
  const kept = header.all.filter((field) => !HIDDEN.has(field.name.toLowerCase())).map((field) => field.raw)
  const lines = [...added].map(([name, value]) => `${name}: ${value}\r\n`)
  return {
    bytes: Buffer.concat([Buffer.from(kept.join(''), 'latin1'), Buffer.from(`${lines.join('')}\r\n`)]),
    messageId: added.get('Message-ID') ?? messageIdIn(header),
  }
}

function fromValue({ sender, from, domain }: HeaderFacts): string {
  return sender === ''
    ? formatMailbox('MAILER-DAEMON', `MAILER-DAEMON@${domain}`)
    : formatMailbox(from.name, from.address)
}
