/**
 * A path that was named on the command line. An empty one is refused: it comes from a variable of a script that was
 * not set, and would stand for the current directory.
 */
import { resolve } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address/address.ts'

/**
 * Makes a path absolute.
 *
 * @param path as it was given
 * @param what it names, for people
 * @throws MailError USAGE when it is empty, INPUT_MISSING for a relative one in a directory that was removed
 */
export function namedPath(path: string, what: string): string {
  if (path === '') throw new MailError('USAGE', `the name of the ${what} is empty; write it out`)
  try {
    return resolve(path)
  } catch {
    const why = 'the working directory is gone; give an absolute path'
    throw new MailError('INPUT_MISSING', `the ${what} ${quoteForMessage(path)} cannot be found: ${why}`)
  }
}
