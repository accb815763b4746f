/**
 * The files that `:include:` names: mailing lists, one or more addresses a line. They may be maintained by
 * somebody less trusted than the administrator, so only addresses, names and further lists count in them; a
 * command, a file or a discard is left out and reported. A file that cannot be used is a MailError with a
 * sentence for the user; nothing is ever run or written.
 */
import { isAbsolute } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address/address.ts'
import { parseAddressLines, type AddressFile } from './address-lines.ts'
import { readListFile } from './list-file.ts'
import type { TargetList } from './targets.ts'

/** Largest included file, in bytes. */
export const INCLUDE_LIMIT = 1024 * 1024

const INCLUDED: AddressFile = {
  what: 'an included file',
  allowed: new Set(['address', 'verbatim', 'include']),
}

/**
 * Reads an included file.
 *
 * @param path where it is; must be absolute and a regular file of at most {@link INCLUDE_LIMIT} bytes
 * @throws MailError `ALIAS_UNUSABLE` with the reason; `QUEUE_IO` when reading may work later
 */
export function readInclude(path: string): string {
  const refuse = (why: string): MailError =>
    new MailError('ALIAS_UNUSABLE', `cannot include ${quoteForMessage(path)}: ${why}`, { details: { path } })
  if (!isAbsolute(path)) throw refuse('the path is not absolute')
  const file = readListFile(path, INCLUDE_LIMIT)
  if (!file.ok) throw refuse(file.reason)
  return file.text
}

/**
 * Reads the text of an included file: targets separated by commas or line ends, with `#` comments.
 *
 * @param text the whole file
 * @param path its name, for the problems (`path:line: what`)
 */
export function parseInclude(text: string, path: string): TargetList {
  return parseAddressLines(text, path, INCLUDED)
}
