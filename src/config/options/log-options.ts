/**
 * Logs, metrics and plug-ins.
 */
import { LOG_TARGET, MODULES, PATH } from '../kinds/text.ts'
import { choice } from '../kinds/value.ts'
import { defaulted, NONE, optional, SITE } from './option.ts'

/** The options by name. */
export const LOG_OPTIONS = {
  delivery_log: optional('delivery_log', PATH, 'File that gets one line for each message sent.', SITE),
  queue_log: optional('queue_log', PATH, 'File that gets one line for each message queued.', SITE),
  log: optional('log', LOG_TARGET, 'Where the log of events goes: a file, stderr, syslog or journal.', SITE),
  log_level: defaulted(
    'log_level',
    choice('debug', 'info', 'warn', 'error'),
    'info',
    'The least important events to log.',
    SITE,
  ),
  log_privacy: defaulted(
    'log_privacy',
    choice('full', 'domain', 'hash'),
    'full',
    'What all logs show of mail addresses.',
    SITE,
  ),
  metrics_file: optional('metrics_file', PATH, 'File that gets the metrics after each run.', SITE),
  plugins: defaulted('plugins', MODULES, NONE, 'Plug-in modules to load.', SITE),
  logging_conf: optional('logging_conf', PATH, 'Python logging file; accepted, but has no effect.', SITE),
  logging_config: optional('logging_config', PATH, 'Python logging file; accepted, but has no effect.', SITE),
} as const
