/**
 * What an option may hold: how its text is read, checked and written back. A kind knows nothing of files or of
 * the option it serves; it answers with the value or with what should have been written, and throws nothing.
 */
import { hasControl } from '../../util/control-characters.ts'

/** The answer of a kind: the value, or the words that complete "write ...". */
type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string }

/** What relative paths and `~/` start from; both absolute. */
export interface PathBase {
  readonly folder: string
  readonly home: string
}

/** Which JavaScript values a program may give instead of text. */
export type Accepts = 'text' | 'number' | 'boolean' | 'list'

/** Reads and writes the values of one kind of option. */
export interface OptionKind<T, A extends Accepts = Accepts> {
  /** What may be written, as the documentation and the error messages say it. */
  readonly form: string
  /** Which JavaScript values a program may give instead of text. */
  readonly accepts: A
  /** True where writing nothing means the same as leaving the option out. */
  readonly emptyIsUnset: boolean
  /** Reads the words of a list, or the one text of everything else. */
  parse(words: readonly string[], base: PathBase): Parsed<T>
  /** Writes a value so that parsing it gives the same value. */
  format(value: T): string
}

interface ScalarRules<T> {
  readonly form: string
  /** Undefined: not valid. */
  readonly read: (text: string, base: PathBase) => T | undefined
  readonly format?: (value: T) => string
}

/** A kind with one value; `read` gets text without control characters and returns undefined to refuse it. */
export function scalar<T, A extends 'number' | 'boolean'>(
  rules: ScalarRules<T> & { readonly accepts: A },
): OptionKind<T, A>
export function scalar<T>(rules: ScalarRules<T>): OptionKind<T, 'text'>
export function scalar<T>(
  rules: ScalarRules<T> & { readonly accepts?: 'number' | 'boolean' },
): OptionKind<T> {
  const { form, accepts = 'text', read, format = String } = rules
  return {
    form,
    accepts,
    emptyIsUnset: accepts === 'text',
    parse: ([text = ''], base) => {
      const value = hasControl(text) ? undefined : read(text, base)
      return value === undefined ? { ok: false, expected: form } : { ok: true, value }
    },
    format,
  }
}

interface ListRules<T> {
  readonly form: string
  /** Undefined: not valid. */
  readonly read: (word: string, base: PathBase) => T | undefined
  readonly format?: (item: T) => string
  /** The fewest items that make sense. */
  readonly least?: number
}

/** A kind with a list of values, each read by itself. */
export function listOf<T>(rules: ListRules<T>): OptionKind<readonly T[], 'list'> {
  const { form, read, format = String, least = 0 } = rules
  return {
    form,
    accepts: 'list',
    emptyIsUnset: least === 0,
    parse: (words, base) => {
      const items = words.map((word) => (hasControl(word) ? undefined : read(word, base)))
      const valid = items.filter((item) => item !== undefined)
      if (valid.length < Math.max(least, items.length)) return { ok: false, expected: form }
      return { ok: true, value: Object.freeze(valid) }
    },
    format: (items) => items.map((item) => format(item).replace(/[\s,]/g, '\\$&')).join(' '),
  }
}

/**
 * The words of a list: separated by blanks or commas; a backslash makes a blank or comma part of the word, and
 * `{a,b}` is one word, so that glob patterns can be written as they are.
 */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:\\[\s,]|\{[^{}]*\}|[^\s,])+/g) ?? []
  return words.map((word) => word.replace(/\\([\s,])/g, '$1'))
}
