/**
 * System call errors as MailErrors. A local fault is never the message's fault: unless permission is denied,
 * the answer is "try again", and the words name the path and the remedy.
 */
import type { ErrorCode } from './codes.ts'
import { MailError } from './mail-error.ts'

interface ErrnoRow {
  readonly code: ErrorCode
  readonly why: string
}

const QUEUE_ERRNO: Readonly<Record<string, ErrnoRow>> = {
  ENOSPC: { code: 'QUEUE_FULL', why: 'no space left on the device; free some and try again' },
  EDQUOT: { code: 'QUEUE_FULL', why: 'the disk quota is used up; free some space and try again' },
  EROFS: { code: 'QUEUE_IO', why: 'the file system is read-only; remount it and try again' },
  EIO: { code: 'QUEUE_IO', why: 'the disk reported an input/output error; check it' },
  EMFILE: { code: 'QUEUE_IO', why: 'too many open files in this process; raise the limit' },
  ENFILE: { code: 'QUEUE_IO', why: 'too many open files on this system; raise the limit' },
  ENOMEM: { code: 'QUEUE_IO', why: 'out of memory' },
  EACCES: { code: 'QUEUE_DENIED', why: 'permission denied; check owner and mode' },
  EPERM: { code: 'QUEUE_DENIED', why: 'operation not permitted; check owner and mode' },
}

/** The errno name of a Node.js system error (`ENOENT`), or undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : undefined
}

/** One line that says what went wrong, for any thrown value. */
export function describeError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/[\r\n]+/g, ' ')
}

/**
 * Turns a failed file operation on the queue into a MailError.
 *
 * @param error what the system call threw; a MailError is passed through
 * @param action what was being done, as in "cannot write the message to the queue"
 * @param path the file or directory concerned
 */
export function queueError(error: unknown, action: string, path: string): MailError {
  if (error instanceof MailError) return error
  const errno = errnoOf(error)
  const known = errno === undefined ? undefined : QUEUE_ERRNO[errno]
  const { code, why } = known ?? { code: 'QUEUE_IO' as const, why: describeError(error) }
  return new MailError(code, `${action} ${path}: ${why}`, { cause: error, details: { errno, path } })
}

/**
 * Turns the error of any operation on a file into a MailError: it is a fault of this machine, whoever did not
 * expect it.
 *
 * @returns undefined for an error of another kind
 */
export function fileFault(error: unknown): MailError | undefined {
  if (!(error instanceof Error)) return undefined
  const syscall: unknown = Reflect.get(error, 'syscall')
  const path: unknown = Reflect.get(error, 'path')
  if (typeof syscall !== 'string' || typeof path !== 'string') return undefined
  return queueError(error, `an operation (${syscall}) failed on`, path)
}
