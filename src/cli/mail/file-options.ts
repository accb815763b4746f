/**
 * The options about attachments that stand before the file they are about: type and encoding hold for all files that
 * follow, a name for the next one, as GNU mailutils has it. A type with no file behind it is that of the body.
 */
import { resolve } from 'node:path'
import { namedPath } from '../named-path.ts'
import { isReadableFile } from './words.ts'

/** A file to be attached, as the command line has it. */
export interface NamedAttachment {
  /** `-` is standard input. */
  readonly path: string
  readonly name?: string
  readonly type?: string
  readonly encoding?: 'base64' | 'quoted-printable'
  /** Left out when the file is empty. */
  readonly skipEmpty: boolean
}

/** What holds for the next file. */
export interface FileOptions {
  name: string | undefined
  type: string | undefined
  encoding: NamedAttachment['encoding'] | undefined
  skipEmpty: boolean
  /** The type was given to a file. */
  typeIsUsed: boolean
}

/** Nothing asked for yet. */
export function newFileOptions(): FileOptions {
  return { name: undefined, type: undefined, encoding: undefined, skipEmpty: false, typeIsUsed: false }
}

/** Asks for a type. */
export function setType(options: FileOptions, type: string): void {
  options.type = type
  options.typeIsUsed = false
}

/** Names of standard input, which can be read once only. */
const STANDARD_INPUT = /^\/dev\/(?:stdin|fd\/0)$|^\/proc\/self\/fd\/0$/

/** A file as it was named; standard input has one name, which is `-`. */
export function fileNamed(word: string): string {
  try {
    return STANDARD_INPUT.test(resolve(word)) ? '-' : word
  } catch {
    // A relative name in a working directory that was removed; whoever opens the file says so.
    return word
  }
}

/**
 * A file that an option takes its content from: its absolute path, or `-` for standard input.
 *
 * @param what it is, for people
 * @throws MailError USAGE when the name is empty
 */
export function inputNamed(word: string, what: string): string {
  const file = fileNamed(word)
  return file === '-' ? file : namedPath(file, what)
}

/** The form of s-nail, `file=charset#charset`: the file is text in the first charset. */
function withCharset(word: string): { readonly path: string; readonly type?: string } {
  const [, path = '', charset = ''] = /^(.+)=([\w.:-]+)(?:#[\w.:-]+)?$/s.exec(word) ?? []
  return path === '' || isReadableFile(word) || !isReadableFile(path)
    ? { path: word }
    : { path, type: `text/plain; charset=${charset}` }
}

/** The next file, with what was asked for before it. */
export function nextFile(options: FileOptions, word: string): NamedAttachment {
  const { name, type, encoding, skipEmpty } = options
  options.name = undefined
  options.typeIsUsed = true
  const file = withCharset(fileNamed(word))
  // Standard input that was named as a file has that name.
  const shown = name ?? (file.path === '-' && word !== '-' ? 'stdin' : undefined)
  return {
    ...file,
    skipEmpty,
    ...(shown === undefined ? {} : { name: shown }),
    ...(type === undefined ? {} : { type }),
    ...(encoding === undefined ? {} : { encoding }),
  }
}

/** What was asked for and is about no file. */
export function noMoreFiles(options: FileOptions): { readonly type?: string; readonly name?: string } {
  return {
    ...(options.type === undefined || options.typeIsUsed ? {} : { type: options.type }),
    ...(options.name === undefined ? {} : { name: options.name }),
  }
}
