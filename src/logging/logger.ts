/**
 * What the rest of the program knows of logging: four levels, and the facts that each event has. A logger never throws
 * and never blocks a delivery; where nothing is configured the null logger costs nothing.
 */
import type { EventAt, EventLevel, EventName, FactsOf } from './events.ts'

/** Facts of any event, for whoever takes them all. Secrets never go in here. */
export type LogFields = Readonly<Record<string, unknown>>

/** A structured log. An event at another level, or with facts that it does not have, does not compile. */
export interface Logger {
  debug<E extends EventAt<'debug'>>(event: E, facts: FactsOf[E]): void
  info<E extends EventAt<'info'>>(event: E, facts: FactsOf[E]): void
  warn<E extends EventAt<'warn'>>(event: E, facts: FactsOf[E]): void
  error<E extends EventAt<'error'>>(event: E, facts: FactsOf[E]): void
  /** True when debug events are written: ask before building something costly. */
  readonly debugEnabled: boolean
}

/** Writes one event, whatever it is. */
export type WriteEvent = (level: EventLevel, event: EventName, facts: LogFields) => void

/** A logger that hands all events to one function. */
export function loggerOf(write: WriteEvent, debugEnabled: boolean): Logger {
  return {
    debug: (event, facts) => write('debug', event, facts),
    info: (event, facts) => write('info', event, facts),
    warn: (event, facts) => write('warn', event, facts),
    error: (event, facts) => write('error', event, facts),
    debugEnabled,
  }
}

/** Two loggers as one. */
export function bothLoggers(first: Logger, second: Logger): Logger {
  return {
    debug: (event, facts) => {
      first.debug(event, facts)
      second.debug(event, facts)
    },
    info: (event, facts) => {
      first.info(event, facts)
      second.info(event, facts)
    },
    warn: (event, facts) => {
      first.warn(event, facts)
      second.warn(event, facts)
    },
    error: (event, facts) => {
      first.error(event, facts)
      second.error(event, facts)
    },
    debugEnabled: first.debugEnabled || second.debugEnabled,
  }
}

const ignore = (): void => undefined

/** Discards everything. */
export const nullLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  debugEnabled: false,
}
