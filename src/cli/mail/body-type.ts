/**
 * The media type of the body: what the call says, else that of the file that is the body, by the end of its name, as
 * s-nail has it. Never fails.
 */
import { isComposite } from '../../message/compose/content-type.ts'
import type { MailCall } from './call.ts'

/** The type; undefined for plain text. A header of the caller's own goes before it. */
export async function bodyTypeOf({
  bodyType,
  bodyFile,
  quoted,
}: Pick<MailCall, 'bodyType' | 'bodyFile' | 'quoted'>): Promise<string | undefined> {
  // With other text in front of it, it is no such file any more.
  if (bodyType !== undefined || bodyFile === undefined || quoted.length > 0) return bodyType
  const { mimeType } = await import('../../message/compose/mime-type.ts')
  const type = mimeType(bodyFile)
  // A message in a message is not what is meant, and could not be encoded.
  return type === undefined || isComposite(type) ? undefined : type
}
