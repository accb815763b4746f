/**
 * A path as a person writes it in a mailrc file or types it: `~` and `~/` stand for the home directory. Nothing else
 * is replaced and nothing is run: no variables, no patterns, no commands.
 */
import { isAbsolute, join, resolve } from 'node:path'

/** The directories that paths start from. */
export interface Home {
  /** The home directory of the caller, an absolute path. */
  readonly home: string
}

const atHome = (path: string, home: string): string => (path === '~' ? home : join(home, path.slice(2)))

/** Makes a path absolute; a relative one starts from the current directory. */
export function homePath(path: string, { home }: Home): string {
  return resolve(path === '~' || path.startsWith('~/') ? atHome(path, home) : path)
}

/** Makes the path of a folder directory absolute; a relative one starts from the home directory. */
export function folderPath(path: string, { home }: Home): string {
  return isAbsolute(path) || path === '~' || path.startsWith('~/')
    ? homePath(path, { home })
    : resolve(home, path)
}
