/**
 * Reading a small text file that an administrator maintains. Only a regular file is read, so a FIFO or a
 * device can never block a command; a file that is too large is not read at all. A failure is an answer, not
 * an exception, because what it means depends on whose file it is. The one exception: when this process or
 * machine is short of something that may come back, a temporary MailError is thrown, for then nothing is
 * known about the file.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { describeError, errnoOf, queueError } from '../errors/errno.ts'

/** The text of a file, or why there is none. */
export type FileText =
  | { readonly ok: true; readonly text: string }
  /** `errno` is the name of the system error, when there was one. */
  | { readonly ok: false; readonly errno: string | undefined; readonly reason: string }

const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO'])

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
}

const refuse = (reason: string): FileText => ({ ok: false, errno: undefined, reason })

function readOpened(fd: number, limit: number): FileText {
  const stat = fstatSync(fd)
  if (!stat.isFile()) return refuse('not a regular file')
  if (stat.size > limit) return refuse(`larger than ${limit} bytes`)
  return { ok: true, text: readFileSync(fd, 'utf8') }
}

/**
 * Reads a regular file as UTF-8.
 *
 * @param path the file
 * @param limit largest size in bytes that is read
 * @throws MailError `QUEUE_IO` when reading may work later (no file descriptors, no memory, disk error)
 */
export function readListFile(path: string, limit: number): FileText {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return readOpened(fd, limit)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno !== undefined && PASSING.has(errno)) throw queueError(error, 'cannot read', path)
    return {
      ok: false,
      errno,
      reason: (errno === undefined ? undefined : WORDS[errno]) ?? describeError(error),
    }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
