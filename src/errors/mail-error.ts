/**
 * The one error class of the project. Its message is safe to show to the user: it says what, why and what to
 * do, on one line, and never carries a secret. The cause and the details are for the log only.
 */
import { ERROR_CODES, type ErrorCode } from './codes.ts'
import type { ExitCode } from './sysexits.ts'

interface MailErrorExtras {
  /** The recipient the failure belongs to, when it belongs to one. */
  readonly recipient?: string
  /** Enhanced status code (RFC 3463) of the server's reply; that of the code when left out. */
  readonly dsn?: string | undefined
  /** The error underneath. */
  readonly cause?: unknown
  /** Facts for the log. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * A failure with everything its readers need: the exit code for the command, the enhanced status code for
 * a report, whether it may pass by itself, and one sentence for the user.
 */
export class MailError extends Error {
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  /** Enhanced status code, RFC 3463: the one of the server's reply, where there was one. */
  readonly dsn: string
  /** True when the same call may succeed later. */
  readonly temporary: boolean
  readonly recipient: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, publicMessage: string, extras: MailErrorExtras = {}) {
    super(publicMessage.replace(/[\r\n]+/g, ' '), 'cause' in extras ? { cause: extras.cause } : undefined)
    const row = ERROR_CODES[code]
    this.name = 'MailError'
    this.code = code
    this.exitCode = row.exit
    this.dsn = extras.dsn ?? row.dsn
    this.temporary = row.temporary
    this.recipient = extras.recipient
    this.details = extras.details
  }

  /** The sentence for the user; the same text as `message`. */
  get publicMessage(): string {
    return this.message
  }
}
