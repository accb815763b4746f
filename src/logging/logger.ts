/**
 * What the rest of the program knows of logging: four levels and a bag of fields. A logger never throws and
 * never blocks a delivery; where nothing is configured the null logger costs nothing.
 */
import type { EventName } from './events.ts'

/** Facts of one event. Secrets never go in here. */
export type LogFields = Readonly<Record<string, unknown>>

/** A structured log. */
export interface Logger {
  debug(event: EventName, fields?: LogFields): void
  info(event: EventName, fields?: LogFields): void
  warn(event: EventName, fields?: LogFields): void
  error(event: EventName, fields?: LogFields): void
  /** True when debug events are written: ask before building something costly. */
  readonly debugEnabled: boolean
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
