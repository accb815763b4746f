/**
 * The login at the server.
 */
import { COMMAND, SECURE_URL } from '../kinds/auth.ts'
import { PATH, TEXT } from '../kinds/text.ts'
import { choice, YES_NO } from '../kinds/value.ts'
import { defaulted, optional } from './option.ts'

const OF_PROVIDER = { login: true, defaultNote: 'that of the provider, for Google and Microsoft' }

/** The options by name. */
export const AUTH_OPTIONS = {
  auth: defaulted(
    'auth',
    choice(
      'auto',
      'off',
      'plain',
      'login',
      'cram-md5',
      'scram-sha-1',
      'scram-sha-256',
      'xoauth2',
      'oauthbearer',
      'external',
    ),
    'auto',
    'How to log in; auto is the best way that the server offers.',
  ),
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
  password_command: optional(
    'password_command',
    COMMAND,
    'Program that prints the password in its first line.',
    { verbatim: true, login: true },
  ),
  password_file: optional('password_file', PATH, 'File with the password in its first line.', {
    login: true,
  }),
  insecure_auth: defaulted('insecure_auth', YES_NO, false, 'Allow the password to be sent without TLS.'),
  oauth2_token_command: optional(
    'oauth2_token_command',
    COMMAND,
    'Program that prints an OAuth 2.0 access token in its first line.',
    { verbatim: true, login: true },
  ),
  oauth2_refresh_token_file: optional(
    'oauth2_refresh_token_file',
    PATH,
    'File with the OAuth 2.0 refresh token; mq-auth writes it.',
    { login: true },
  ),
  oauth2_client_id: optional('oauth2_client_id', TEXT, 'Name of the application at the OAuth 2.0 provider.', {
    login: true,
  }),
  oauth2_client_secret: optional(
    'oauth2_client_secret',
    TEXT,
    'Secret of the application, where the provider has given it one.',
    { secret: true, login: true },
  ),
  oauth2_token_url: optional('oauth2_token_url', SECURE_URL, 'Where access tokens are fetched.', OF_PROVIDER),
  oauth2_authorize_url: optional(
    'oauth2_authorize_url',
    SECURE_URL,
    'Where the user allows mq-auth to log in, in a browser on this machine.',
    OF_PROVIDER,
  ),
  oauth2_device_url: optional(
    'oauth2_device_url',
    SECURE_URL,
    'Where mq-auth gets a code to type in on any other machine.',
    OF_PROVIDER,
  ),
  oauth2_scope: optional('oauth2_scope', TEXT, 'What mq-auth asks permission for.', OF_PROVIDER),
} as const
