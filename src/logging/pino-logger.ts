/**
 * The structured log: one JSON object a line, written with pino, which is loaded only when a log is configured.
 * Every line is in the file when the call returns. A log that cannot be loaded, opened or written is
 * complained about once and otherwise ignored: no call of the logger ever throws.
 */
import type { LogLevel } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { appendFileWriter, descriptorWriter, type LineWriter } from './append-file.ts'
import type { EventName } from './events.ts'
import { nullLogger, type LogFields, type Logger } from './logger.ts'
import { safeFields } from './redact.ts'

const STDERR = 2
/** What every line has anyway; a field of the same name would be there twice. */
const RESERVED = new Set(['level', 'time', 'program', 'pid', 'event'])

/** Where and how much to log. */
export interface LoggerOptions {
  /** Absolute path of the file, or `stderr`. */
  readonly log: string
  /** The least important level that is written. */
  readonly level: LogLevel
  /** Name of the command, for the field `program`. */
  readonly program: string
  /** Gets one line when the log cannot be written; never more than one. */
  readonly complain: (line: string) => void
}

function ownFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(safeFields(fields)).map(([name, value]) => [
      RESERVED.has(name) ? `${name}_` : name,
      value,
    ]),
  )
}

async function createPino(options: LoggerOptions, writer: LineWriter) {
  const { default: pino } = await import('pino')
  return pino(
    {
      level: options.level,
      base: { program: options.program, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // errors arrive as plain objects (see redact.ts): pino must not make messages and stacks of them
      errorKey: 'unused',
      serializers: { err: (value: unknown) => value },
      formatters: { level: (label) => ({ level: label }) },
    },
    writer,
  )
}

/**
 * Opens the structured log.
 *
 * @returns a logger; one that writes nothing when pino cannot be loaded, after a complaint
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const writer =
    options.log === 'stderr'
      ? descriptorWriter(STDERR, options.complain)
      : appendFileWriter(options.log, options.complain)
  try {
    const pino = await createPino(options, writer)
    const at =
      (level: LogLevel) =>
      (event: EventName, fields: LogFields = {}) => {
        if (!pino.isLevelEnabled(level)) return
        try {
          pino[level]({ event, ...ownFields(fields) })
        } catch (error) {
          pino[level]({ event, unloggable: describeError(error) })
        }
      }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      debugEnabled: pino.isLevelEnabled('debug'),
    }
  } catch (error) {
    options.complain(`cannot start the log ${options.log}: ${describeError(error)}; nothing is logged`)
    return nullLogger
  }
}
