/**
 * The logger of `--verbose`: shows the SMTP dialogue, why a message has to wait, and warnings on standard error,
 * nothing else.
 */
import { loggerOf, type Logger, type LogFields } from '../logging/logger.ts'
import type { Terminal } from './exit.ts'

function text(facts: LogFields): string {
  const { line, recipient, reason } = facts
  if (typeof reason === 'string' && typeof recipient === 'string') return `${recipient}: ${reason}`
  return typeof line === 'string' ? line : typeof reason === 'string' ? reason : JSON.stringify(facts)
}

/** A logger for people at a terminal. */
export function dialogueLogger(terminal: Terminal): Logger {
  return loggerOf((level, event, facts) => {
    if (event === 'smtp.dialogue') terminal.complain(text(facts))
    else if (level === 'warn' || level === 'error' || event === 'message.deferred')
      terminal.complain(`${event}: ${text(facts)}`)
  }, true)
}
