/**
 * A mail while a person types it, and the forms in which it is shown and kept when it is broken off.
 */
import { KINDS, RECIPIENT_FIELDS, type RecipientKind } from './recipient-kinds.ts'

/** What was typed, together with what was given on the command line. */
export interface Typed {
  /** Left out when there is none. */
  readonly subject?: string
  /** Address lists as they were given and then typed, not yet read. */
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  /** The bytes as they were typed, LF line ends. */
  readonly body: Buffer
}

/** A mail that grows. */
export interface Letter {
  subject: string
  readonly recipients: Record<RecipientKind, string[]>
  readonly lines: Buffer[]
}

const LF = Buffer.from('\n')

/** Adds a line, or a text of lines; the line end that the last one lacks is added. */
export function addText(letter: Letter, text: Buffer): void {
  if (text.length > 0) letter.lines.push(text)
  if (text.at(-1) !== LF[0]) letter.lines.push(LF)
}

/** Adds an address list; nothing where it is empty. */
export function addRecipients(letter: Letter, kind: RecipientKind, list: string): void {
  if (list.trim() !== '') letter.recipients[kind].push(list.trim())
}

/** The letter as it is now. */
export function typedSoFar({ subject, recipients, lines }: Letter): Typed {
  const { to, cc, bcc } = recipients
  const texts = { to: [...to], cc: [...cc], bcc: [...bcc], body: Buffer.concat(lines) }
  return subject === '' ? texts : { ...texts, subject }
}

/** The fields that have something in them, one line each. */
export function fieldLines(typed: Omit<Typed, 'body'>): string[] {
  const recipients = KINDS.filter((kind) => typed[kind].length > 0).map(
    (kind) => `${RECIPIENT_FIELDS[kind]}: ${typed[kind].join(', ')}`,
  )
  const lines = typed.subject === undefined ? recipients : [...recipients, `Subject: ${typed.subject}`]
  return lines.map((line) => line.replace(/[\r\n]+/g, ' '))
}

/** The header of a mail that was not finished, with the blank line behind it: the fields as they were given, UTF-8. */
export function draftHeader(fields: Omit<Typed, 'body'>): Buffer {
  const plain = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit'
  return Buffer.from(`${[...fieldLines(fields), plain].join('\n')}\n\n`)
}

/** A letter that was broken off as a message, to be kept for its writer. */
export function draft(typed: Typed): Buffer {
  return Buffer.concat([draftHeader(typed), typed.body])
}
