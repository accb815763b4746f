/**
 * The text logs `delivery_log` and `queue_log`: one line a message, for people and grep, in the form
 *
 *     2026-11-21T21:46:05Z sender@site.example => one@site.example, two@site.example <id@site.example>
 *
 * A line can never be made to look like two: control characters in an address or a Message-ID become `?`. A
 * file that cannot be written is complained about once and never stops a mail.
 */
import { systemClock, type Clock } from '../util/clock.ts'
import { appendFileWriter } from './append-file.ts'
import type { Complain } from './complain.ts'
import { FULL_VIEW, type Privacy } from './privacy.ts'

/** One message, as far as the line tells. */
export interface Transaction {
  /** Without angle brackets; the empty string is the null sender and is written `<>`. */
  readonly sender: string
  /** Those that the line is about, in the order to be written. */
  readonly recipients: readonly string[]
  /** The Message-ID with or without angle brackets; a `-` is written for a message that has none. */
  readonly messageId: string | undefined
}

/** A text log. */
export interface TransactionLog {
  /** Appends the line of one message. Never throws. */
  record(transaction: Transaction): void
}

/** Does nothing, for a configuration without this log. */
export const nullTransactionLog: TransactionLog = { record: () => undefined }

/** Without control characters and the two line separators of Unicode. */
function clean(field: string): string {
  return field.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
}

function angled(messageId: string | undefined): string {
  const id = clean((messageId ?? '').trim().replace(/^<|>$/g, ''))
  return id === '' ? '-' : `<${id}>`
}

/**
 * The line of one message, line end included.
 *
 * @param now milliseconds since the epoch; written in UTC to the second
 * @param privacy hides addresses
 */
export function transactionLine(transaction: Transaction, now: number, privacy = FULL_VIEW): string {
  const date = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  const sender = transaction.sender === '' ? '<>' : clean(privacy.address(transaction.sender))
  const recipients = transaction.recipients.map((each) => clean(privacy.address(each))).join(', ')
  return `${date} ${sender} => ${recipients} ${privacy.text(angled(transaction.messageId))}\n`
}

/**
 * Opens a text log; the file is made with mode 0640 at the first line.
 *
 * @param path absolute path
 * @param complain gets one line the first time the file cannot be written
 * @param privacy hides addresses
 * @param clock says what time it is
 */
export function createTransactionLog(
  path: string,
  complain: Complain,
  privacy: Privacy = FULL_VIEW,
  clock: Clock = systemClock,
): TransactionLog {
  const writer = appendFileWriter(path, complain)
  return { record: (transaction) => writer.write(transactionLine(transaction, clock.now(), privacy)) }
}
