/**
 * The structured log: one JSON object a line, written with pino, which is loaded only when a log is configured.
 * Every line is in the file, or on its way to whoever else writes it, when the call returns. A log that cannot be loaded,
 * opened or written is complained about once and otherwise ignored: no call of the logger ever throws.
 */
import type { LogLevel } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { appendFileWriter, descriptorWriter } from './append-file.ts'
import type { Complain } from './complain.ts'
import type { EventLevel } from './events.ts'
import { loggerOf, nullLogger, type LogFields, type Logger } from './logger.ts'
import { FULL_VIEW, type Privacy } from './privacy.ts'
import { safeFields } from './redact.ts'
import type { LogSink } from './stream-sink.ts'

const STDERR = 2
/** What every line has anyway; a field of the same name would be there twice. */
const RESERVED = new Set(['level', 'time', 'program', 'pid', 'event'])

/** Where and how much to log. */
export interface LoggerOptions {
  /** Absolute path of the file, `stderr`, `syslog` or `journal`. */
  readonly log: string
  /** The least important level that is written. */
  readonly level: LogLevel
  /** Name of the command, for the field `program`. */
  readonly program: string
  /** Gets one line when the log cannot be written; never more than one. */
  readonly complain: Complain
  /** Hides addresses; nothing is hidden when left out. */
  readonly privacy?: Privacy
}

type Open = (options: LoggerOptions) => LogSink | Promise<LogSink>

/** Places that are no files. */
const PLACES: ReadonlyMap<string, Open> = new Map<string, Open>([
  ['stderr', ({ complain }) => descriptorWriter(STDERR, complain)],
  ['syslog', async ({ program, complain }) => (await import('./syslog.ts')).openSyslog(program, complain)],
  ['journal', async ({ program, complain }) => (await import('./journal.ts')).openJournal(program, complain)],
])

function ownFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  )
}

async function createPino(options: LoggerOptions, write: (line: string) => void) {
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
    { write },
  )
}

async function openLogger(options: LoggerOptions): Promise<Logger> {
  const { log, complain, privacy = FULL_VIEW } = options
  const open = PLACES.get(log) ?? (() => appendFileWriter(log, complain))
  const sink = await open(options)
  let writing: EventLevel = 'info'
  const pino = await createPino(options, (line) => sink.write(line, writing))
  return loggerOf((level, event, facts) => {
    if (!pino.isLevelEnabled(level)) return
    writing = level
    try {
      pino[level]({ event, ...ownFields(privacy.facts(safeFields(facts))) })
    } catch (error) {
      pino[level]({ event, unloggable: describeError(error) })
    }
  }, pino.isLevelEnabled('debug'))
}

/**
 * Opens the structured log.
 *
 * @returns a logger; one that writes nothing when pino cannot be loaded, after a complaint
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  try {
    return await openLogger(options)
  } catch (error) {
    options.complain(`cannot start the log ${options.log}: ${describeError(error)}; nothing is logged`)
    return nullLogger
  }
}
