/**
 * A path that was named on the command line. An empty one is refused: it comes from a variable of a script that was
 * not set, and would stand for the current directory.
 */
import { resolve } from 'node:path'
import { MailError } from '../errors/mail-error.ts'

/**
 * Makes a path absolute.
 *
 * @param path as it was given
 * @param what it names, for people
 * @throws MailError USAGE when it is empty
 */
export function namedPath(path: string, what: string): string {
  if (path === '') throw new MailError('USAGE', `the name of the ${what} is empty; write it out`)
  return resolve(path)
}
