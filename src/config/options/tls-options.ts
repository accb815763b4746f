/**
 * How the connection is protected.
 */
import { PATH } from '../text-kinds.ts'
import { choice } from '../value-kinds.ts'
import { optional } from './option.ts'

/** The options by name. */
export const TLS_OPTIONS = {
  tls: optional(
    'tls',
    choice('off', 'may', 'require', 'verify'),
    'Whether TLS is used, demanded and verified.',
    {
      defaultNote: 'verify with a user name or tls_ca, else may',
    },
  ),
  tls_ca: optional(
    'tls_ca',
    PATH,
    'File with the certificates (PEM) to trust instead of those of the system.',
  ),
} as const
