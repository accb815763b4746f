/**
 * Copies of sent mail in a mailbox file of the sender's, as the variable `record` of mail(1) asks for. A copy that
 * cannot be kept never stops a mail: it is one line on standard error.
 */
import { join } from 'node:path'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Complain } from '../../logging/complain.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import { folderPath, homePath, type Home } from './home-path.ts'
import { appendMbox } from './mbox.ts'
import { textOf, type Variables } from './set-variables.ts'

/** Milliseconds to wait for another program that has the file. */
const PATIENCE = 5_000

/**
 * The file for copies. `+name` is a file in `folder`; a relative path starts from the current directory, or, with
 * `outfolder`, from `folder`.
 *
 * @returns undefined when no copies are kept
 */
export function recordPath(variables: Variables, home: Home): string | undefined {
  const record = textOf(variables, 'record') ?? ''
  const folder = textOf(variables, 'folder') ?? ''
  if (record === '') return undefined
  if (folder === '') return homePath(record, home)
  const directory = folderPath(folder, home)
  if (record.startsWith('+')) return join(directory, record.slice(1))
  const inFolder = variables.has('outfolder') && !/^[/~]/.test(record)
  return inFolder ? join(directory, record) : homePath(record, home)
}

/**
 * Appends a copy of a message to a file.
 *
 * @param file absolute path
 * @param message not closed
 * @param envelope its sender stands in the line before the copy
 * @throws MailError of the queue, with one sentence
 */
function appendRecord(
  file: string,
  message: MessageContent,
  { sender }: Pick<Envelope, 'sender'>,
): Promise<void> {
  const how = { action: 'a copy cannot be kept in', noLink: false, patience: PATIENCE }
  return appendMbox(file, { content: message, sender }, { ...how, whenHeld: 'refuse' })
}

/**
 * Keeps a copy where the variables ask for one. Never rejects.
 *
 * @param complain gets one line when the copy is not kept
 */
export async function recordMail(
  message: MessageContent,
  envelope: Pick<Envelope, 'sender'>,
  where: Home & { readonly variables: Variables; readonly complain: Complain },
): Promise<void> {
  try {
    // Even the path can be impossible to tell: a relative one, when the current directory was removed.
    const file = recordPath(where.variables, where)
    if (file !== undefined) await appendRecord(file, message, envelope)
  } catch (error) {
    const isSentence = error instanceof MailError
    where.complain(isSentence ? error.publicMessage : `a copy cannot be kept: ${describeError(error)}`)
  }
}
