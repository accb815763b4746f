/**
 * Reading a small text file that an administrator or a user maintains. Only a regular file is read, so a FIFO or
 * a device can never block a command; a file that is too large is not read at all. A failure that stays is an
 * answer, not an exception, because what it means depends on whose file it is. Everything else (this process or
 * machine is short of something, a file server is silent, an error nobody has heard of) is thrown as a temporary
 * MailError, for then nothing is known about the file.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'

/** The text of a file, or why there is none. */
export type FileText =
  | { readonly ok: true; readonly text: string }
  /** `errno` is the name of the system error, when there was one. */
  | { readonly ok: false; readonly errno: string | undefined; readonly reason: string }

/** The errors that say something about the file, in words. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  ENAMETOOLONG: 'the path is too long',
  ERR_INVALID_ARG_VALUE: 'the path has a NUL byte',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENXIO: 'not a regular file',
  ENODEV: 'not a regular file',
}

/** What the owner of a file is asked for besides. */
interface Demands {
  /** Says what is wrong with the opened file. */
  readonly objection?: (stat: Stats) => string | undefined
  /** A symbolic link is not followed in the last part of the path. */
  readonly noLink?: boolean
}

const refuse = (reason: string): FileText => ({ ok: false, errno: undefined, reason })

function readOpened(fd: number, limit: number, objection: Demands['objection']): FileText {
  const stat = fstatSync(fd)
  if (!stat.isFile()) return refuse('not a regular file')
  const wrong = objection?.(stat)
  if (wrong !== undefined) return refuse(wrong)
  if (stat.size > limit) return refuse(`larger than ${limit} bytes`)
  return { ok: true, text: readFileSync(fd, 'utf8') }
}

/**
 * Reads a regular file as UTF-8.
 *
 * @param path the file
 * @param limit largest size in bytes that is read
 * @param demands what else the file has to be
 * @throws MailError `QUEUE_IO` when reading may work later (no file descriptors, no memory, disk error)
 */
export function readListFile(path: string, limit: number, demands: Demands = {}): FileText {
  let fd: number | undefined
  try {
    const link = demands.noLink === true ? constants.O_NOFOLLOW : 0
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | link)
    return readOpened(fd, limit, demands.objection)
  } catch (error) {
    const errno = errnoOf(error)
    const words = errno === undefined ? undefined : WORDS[errno]
    if (words === undefined) throw queueError(error, 'cannot read', path)
    return { ok: false, errno, reason: words }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
