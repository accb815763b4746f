/** Whether somebody sent a message on (RFC 5322 section 3.6.6). Never fails. */
import type { HeaderBlock } from './header-block.ts'

const RESENT = ['date', 'from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'message-id'].map(
  (name) => `resent-${name}`,
)

/** True when the header has any of the Resent fields that the RFC has. */
export function isResent(header: HeaderBlock): boolean {
  return RESENT.some((name) => header.fields(name).length > 0)
}
