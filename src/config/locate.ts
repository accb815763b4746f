/**
 * Which file is the configuration. A file that somebody named must be there; of the usual places the first
 * that exists wins, and one whose directory is closed to us counts as not existing.
 */
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'

/** Where to look. */
export interface ConfigSearch {
  /** The argument of `-C` or `--config`. */
  readonly file?: string | undefined
  /** Of which MAILQUEUE_CONF is read; empty means not set. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's home directory; empty means there is none. */
  readonly home: string
  /** Directory of the system-wide files; `/etc` unless given. */
  readonly etc?: string | undefined
}

/** The usual places, in the order in which they are tried. */
function usualPlaces({ home, etc = '/etc' }: ConfigSearch): string[] {
  const inHome = home === '' ? [] : [join(home, '.mailqueue.conf'), join(home, '.mailqueue-runner.conf')]
  return [...inHome, join(etc, 'mailqueue.conf'), join(etc, 'mailqueue-runner.conf')]
}

/**
 * Finds the file.
 *
 * @returns its absolute path
 * @throws MailError CONFIG_MISSING when there is none, saying where it was looked for; CONFIG_DENIED when the
 *   directory of a file that was named is closed to us
 */
export function locateConfig(search: ConfigSearch): string {
  if (search.file !== undefined) return namedFile(search.file, 'the option --config')
  const fromEnv = search.env['MAILQUEUE_CONF']
  if (fromEnv !== undefined && fromEnv !== '')
    return namedFile(fromEnv, 'the environment variable MAILQUEUE_CONF')
  const places = usualPlaces(search)
  const found = places.find((path) => probe(path) === 'exists')
  if (found !== undefined) return found
  const remedy = 'create one of them, or name the file with --config or MAILQUEUE_CONF'
  throw new MailError(
    'CONFIG_MISSING',
    `there is no configuration file (looked for ${places.join(', ')}); ${remedy}`,
  )
}

function namedFile(name: string, by: string): string {
  if (name === '') throw new MailError('CONFIG_MISSING', `${by} is empty; name the configuration file`)
  const path = absolute(name, by)
  const state = probe(path)
  if (state === 'exists') return path
  if (state === 'closed') {
    throw new MailError(
      'CONFIG_DENIED',
      `${path}: permission denied; check owner and mode of its directories`,
    )
  }
  throw new MailError(
    'CONFIG_MISSING',
    `${path}: no such file, although ${by} names it; create it or correct the name`,
  )
}

/** A relative name means nothing in a working directory that was removed. */
function absolute(name: string, by: string): string {
  try {
    return resolve(name)
  } catch {
    throw new MailError(
      'CONFIG_MISSING',
      `${name}: no such file, because the working directory is gone; give ${by} an absolute path`,
    )
  }
}

function probe(path: string): 'exists' | 'missing' | 'closed' {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined ? 'missing' : 'exists'
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? 'closed' : 'missing'
  }
}
