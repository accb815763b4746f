/**
 * Reads the text of an ini file into entries that know their line. What a line means is decided here and never
 * guessed: a line that could mean two things, or nothing, is refused as CONFIG_INVALID with `file:line`, and no
 * message repeats a value, since it may be a secret. The ini package alone would drop what follows `;` in a
 * password, turn an indented section header into a key and let the last of two equal keys win, all in silence;
 * it is used for what it does exactly: undoing and applying the quoting of one value.
 */
import ini from 'ini'
import { withoutByteOrderMark } from '../util/byte-order-mark.ts'
import { hasControl } from '../util/control-characters.ts'
import { configInvalid } from './config-error.ts'
import { scanSecret, scanValue } from './ini-value.ts'

/** One `key = value` line. */
export interface IniEntry {
  readonly section: string
  /** In lower case. */
  readonly key: string
  /** Without quotes and comment. */
  readonly value: string
  /** Counted from 1. */
  readonly line: number
  readonly file: string
}

/** Whether the values of a key (in lower case) are secrets, in which comment signs mean nothing. */
type SecretTest = (key: string) => boolean

/** Takes each section header, with its line. */
type SectionVisitor = (section: string, line: number) => void

interface Reading {
  readonly entries: IniEntry[]
  readonly lineOf: Map<string, number>
  readonly file: string
  section: string | undefined
}

/**
 * Parses a whole file. Keys may be in upper or lower case, the delimiter is `=` or `:` (the first of them), a
 * comment is a line that begins with `;` or `#`, or what follows a blank and one of these outside quotes.
 *
 * @param text the file's text; a byte order mark and CRLF line ends are fine
 * @param file its name, for messages
 * @param isSecret says for which keys the value is the rest of the line as it stands
 * @param onSection sees also sections without an entry
 * @throws MailError CONFIG_INVALID for a line that is no entry, header or comment, for a key given twice in one
 *   section, for a continuation line and for an unclosed quote
 */
export function parseIni(
  text: string,
  file: string,
  isSecret: SecretTest,
  onSection?: SectionVisitor,
): IniEntry[] {
  const reading: Reading = { entries: [], lineOf: new Map(), file, section: undefined }
  const lines = withoutByteOrderMark(text).split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    const start = line.trimStart()
    if (start === '' || start.startsWith(';') || start.startsWith('#')) continue
    if (start.startsWith('[')) {
      reading.section = sectionName(start, `${file}:${index + 1}`)
      onSection?.(reading.section, index + 1)
    } else addEntry(reading, line, index + 1, isSecret)
  }
  return reading.entries
}

function sectionName(line: string, where: string): string {
  const end = line.indexOf(']')
  if (end === -1) throw configInvalid(where, 'the section header has no "]"; write it as [mailqueue]')
  if (!/^\s*([;#].*)?$/.test(line.slice(end + 1))) {
    throw configInvalid(
      where,
      'there is text after the "]" of the section header; put it on a line of its own',
    )
  }
  const name = line.slice(1, end).trim()
  if (name === '') throw configInvalid(where, 'the section header is empty; write it as [mailqueue]')
  return name
}

function addEntry(reading: Reading, text: string, line: number, isSecret: SecretTest): void {
  const where = `${reading.file}:${line}`
  const delimiter = text.search(/[=:]/)
  if (delimiter === -1) throw configInvalid(where, withoutDelimiter(text, reading.entries.length > 0))
  const key = text.slice(0, delimiter).trim().toLowerCase()
  if (!/^[a-z0-9_.-]{1,64}$/.test(key)) {
    throw configInvalid(
      where,
      'there is no option name before the "=" or ":"; write "name = value" on one line',
    )
  }
  const { section } = reading
  if (section === undefined) {
    throw configInvalid(where, `"${key}" stands before the first section; put the line [mailqueue] above it`)
  }
  const first = reading.lineOf.get(`${section}\n${key}`)
  if (first !== undefined) {
    throw configInvalid(where, `"${key}" is given a second time (first in line ${first}); remove one of them`)
  }
  reading.lineOf.set(`${section}\n${key}`, line)
  const value = decode(text.slice(delimiter + 1), isSecret(key), where)
  reading.entries.push({ section, key, value, line, file: reading.file })
}

function withoutDelimiter(text: string, follows: boolean): string {
  return follows && /^\s/.test(text)
    ? 'a value cannot go on in a second line; write the whole value on one line'
    : 'there is no "=" in this line; write "name = value", or begin the line with "#" to make it a comment'
}

function decode(rest: string, secret: boolean, where: string): string {
  const scanned = secret ? scanSecret(rest) : scanValue(rest)
  if (scanned.kind === 'plain') return scanned.text
  if (scanned.kind === 'unclosed') {
    throw configInvalid(
      where,
      'the quote before the value is not closed; close it, or put quotes around the value',
    )
  }
  return scanned.quote === "'" ? scanned.body : undoDoubleQuotes(scanned.body)
}

/**
 * Only `\"` and `\\` are escapes: every other backslash stands for itself, as in `"C:\temp"`. Text with control
 * characters is left alone, for the option it belongs to refuses it.
 */
function undoDoubleQuotes(body: string): string {
  if (hasControl(body)) return body
  const exact = body.replace(/\\(["\\])?/g, (all, escaped: string | undefined) => (escaped ? all : '\\\\'))
  return ini.unsafe(`"${exact}"`)
}

/**
 * Writes a value (without control characters) so that {@link parseIni} reads the same text.
 */
export function formatIniValue(value: string): string {
  return /[;#\\"']/.test(value) ? JSON.stringify(value) : ini.safe(value)
}
