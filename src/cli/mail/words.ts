/**
 * What a word is by its shape. The mail programs disagree about what some options take; their callers write headers
 * as `Name: value`, types as `text/html`, commands as `set escape` and files as names of files, which tells them
 * apart. Nothing here fails, and no file is opened.
 */
import { accessSync, constants, statSync } from 'node:fs'

/** A header field. */
export type Header = readonly [name: string, value: string]

const HEADER = /^([A-Za-z][A-Za-z0-9_-]*)[ \t]*:(.*)$/s

/**
 * Reads a word as a header field.
 *
 * @param word such as `X-Name: value`
 * @returns name and value without blanks around it, line breaks in it as one blank; undefined for other words
 */
export function asHeader(word: string): Header | undefined {
  const field = HEADER.exec(word)
  if (field?.[1] === undefined) return undefined
  return [field[1], oneLine(field[2] ?? '')]
}

/** A text with its line breaks as blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, ' ').trim()
}

/**
 * Reads the argument of `-a` as a header field, as it is meant by those who write it: a name, a colon and a blank are
 * no file; without the blank it is a header when there is no such file.
 */
export function headerNotFile(word: string): Header | undefined {
  return /^[A-Za-z][A-Za-z0-9_-]*:[ \t]/.test(word) || !isReadableFile(word) ? asHeader(word) : undefined
}

/** True for a file of any kind but a directory that this user may read. */
export function isReadableFile(word: string): boolean {
  try {
    accessSync(word, constants.R_OK)
    return !statSync(word).isDirectory()
  } catch {
    return false
  }
}

/** True for what `-q` can quote: a file, or `-` for standard input. */
export function isQuotable(word: string): boolean {
  return word === '-' || isReadableFile(word)
}

/** True for a media type such as `text/html; charset=utf-8`. */
export function isMediaType(word: string): boolean {
  return /^(?:text|application|image|audio|video|message|multipart|font|model)\/[\w.+-]+[ \t]*(?:;.*)?$/i.test(
    word,
  )
}

const COMMANDS = [
  ...['set', 'unset', 'setenv', 'unsetenv', 'alias', 'unalias', 'group', 'alternates', 'ignore', 'discard'],
  ...['retain', 'source', 'if', 'echo', 'headers', 'sendheader', 'nosendheader'],
]
const COMMAND = new RegExp(`^(?:${COMMANDS.join('|')})(?:[ \\t]|$)`)

/** True for a command of a mailrc file, such as `set escape`. */
export function isMailrcCommand(word: string): boolean {
  return COMMAND.test(word)
}
