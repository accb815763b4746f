/**
 * Every failure this project can name, with the exit code, the enhanced status code (RFC 3463) and whether
 * trying again may help. Soft or hard is a property of the row, never of the code that raises it.
 */
import { EX, type ExitCode } from './sysexits.ts'

interface ErrorRow {
  readonly exit: ExitCode
  readonly dsn: string
  readonly temporary: boolean
}

const row = (exit: ExitCode, dsn: string, temporary = false): ErrorRow => ({ exit, dsn, temporary })

export const ERROR_CODES = {
  USAGE: row(EX.USAGE, '5.3.0'),
  NO_RECIPIENTS: row(EX.USAGE, '5.1.0'),
  MESSAGE_MALFORMED: row(EX.DATAERR, '5.6.0'),
  INPUT_UNREADABLE: row(EX.DATAERR, '5.3.0'),
  ADDRESS_INVALID: row(EX.DATAERR, '5.1.3'),
  INPUT_MISSING: row(EX.NOINPUT, '5.3.0'),
  RECIPIENT_REFUSED: row(EX.NOUSER, '5.0.0'),
  ALIAS_UNUSABLE: row(EX.NOUSER, '5.1.1'),
  MESSAGE_REFUSED: row(EX.UNAVAILABLE, '5.0.0'),
  SOFTWARE: row(EX.SOFTWARE, '5.3.0'),
  SYSTEM_LACKS: row(EX.OSERR, '5.3.0'),
  NOT_ACCEPTED: row(EX.TEMPFAIL, '4.4.1', true),
  QUEUE_FULL: row(EX.TEMPFAIL, '4.3.1', true),
  QUEUE_IO: row(EX.TEMPFAIL, '4.3.0', true),
  QUEUE_BUSY: row(EX.TEMPFAIL, '4.3.2', true),
  QUEUE_DENIED: row(EX.NOPERM, '5.7.0'),
  CONFIG_DENIED: row(EX.NOPERM, '5.7.0'),
  CONFIG_INVALID: row(EX.CONFIG, '5.3.5'),
  CONFIG_MISSING: row(EX.CONFIG, '5.3.5'),
} as const satisfies Record<string, ErrorRow>

/** A key of {@link ERROR_CODES}: the stable name of a failure, as logs and library callers see it. */
export type ErrorCode = keyof typeof ERROR_CODES
