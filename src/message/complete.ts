/**
 * Makes the header block complete before the message is final: fields that a message must have are added at the
 * end, Bcc goes, From and To are made where that is asked for, and every other field stays byte for byte as it
 * came. Cannot fail.
 */
import { formatDate } from './date.ts'
import { foldLongLines } from './fold-long-lines.ts'
import type { HeaderBlock } from './header-block.ts'
import { messageIdIn, newMessageId } from './message-id.ts'
import { formatMailbox } from './phrase.ts'
import { replaceFrom, type Author } from './replace-from.ts'
import { isResent } from './resent.ts'
import { setTo, type SetTo } from './set-to.ts'

/** What is done to a header. */
export interface HeaderPolicy {
  /** From is added when missing, made to name the sender in any case, or left alone. */
  readonly setFrom: 'auto' | 'on' | 'off'
  readonly setDate: 'auto' | 'off'
  readonly setMessageId: 'auto' | 'off'
  readonly setTo: SetTo
  readonly removeBcc: boolean
}

/** What is known about a message beside its header. */
export interface HeaderFacts {
  /** Envelope sender; the empty string is the null sender. */
  readonly sender: string
  /** Whom a From field that has to be made names, unless the sender is the null sender. */
  readonly from: Author
  /** Whom a To field that has to be made names. */
  readonly recipients?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The mail domain of this host. */
  readonly domain: string
  /** The Message-ID of a message that has none; a new one when left out. */
  readonly messageId?: string
}

/** What is missing is added, and nothing else. */
const PLAIN: HeaderPolicy = {
  setFrom: 'auto',
  setDate: 'auto',
  setMessageId: 'auto',
  setTo: 'off',
  removeBcc: true,
}

/** Fields that only the sender is to see. */
const BLIND: ReadonlySet<string> = new Set(['bcc', 'resent-bcc'])

/** A header block that is ready to be sent. */
export interface CompleteHeader {
  /** All fields and the blank line. */
  readonly bytes: Buffer
  /** The Message-ID as it stands in the header. */
  readonly messageId: string | undefined
}

interface Required {
  readonly name: string
  readonly value: (facts: HeaderFacts) => string
  /** The part of the policy that has to say so. */
  readonly by: 'setFrom' | 'setDate' | 'setMessageId'
  /** Only in a message that was resent (RFC 5322 section 3.6.6). */
  readonly resent?: boolean
}

const date = (facts: HeaderFacts) => formatDate(facts.now)
const identifier = (facts: HeaderFacts) => facts.messageId ?? newMessageId(facts.sender, facts.domain)

/** The fields that are added when missing, in this order. */
const REQUIRED: readonly Required[] = [
  { name: 'From', value: fromValue, by: 'setFrom' },
  { name: 'Date', value: date, by: 'setDate' },
  { name: 'Message-ID', value: identifier, by: 'setMessageId' },
  { name: 'Resent-Date', value: date, by: 'setDate', resent: true },
  { name: 'Resent-Message-ID', value: identifier, by: 'setMessageId', resent: true },
]

/**
 * Completes a header block.
 *
 * @param header as it was read; Bcc and Resent-Bcc are left out of the result
 * @param facts what the added fields are made of
 * @param policy what is done; by default missing fields are added and Bcc goes
 */
export function completeHeader(
  header: HeaderBlock,
  facts: HeaderFacts,
  policy: HeaderPolicy = PLAIN,
): CompleteHeader {
  const set = setFields(header, facts, policy)
  const added = missingFields(set, facts, policy)
  const kept = policy.removeBcc ? set.all.filter(({ name }) => !BLIND.has(name.toLowerCase())) : set.all
  const text = kept.map(foldLongLines).join('')
  const lines = [...added].map(([name, value]) => `${name}: ${value}\r\n`)
  return {
    bytes: Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(`${lines.join('')}\r\n`)]),
    messageId: added.get('Message-ID') ?? messageIdIn(set),
  }
}

/**
 * To and From as the policy wants them. The null sender has no address that From could name, and a message that was
 * resent keeps its author.
 */
function setFields(header: HeaderBlock, facts: HeaderFacts, policy: HeaderPolicy): HeaderBlock {
  const addressed = setTo(header, policy.setTo, facts.recipients ?? [])
  const replaces = policy.setFrom === 'on' && facts.sender !== '' && !isResent(header)
  return replaces ? replaceFrom(addressed, facts.from) : addressed
}

function missingFields(header: HeaderBlock, facts: HeaderFacts, policy: HeaderPolicy): Map<string, string> {
  const resent = isResent(header)
  const added = new Map<string, string>()
  for (const { name, value, by, resent: onlyResent = false } of REQUIRED) {
    const wanted = policy[by] !== 'off' && (resent || !onlyResent)
    if (wanted && header.fields(name).length === 0) added.set(name, value(facts))
  }
  return added
}

function fromValue({ sender, from, domain }: HeaderFacts): string {
  return sender === ''
    ? formatMailbox('MAILER-DAEMON', `MAILER-DAEMON@${domain}`)
    : formatMailbox(from.name, from.address)
}
