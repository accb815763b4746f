/**
 * The values that were written, before they are read: which option, what text, where. Refuses what no option
 * stands for and what is written twice, also when it is once in each of two sections or files, or once under
 * an alias.
 */
import { configInvalid } from './config-error.ts'
import type { PathBase } from './kinds/option-kind.ts'
import { splitWords } from './kinds/option-kind.ts'
import { suggestion } from './nearest.ts'
import { findOption, optionNames } from './options.ts'
import { withoutSecret, type DefaultedOption, type Option } from './options/option.ts'

/** One written value. */
export interface GivenValue {
  /** Text from a file, or the items of an array from a program. */
  readonly raw: string | readonly string[]
  /** `file:line`, or what else names the place. */
  readonly where: string
  readonly base: PathBase
  /** Why a secret cannot be told, for whoever needs it: an environment variable in it is not set. */
  readonly missing?: string
}

/** The written values by the name of their option (never an alias). */
export type GivenValues = ReadonlyMap<string, GivenValue>

/**
 * The option a key stands for.
 *
 * @param key as written, in any case
 * @param where the place, for the message
 * @throws MailError CONFIG_INVALID with the nearest known key
 */
export function knownOption(key: string, where: string): Option<unknown> {
  const option = findOption(key.toLowerCase())
  if (option !== undefined) return option
  const hint = suggestion(key, optionNames()) || '; mailqueue.conf(5) lists all options'
  throw configInvalid(where, `unknown option "${key}"${hint}`)
}

/**
 * Adds a value.
 *
 * @throws MailError CONFIG_INVALID when the option already has one
 */
export function addGiven(into: Map<string, GivenValue>, option: Option<unknown>, value: GivenValue): void {
  const first = into.get(option.name)
  if (first !== undefined) {
    const also = option.aliases === undefined ? '' : ` (also called ${option.aliases.join(', ')})`
    const sentence = `${option.name}${also} is given a second time (first at ${first.where}); remove one of them`
    throw configInvalid(value.where, sentence)
  }
  into.set(option.name, value)
}

/**
 * Reads the value of an option.
 *
 * @returns undefined when the option is not given, or given empty where that means the same
 * @throws MailError CONFIG_INVALID when the text is not valid for the option
 */
export function readGiven<T>(given: GivenValues, option: Option<T>): T | undefined {
  const value = given.get(option.name)
  if (value === undefined) return undefined
  const { raw, where, base } = value
  const text = typeof raw === 'string' ? raw : raw.join(' ')
  if (option.kind.emptyIsUnset && text === '') return undefined
  const words = typeof raw !== 'string' ? raw : option.kind.accepts === 'list' ? splitWords(raw) : [raw]
  const parsed = option.kind.parse(words, base)
  if (parsed.ok) return parsed.value
  throw configInvalid(where, `${option.name}${shown(option, text)} is not valid; write ${parsed.expected}`)
}

/** As {@link readGiven}, with the option's default for an option that is not given. */
export function readOrDefault<T>(given: GivenValues, option: DefaultedOption<T>): T {
  return readGiven(given, option) ?? option.default
}

function shown(option: Option<unknown>, text: string): string {
  if (option.secret === true) return ''
  if (text === '') return ', which is empty,'
  const printable = withoutSecret(option, text).replace(/\p{Cc}/gu, '?')
  return ` = ${printable.length > 80 ? `${printable.slice(0, 80)}...` : printable}`
}
