/**
 * A To field made of the envelope. Whom a Bcc field names is never shown: where there is one, the envelope says
 * nothing about who may be seen. A message that is resent keeps its To, which is about its first sending.
 */
import { fieldText, headerBlock, type HeaderBlock } from './header-block.ts'
import { isResent } from './resent.ts'
import { latin1 } from './address/rewrite.ts'

/** When a To field is made. */
export type SetTo =
  /** Never. */
  | 'off'
  /** When there is none. */
  | 'auto'
  /** Always, in the place of To and Cc. */
  | 'on'
  /** Always, and it names nobody. */
  | 'undisclosed_recipients'

const NOBODY = 'undisclosed-recipients:;'

/**
 * Makes the To field.
 *
 * @param header as it came, Bcc included
 * @param recipients who may be named
 */
export function setTo(header: HeaderBlock, mode: SetTo, recipients: readonly string[]): HeaderBlock {
  if (mode === 'off' || isResent(header)) return header
  const isAddressed = header.fields('to').length > 0 || (mode !== 'auto' && header.fields('cc').length > 0)
  const hides = header.fields('bcc').some((field) => fieldText(field) !== '') || recipients.length === 0
  if (isAddressed && (mode === 'auto' || (mode === 'on' && hides))) return header
  const value = hides || mode === 'undisclosed_recipients' ? NOBODY : recipients.join(',\r\n ')
  const to = { name: 'To', raw: latin1(`To: ${value}\r\n`) }
  const replaced = mode === 'auto' ? /^$/ : mode === 'on' ? /^(?:to|cc)$/i : /^(?:to|cc|bcc)$/i
  const at = header.all.findIndex((field) => replaced.test(field.name))
  const kept = header.all.filter((field) => !replaced.test(field.name))
  return headerBlock(at === -1 ? [...kept, to] : kept.toSpliced(at, 0, to))
}
