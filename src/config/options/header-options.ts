/**
 * What is done to the sender and to the header.
 */
import { MASQUERADE } from '../kinds/text.ts'
import { choice, YES_NO } from '../kinds/value.ts'
import { defaulted, optional } from './option.ts'

/** The options by name. */
export const HEADER_OPTIONS = {
  force_from: defaulted('force_from', YES_NO, false, 'Send everything from the sender in from.'),
  masquerade: optional('masquerade', MASQUERADE, 'What senders and headers show for addresses of this host.'),
  qualify_headers: defaulted(
    'qualify_headers',
    YES_NO,
    true,
    'Add the domain to addresses in the header that have none.',
  ),
  set_from_header: defaulted(
    'set_from_header',
    choice('auto', 'on', 'off'),
    'auto',
    'From: added when missing, replaced by the sender, or never touched.',
  ),
  set_date_header: defaulted(
    'set_date_header',
    choice('auto', 'off'),
    'auto',
    'Date: added when missing, or never.',
  ),
  set_msgid_header: defaulted(
    'set_msgid_header',
    choice('auto', 'off'),
    'auto',
    'Message-ID: added when missing, or never.',
  ),
  set_to_header: defaulted(
    'set_to_header',
    choice('off', 'auto', 'on', 'undisclosed_recipients'),
    'off',
    'To: never touched, added when missing, or put in the place of To and Cc.',
  ),
  remove_bcc_headers: defaulted('remove_bcc_headers', YES_NO, true, 'Remove Bcc and Resent-Bcc.'),
} as const
