/**
 * Header fields from the command line and from a template, sorted by what they are for: those that name recipients,
 * the sender and the subject say the same as options, so that no field is ever there twice.
 */
import { MailError } from '../../errors/mail-error.ts'
import { ownFields, ownFieldValue } from '../../message/compose/fields.ts'
import { isContentField } from '../../message/compose/tree.ts'
import { fieldTextIn, type HeaderBlock } from '../../message/header-block.ts'
import { KINDS, type ByKind } from './recipient-kinds.ts'
import type { Header } from './words.ts'

/** Fields by what they are for. */
export interface SortedHeaders {
  /** Address lists. */
  readonly recipients: ByKind<readonly string[]>
  /** The last one. */
  readonly subject: string | undefined
  /** The last one. */
  readonly from: string | undefined
  readonly others: readonly Header[]
}

const SORTED: ReadonlySet<string> = new Set([...KINDS, 'subject', 'from'])

/** Who gets a message that is sent on (RFC 5322 section 3.6.6). */
const SENT_ON = /^resent-(?:to|cc|bcc)$/i

/**
 * A message that is sent on goes as it is to others than those of its To, and a mail that is composed does neither:
 * it would go to the wrong people.
 */
function refuseSentOn(headers: readonly Header[]): void {
  const name = headers.find(([each]) => SENT_ON.test(each))?.[0]
  if (name === undefined) return
  throw new MailError(
    'MESSAGE_MALFORMED',
    `the header has ${name}, and mq-mail sends no message on; use mq-sendmail -t for that`,
  )
}

/**
 * Sorts fields.
 *
 * @throws MailError MESSAGE_MALFORMED for those of a message that is sent on
 */
export function sortHeaders(headers: readonly Header[]): SortedHeaders {
  refuseSentOn(headers)
  const valuesOf = (key: string): string[] =>
    headers.filter(([name]) => name.toLowerCase() === key).map(([, value]) => value)
  return {
    recipients: { to: valuesOf('to'), cc: valuesOf('cc'), bcc: valuesOf('bcc') },
    subject: valuesOf('subject').at(-1),
    from: valuesOf('from').findLast((value) => value !== ''),
    others: headers.filter(([name]) => !SORTED.has(name.toLowerCase())),
  }
}

/** The fields of a template. @param charset of values that are not UTF-8 */
export function templateHeaders(header: HeaderBlock, charset: string): readonly Header[] {
  return header.all.map((field) => [field.name, fieldTextIn(field, charset)] as const)
}

/** Adds a field, unless there is one of its name already. */
export function withHeader(
  headers: readonly Header[],
  name: string,
  value: string | undefined,
): readonly Header[] {
  const isThere = headers.some(([other]) => other.toLowerCase() === name.toLowerCase())
  return value === undefined || isThere ? headers : [...headers, [name, value]]
}

/**
 * Makes sure that fields can be written, but for those about the content, which depend on it.
 *
 * @throws MailError MESSAGE_MALFORMED or ADDRESS_INVALID for one that cannot
 */
export function checkHeaders(headers: readonly Header[]): void {
  for (const [key, fields] of ownFields(headers)) {
    if (key !== 'mime-version' && !isContentField(key)) fields.forEach(ownFieldValue)
  }
}
