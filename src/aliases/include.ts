/**
 * The files that `:include:` names: mailing lists, one or more addresses a line. They may be maintained by
 * somebody less trusted than the administrator, so only addresses, names and further lists count in them; a
 * command, a file or a discard is left out and reported. A file that cannot be used is a MailError with a
 * sentence for the user; nothing is ever run or written.
 */
import { isAbsolute } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from '../message/address.ts'
import { readListFile } from './list-file.ts'
import { withoutComments } from './members.ts'
import { parseTargets, type AliasTarget, type TargetList } from './targets.ts'

/** Largest included file, in bytes. */
export const INCLUDE_LIMIT = 1024 * 1024

/** A file that is no list at all would give a problem a line. */
const PROBLEM_LIMIT = 10

const ALLOWED: ReadonlySet<AliasTarget['kind']> = new Set(['address', 'verbatim', 'include'])

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
  const targets: AliasTarget[] = []
  const problems: string[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const list = parseTargets(withoutComments(line))
    const forbidden = list.targets.filter(({ kind }) => !ALLOWED.has(kind))
    const refusals = forbidden.map(({ kind }) => `${kind} targets are not allowed in an included file`)
    targets.push(...list.targets.filter(({ kind }) => ALLOWED.has(kind)))
    problems.push(...[...list.problems, ...refusals].map((what) => `${path}:${index + 1}: ${what}`))
  }
  const more = problems.length - PROBLEM_LIMIT
  if (more > 0) problems.splice(PROBLEM_LIMIT, more, `${path}: ${more} more lines are no addresses`)
  return { targets, problems }
}
