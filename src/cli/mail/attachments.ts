/**
 * The attachments of a call: every file is looked at before anything is read or sent.
 */
import { statSync } from 'node:fs'
import { checkFile, type Attachment } from '../../message/compose/attachment.ts'
import type { MessageContent } from '../../message/content.ts'
import type { NamedAttachment } from './file-options.ts'

/**
 * Makes sure that all files are there.
 *
 * @throws MailError INPUT_MISSING, which names the first that is not
 */
export function checkAttachments(named: readonly NamedAttachment[]): void {
  for (const { path } of named) if (path !== '-') checkFile(path)
}

const isEmpty = (path: string, standardInput: MessageContent | undefined): boolean => {
  if (path === '-') return standardInput?.size === 0
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && stats.size === 0
}

/** The attachments to compose with; `standardInput` is the one that has no file. */
export function attachmentsOf(
  named: readonly NamedAttachment[],
  standardInput: MessageContent | undefined,
): readonly Attachment[] {
  const wanted = named.filter(({ path, skipEmpty }) => !skipEmpty || !isEmpty(path, standardInput))
  return wanted.map(({ path, name, type, encoding }) => ({
    ...(path === '-' && standardInput !== undefined ? { path: undefined, content: standardInput } : { path }),
    ...(name === undefined ? {} : { name }),
    ...(type === undefined ? {} : { type }),
    ...(encoding === undefined ? {} : { encoding }),
  }))
}
