/**
 * The aliases file as a table, aliases(5). One bad line never harms another: it is left out, and a warning
 * names its file and line. Nothing throws, nothing is opened, run or written.
 */
import { quoteForMessage } from '../message/address/address.ts'
import { withoutByteOrderMark } from '../util/byte-order-mark.ts'
import { unquote, withoutComments } from './members.ts'
import { parseTargets, type AliasTarget } from './targets.ts'

/** What each name stands for; the keys are in lower case. */
export type AliasTable = ReadonlyMap<string, readonly AliasTarget[]>

/** An aliases file and what is wrong with it. */
export interface ParsedAliases {
  readonly aliases: AliasTable
  /** The line of each alias, counted from 1. */
  readonly lines: ReadonlyMap<string, number>
  /** One line each, as `file:line: what`. */
  readonly warnings: readonly string[]
}

interface LogicalLine {
  /** Number of its first physical line, counted from 1. */
  readonly number: number
  readonly text: string
}

/** An entry is a line and the indented lines after it; lines that are blank or a comment belong to none. */
function logicalLines(text: string): LogicalLine[] {
  const lines: { number: number; text: string }[] = []
  for (const [index, physical] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^\s*(?:#|$)/.test(physical)) continue
    const open = lines.at(-1)
    if (/^\s/.test(physical) && open !== undefined) open.text += `\n${physical}`
    else lines.push({ number: index + 1, text: physical })
  }
  return lines
}

type Entry = { readonly name: string; readonly value: string } | { readonly problem: string }

function splitEntry(text: string): Entry {
  if (/^\s/.test(text)) return { problem: 'an indented line with no alias before it; the line is skipped' }
  const match = /^("(?:[^"\\]|\\.)*"|[^:"]*?)[^\S\n]*:(.*)$/s.exec(text)
  const key = match?.[1]
  if (key === undefined) return { problem: 'no colon after the alias name; the line is skipped' }
  const name = unquote(key).toLowerCase()
  if (name === '') return { problem: 'no alias name before the colon; the line is skipped' }
  if (!key.startsWith('"') && /\s/.test(key)) {
    return {
      problem: `white space in the alias name ${quoteForMessage(name)}; quote it; the line is skipped`,
    }
  }
  if (name.includes('@')) {
    return {
      problem: `the alias name ${quoteForMessage(name)} has a domain; leave it out; the line is skipped`,
    }
  }
  return { name, value: match?.[2] ?? '' }
}

/**
 * Reads the text of an aliases file.
 *
 * @param text the whole file; any kind of line end
 * @param file its name, for the warnings
 */
export function parseAliases(text: string, file: string): ParsedAliases {
  const aliases = new Map<string, readonly AliasTarget[]>()
  const lines = new Map<string, number>()
  const warnings: string[] = []
  for (const line of logicalLines(withoutByteOrderMark(text))) {
    const warn = (what: string): number => warnings.push(`${file}:${line.number}: ${what}`)
    const entry = splitEntry(withoutComments(line.text))
    if ('problem' in entry) {
      warn(entry.problem)
      continue
    }
    const { targets, problems } = parseTargets(entry.value)
    for (const problem of problems) warn(`alias ${entry.name}: ${problem}`)
    if (targets.length === 0) warn(`alias ${entry.name} has no usable target; the line is skipped`)
    else if (aliases.has(entry.name)) warn(`alias ${entry.name} is defined again; the first one counts`)
    else {
      aliases.set(entry.name, targets)
      lines.set(entry.name, line.number)
    }
  }
  return { aliases, lines, warnings }
}
