/**
 * The login at the server.
 */
import { TEXT } from '../text-kinds.ts'
import { YES_NO } from '../value-kinds.ts'
import { defaulted, optional } from './option.ts'

/** The options by name. */
export const AUTH_OPTIONS = {
  smtp_username: optional('smtp_username', TEXT, 'User name for AUTH.', { aliases: ['user'], login: true }),
  smtp_password: optional(
    'smtp_password',
    TEXT,
    'Password for AUTH; the whole rest of the line, without comments.',
    {
      aliases: ['password'],
      secret: true,
      login: true,
    },
  ),
  insecure_auth: defaulted('insecure_auth', YES_NO, false, 'Allow the password to be sent without TLS.'),
} as const
