/**
 * The logger of `--verbose`: shows the SMTP dialogue, why a message has to wait, and warnings on standard error,
 * nothing else.
 */
import type { Logger, LogFields } from '../logging/logger.ts'
import type { Terminal } from './exit.ts'

function text(fields: LogFields | undefined): string {
  const { line, recipient } = fields ?? {}
  const { reason } = fields ?? {}
  if (typeof reason === 'string' && typeof recipient === 'string') return `${recipient}: ${reason}`
  return typeof line === 'string' ? line : typeof reason === 'string' ? reason : JSON.stringify(fields ?? {})
}

/** A logger for people at a terminal. */
export function dialogueLogger(terminal: Terminal): Logger {
  const show = (event: string, fields?: LogFields): void => {
    terminal.complain(event === 'smtp.dialogue' ? text(fields) : `${event}: ${text(fields)}`)
  }
  return {
    debug: (event, fields) => {
      if (event === 'smtp.dialogue') show(event, fields)
    },
    info: (event, fields) => {
      if (event === 'message.deferred') show(event, fields)
    },
    warn: show,
    error: show,
    debugEnabled: true,
  }
}

/** Two loggers as one. */
export function bothLoggers(first: Logger, second: Logger): Logger {
  const both =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger[typeof level] =>
    (event, fields) => {
      first[level](event, fields)
      second[level](event, fields)
    }
  return {
    debug: both('debug'),
    info: both('info'),
    warn: both('warn'),
    error: both('error'),
    debugEnabled: first.debugEnabled || second.debugEnabled,
  }
}
