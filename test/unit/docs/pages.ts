/**
 * Reading the manual pages (mdoc) and the Markdown files for tests that compare them with the code.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the project. */
export const ROOT = join(import.meta.dirname, '../../..')

/** The text of a file, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** One `.It` of a list. */
export interface Item {
  /** What follows `.It`. */
  readonly head: string
  /** The lines below it, those of nested lists included. */
  readonly text: string
}

/** The lines below a `.Sh` or `.Ss` with that title, up to the next heading of the same kind or a higher one. */
export function section(page: string, title: string): string {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line === `.Sh ${title}` || line === `.Ss ${title}`)
  if (start === -1) throw new Error(`there is no section ${title}`)
  const isEnd = lines[start]?.startsWith('.Sh') === true ? /^\.Sh / : /^\.S[hs] /
  const length = lines.slice(start + 1).findIndex((line) => isEnd.test(line))
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n')
}

/** The items of the lists in some lines, without those of lists within lists. */
export function itemsOf(lines: string): Item[] {
  const items: { head: string; text: string[] }[] = []
  let depth = 0
  // A macro line may go on after a backslash.
  for (const line of lines.replaceAll('\\\n', '').split('\n')) {
    if (line.startsWith('.El')) depth -= 1
    if (depth === 1 && line.startsWith('.It ')) items.push({ head: line.slice(4), text: [] })
    else if (depth > 0) items.at(-1)?.text.push(line)
    if (line.startsWith('.Bl')) depth += 1
  }
  return items.map(({ head, text }) => ({ head, text: text.join('\n') }))
}

/** Names of options with their dashes, and whether one takes an argument. */
export interface Flags {
  readonly names: readonly string[]
  readonly argument: boolean
}

/** The options that an item such as `Fl C , Fl Fl config Ar file` is about. */
export function manFlags({ head }: Item): Flags {
  const names = head
    .replaceAll('\\&', '')
    .split(' , ')
    .map((part) => /^((?:Fl )+)(\S+)/.exec(part))
    .map((match) => `${'-'.repeat((match?.[1] ?? '').length / 3)}${match?.[2] ?? ''}`)
  return { names, argument: head.includes(' Ar ') }
}

/** The options of a text made by commander for `--help`. */
export function helpFlags(help: string): Flags[] {
  const options = /^Options:\n((?: {2}.*\n)*)/m.exec(help)?.[1] ?? ''
  return [...options.matchAll(/^ {2}(-[^\s,]+(?:, --\S+)?)( <)?/gm)].map(([, names = '', argument]) => ({
    names: names.split(', '),
    argument: argument !== undefined,
  }))
}

/** The first letter in upper case and a full stop, as a phrase of a table stands in a manual page. */
export function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}
