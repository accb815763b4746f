/**
 * The logger of `--verbose`: shows the SMTP dialogue and warnings on standard error, nothing else.
 */
import type { Logger, LogFields } from '../logging/logger.ts'
import type { Terminal } from './exit.ts'

function text(fields: LogFields | undefined): string {
  const { line, reason } = fields ?? {}
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
    info: () => undefined,
    warn: show,
    error: show,
    debugEnabled: true,
  }
}
