/** A finished message, cut into its header block and its body without copying a large one. */
import { contentAfter, type MessageContent } from './content.ts'
import { splitHeader, type HeaderBlock } from './header-block.ts'
import { readOriginal } from './original-message.ts'

/**
 * Cuts a message.
 *
 * @param content a message with a header block; it stays open, and the body reads it
 * @returns the body without the blank line; closing it closes the message
 * @throws MailError MESSAGE_MALFORMED when the header block is too large
 */
export async function splitContent(
  content: MessageContent,
): Promise<{ readonly header: HeaderBlock; readonly body: MessageContent }> {
  const { header } = await readOriginal(content, false)
  return { header: splitHeader(header).header, body: contentAfter(content, header.length) }
}
