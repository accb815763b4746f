/**
 * Where the application is told what becomes of its mail.
 */
import { COMMAND, SECURE_URL } from '../kinds/auth.ts'
import { PATH, TEXT } from '../kinds/text.ts'
import { duration, integer } from '../kinds/value.ts'
import { EVENT_LIST, type WebhookEvent } from '../kinds/webhook.ts'
import { defaulted, HOUR, optional, SITE } from './option.ts'

const FINAL: readonly WebhookEvent[] = Object.freeze(['delivered', 'failed', 'expired', 'in-doubt'])

/** The options by name. */
export const WEBHOOK_OPTIONS = {
  webhook: optional('webhook', SECURE_URL, 'Where the application is told what becomes of its mail.', SITE),
  webhook_secret: optional(
    'webhook_secret',
    TEXT,
    'Secret that signs what the application is told; the whole rest of the line.',
    { secret: true, ...SITE },
  ),
  webhook_secret_command: optional(
    'webhook_secret_command',
    COMMAND,
    'Program that prints that secret in its first line.',
    { verbatim: true, ...SITE },
  ),
  webhook_secret_file: optional(
    'webhook_secret_file',
    PATH,
    'File with that secret in its first line.',
    SITE,
  ),
  webhook_tls_ca: optional(
    'webhook_tls_ca',
    PATH,
    'Certificates of the authority that the application has its certificate from.',
    { defaultNote: 'those of tls_ca, and the usual ones', ...SITE },
  ),
  webhook_events: defaulted(
    'webhook_events',
    EVENT_LIST,
    FINAL,
    'What the application is told of: also deferred, queued and bounced.',
    SITE,
  ),
  webhook_batch: defaulted('webhook_batch', integer(1, 1000), 100, 'The most events in one request.', SITE),
  webhook_expire: defaulted(
    'webhook_expire',
    duration('365d'),
    7 * 24 * HOUR,
    'Age at which an event is dropped that the application does not take.',
    SITE,
  ),
} as const
