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
  return {
    debug: (event, fields) => {
      first.debug(event, fields)
      second.debug(event, fields)
    },
    info: (event, fields) => {
      first.info(event, fields)
      second.info(event, fields)
    },
    warn: (event, fields) => {
      first.warn(event, fields)
      second.warn(event, fields)
    },
    error: (event, fields) => {
      first.error(event, fields)
      second.error(event, fields)
    },
    debugEnabled: first.debugEnabled || second.debugEnabled,
  }
}
