/**
 * A log that keeps what is worth knowing of a dialogue, the greeting of the server and how we logged in, and passes
 * everything on.
 */
import type { LogFields, Logger } from '../logging/logger.ts'

/** A log that keeps things. */
export interface Hearing extends Logger {
  /** The first greeting, without its code; empty while there is none. */
  readonly greeting: string
  /** The mechanism of the last login that was begun; undefined when there was none. */
  readonly mechanism: string | undefined
}

/** Puts itself in front of a log. */
export function hearing(log: Logger): Hearing {
  let greeting = ''
  let mechanism: string | undefined
  const hear = ({ line }: LogFields): void => {
    if (typeof line !== 'string') return
    if (greeting === '') greeting = /^S: 220[ -]?(.*)/.exec(line)?.[1] ?? ''
    mechanism = /^C: AUTH (\S+)/.exec(line)?.[1] ?? mechanism
  }
  return {
    get greeting() {
      return greeting
    },
    get mechanism() {
      return mechanism
    },
    debugEnabled: true,
    debug: (event, fields) => {
      if (event === 'smtp.dialogue') hear(fields)
      if (log.debugEnabled) log.debug(event, fields)
    },
    info: (event, fields) => log.info(event, fields),
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
  }
}
