/**
 * Reads files that hold secrets: regular files or pipes of a moderate size, in UTF-8. Links are followed, because systems
 * that hand out secrets make them of links.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { describeError } from '../../errors/errno.ts'
import { withoutByteOrderMark } from '../../util/byte-order-mark.ts'
import { SecretUnknown } from './unknown.ts'

/** In octets. */
const LARGEST = 64 * 1024

/**
 * The text of a file.
 *
 * @param what names the file's purpose in errors
 * @param check looks at the open file; it may throw
 * @throws the system's error when it cannot be opened, SecretUnknown when it is no file or too large
 */
export function readSecretFile(path: string, what: string, check?: (stats: Stats) => void): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile() && !stats.isFIFO())
      throw new SecretUnknown(`${what} ${path} is no file; check the path`)
    if (stats.size > LARGEST)
      throw new SecretUnknown(`${what} ${path} is too large to hold a secret; check the path`)
    check?.(stats)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/**
 * The first line of a file.
 *
 * @throws SecretUnknown when there is none, or the file cannot be read
 */
export function firstLineOf(path: string, what: string): string {
  let text: string
  try {
    text = readSecretFile(path, what)
  } catch (error) {
    if (error instanceof SecretUnknown) throw error
    throw new SecretUnknown(
      `cannot read ${what} ${path}: ${describeError(error)}; check path, owner and mode`,
    )
  }
  const [line = ''] = withoutByteOrderMark(text).split(/\r?\n/)
  if (line === '')
    throw new SecretUnknown(`${what} ${path} has nothing in its first line; write the secret there`)
  return line
}
