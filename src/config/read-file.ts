/**
 * Reads one configuration file as text, together with its mode, from the same open file, so that what is
 * checked is what was read. Text that is not UTF-8 is refused rather than altered: it may hold a password.
 */
import { isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { describeError, errnoOf } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { withoutByteOrderMark } from '../util/byte-order-mark.ts'
import { configInvalid } from './config-error.ts'

/** In octets. */
const LARGEST = 1024 * 1024
const NO_FILE = 'is no regular file; name a file'

/** The content of a configuration file. */
export interface ConfigText {
  readonly text: string
  /** The permission bits. */
  readonly mode: number
}

/**
 * Reads a file.
 *
 * @param path absolute
 * @throws MailError CONFIG_DENIED when permission is denied, CONFIG_MISSING when it is not there, CONFIG_INVALID
 *   when it is no file, cannot be read or is not UTF-8
 */
export function readConfigFile(path: string): ConfigText {
  let bytes: Buffer
  let mode: number
  try {
    const fd = openSync(path, 'r')
    try {
      const stat = fstatSync(fd)
      // A pipe may be a configuration that another program writes; a device never ends.
      if (!stat.isFile() && !stat.isFIFO() && path !== '/dev/null')
        throw configInvalid(path, stat.isDirectory() ? 'is a directory; name a file' : NO_FILE)
      if (stat.size > LARGEST)
        throw configInvalid(path, 'is larger than 1 MB, so it is no configuration; name another file')
      mode = stat.mode & 0o777
      bytes = readFileSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof MailError) throw error
    throw readError(error, path)
  }
  return { text: decodeUtf8(bytes, path), mode }
}

function readError(error: unknown, path: string): MailError {
  const errno = errnoOf(error)
  const extras = { cause: error, details: { errno, path } }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new MailError(
      'CONFIG_DENIED',
      `${path}: permission denied; check owner and mode of the file`,
      extras,
    )
  }
  if (errno === 'ENOENT') {
    return new MailError('CONFIG_MISSING', `${path}: no such file; create it or correct the name`, extras)
  }
  const why = `cannot be read: ${describeError(error)}`
  return new MailError('CONFIG_INVALID', `${path}: ${why}`, extras)
}

function decodeUtf8(bytes: Buffer, path: string): string {
  if (!isUtf8(bytes))
    throw configInvalid(`${path}:${brokenLine(bytes)}`, 'this line is not UTF-8 text; save the file as UTF-8')
  return withoutByteOrderMark(bytes.toString('utf8'))
}

/** The first line with a byte that is not UTF-8, counted from 1; the replacement character stands for it. */
function brokenLine(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  const isBroken = (line: string): boolean => {
    const part = Buffer.from(line, 'latin1')
    return !part.equals(Buffer.from(part.toString('utf8'), 'utf8'))
  }
  return lines.findIndex(isBroken) + 1
}
