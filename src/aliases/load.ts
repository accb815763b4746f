/**
 * The aliases file from disk. The caller reads it only when a recipient is local (see needsAliases), so that
 * whatever is wrong with it, mail to other hosts goes out. A file the user named has to be there and readable;
 * the default one may be missing, and is a warning when it cannot be read. Bad lines are always warnings.
 */
import type { ErrorCode } from '../errors/codes.ts'
import { MailError } from '../errors/mail-error.ts'
import { readListFile } from './list-file.ts'
import { parseAliases, type ParsedAliases } from './parse.ts'

/** Largest aliases file, in bytes. */
const ALIASES_LIMIT = 64 * 1024 * 1024

const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'CONFIG_MISSING',
  ENOTDIR: 'CONFIG_MISSING',
  EACCES: 'CONFIG_DENIED',
  EPERM: 'CONFIG_DENIED',
}

const EMPTY: ParsedAliases = { aliases: new Map(), lines: new Map(), warnings: [] }

/**
 * Reads an aliases file, synchronously.
 *
 * @param path the file; `/dev/null` is an empty one
 * @param options `explicit`: the user named this file, so it has to be there
 * @throws MailError for an explicit file: `CONFIG_MISSING`, `CONFIG_DENIED`, or `CONFIG_INVALID` when it is no
 *   regular file; for any file `QUEUE_IO` when reading may work later
 */
export function loadAliases(path: string, options: { readonly explicit: boolean }): ParsedAliases {
  if (path === '/dev/null') return EMPTY
  const file = readListFile(path, ALIASES_LIMIT)
  if (file.ok) return parseAliases(file.text, path)
  const code = (file.errno === undefined ? undefined : CODE_OF[file.errno]) ?? 'CONFIG_INVALID'
  const sentence = `cannot read the aliases file ${path}: ${file.reason}`
  if (options.explicit) {
    throw new MailError(code, `${sentence}; correct the path or its permissions`, { details: { path } })
  }
  return code === 'CONFIG_MISSING' ? EMPTY : { ...EMPTY, warnings: [`${sentence}; no alias is expanded`] }
}
