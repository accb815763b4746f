/**
 * Header lines that are longer than a line may be (998 octets, RFC 5322 section 2.1.1) are folded: at a blank, or, in a
 * list of addresses without one, behind a comma. What offers no such place, and every shorter line, stays as it is.
 */
import type { HeaderField } from './header-block.ts'
import { roleOf } from './address/show.ts'
import { LONGEST_LINE } from './wire-facts.ts'

const NAME_ONLY = /^[!-9;-~]+[ \t]*:$/

/** The last blank before the limit that has something on both sides, besides the name of the field. */
function lastBlank(line: string): number | undefined {
  for (let at = LONGEST_LINE; at > 0; at -= 1) {
    if (line[at] !== ' ' && line[at] !== '\t') continue
    const before = line.slice(0, at).trim()
    if (before === '' || NAME_ONLY.test(before)) return undefined
    if (line.slice(at).trim() !== '') return at
  }
  return undefined
}

/** Behind the last comma before the limit that is in no quotes. */
function behindComma(line: string): number | undefined {
  let found: number | undefined
  let quoted = false
  for (let at = 0; at < LONGEST_LINE; at += 1) {
    const char = line[at]
    if (char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) found = at + 1
  }
  return found
}

function foldLine(line: string, isList: boolean): string {
  const pieces: string[] = []
  let rest = line
  while (rest.length > LONGEST_LINE) {
    const blank = lastBlank(rest)
    const at = blank ?? (isList ? behindComma(rest) : undefined)
    if (at === undefined || at >= rest.length) break
    pieces.push(rest.slice(0, at))
    rest = blank === undefined ? ` ${rest.slice(at)}` : rest.slice(at)
  }
  return [...pieces, rest].join('\r\n')
}

/**
 * Folds the long lines of a field.
 *
 * @returns its bytes as latin1, with the final CRLF
 */
export function foldLongLines({ name, raw }: HeaderField): string {
  if (raw.length <= LONGEST_LINE) return raw
  const isList = roleOf(name) !== undefined
  return raw
    .split('\r\n')
    .map((line) => foldLine(line, isList))
    .join('\r\n')
}
