/**
 * Files of addresses that somebody less trusted than the administrator may write: an included list, a user's
 * forward file. Targets are separated by commas or line ends, with `#` comments; only the kinds that the place
 * allows count, and everything else is left out and reported. Nothing throws.
 */
import { withoutByteOrderMark } from '../util/byte-order-mark.ts'
import { withoutComments } from './members.ts'
import { parseTargets, type AliasTarget, type TargetList } from './targets.ts'

/** A file that is no list at all would give a problem a line. */
const PROBLEM_LIMIT = 10

/** What kind of file it is. */
export interface AddressFile {
  /** In words, for the problems: `an included file`. */
  readonly what: string
  readonly allowed: ReadonlySet<AliasTarget['kind']>
}

/**
 * Reads the text of such a file.
 *
 * @param text the whole file
 * @param path its name, for the problems (`path:line: what`)
 */
export function parseAddressLines(text: string, path: string, { what, allowed }: AddressFile): TargetList {
  const targets: AliasTarget[] = []
  const problems: string[] = []
  const lines = withoutByteOrderMark(text).split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    const list = parseTargets(withoutComments(line))
    const forbidden = list.targets.filter(({ kind }) => !allowed.has(kind))
    const refusals = forbidden.map(({ kind }) => `${kind} targets are not allowed in ${what}`)
    targets.push(...list.targets.filter(({ kind }) => allowed.has(kind)))
    problems.push(...[...list.problems, ...refusals].map((problem) => `${path}:${index + 1}: ${problem}`))
  }
  const more = problems.length - PROBLEM_LIMIT
  if (more > 0) problems.splice(PROBLEM_LIMIT, more, `${path}: ${more} more lines are no addresses`)
  return { targets, problems }
}
