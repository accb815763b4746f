/** Whether somebody sent a message on (RFC 5322 section 3.6.6). Never fails. */
import type { HeaderBlock } from './header-block.ts'

const RESENT = /^resent-(?:date|from|sender|reply-to|to|cc|bcc|message-id)$/i

/** True when the header has any of the Resent fields that the RFC has. */
export function isResent(header: HeaderBlock): boolean {
  return header.all.some((field) => RESENT.test(field.name))
}
