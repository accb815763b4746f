/**
 * Tables of options, one row each, and what a parser and a reader of --help need of them. Never fails.
 */
import type { ArgumentKind, Grammar } from './getopt.ts'

/** What every table of options has. */
export interface OptionRow {
  readonly letter?: string
  readonly long?: string
  /** Other long names of the same. */
  readonly also?: readonly string[]
  readonly takes: ArgumentKind
  /** For --help and the man page; for a refused option, what to do instead. */
  readonly doc: string
}

const namesOf = ({ long, also = [] }: OptionRow): readonly string[] =>
  long === undefined ? also : [long, ...also]

/**
 * The letters and the long names of a table.
 *
 * @param takes what an option takes, where that is not what its row says
 */
export function tableGrammar<Row extends OptionRow>(
  rows: readonly Row[],
  takes: (row: Row) => ArgumentKind = (row) => row.takes,
): Pick<Grammar, 'short' | 'long'> {
  const short = new Map<string, ArgumentKind>()
  const long = new Map<string, ArgumentKind>()
  for (const row of rows) {
    if (row.letter !== undefined) short.set(row.letter, takes(row))
    for (const name of namesOf(row)) long.set(name, takes(row))
  }
  return { short, long }
}

/** The row of an option as the parser names it: a letter or a long name. */
export function rowOf<Row extends OptionRow>(rows: readonly Row[], name: string): Row | undefined {
  return rows.find((row) => row.letter === name || namesOf(row).includes(name))
}

/**
 * The lines of --help, one for each row.
 *
 * @param argument what stands behind the names
 * @param width of the names and the argument, in characters
 */
export function helpLines<Row extends OptionRow>(
  rows: readonly Row[],
  argument: (row: Row) => string,
  width: number,
): string {
  const lines = rows.map((row) => {
    const names = [row.letter && `-${row.letter}`, row.long && `--${row.long}`].filter(Boolean).join(', ')
    return `  ${(names + argument(row)).padEnd(width)}${row.doc}`
  })
  return lines.join('\n')
}
