/**
 * The configuration of a program that uses the library: the options of the file as keys of an object, with the
 * same names, defaults and checks. Nothing is read from disk.
 */
import { homeDirectory } from '../util/home.ts'
import {
  accountSection,
  addTo,
  checkAccountName,
  noSections,
  type Section,
  type Sections,
} from './account-sections.ts'
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import { knownOption } from './given-values.ts'
import type { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'
import { resolveConfig } from './resolve.ts'
import type { Identity } from './sender-template.ts'

const WHERE = 'settings'

type Table = typeof OPTIONS

/** What may be given for an option: the text that a file would hold, or a value of its kind. */
interface Accepted {
  readonly text: string
  readonly number: string | number
  readonly boolean: string | boolean
  readonly list: string | number | readonly (string | number)[]
}

/** The options of the table, without those of which something is said that does not fit. */
type Without<Unfit> = { [K in keyof Table]: Table[K] extends Unfit ? never : K }[keyof Table]

type AliasOf<Row> = Row extends { readonly aliases: readonly (infer Alias extends string)[] } ? Alias : never

/** Options by name or alias. */
type Given<Keys extends keyof Table> = {
  readonly [K in Keys as K | AliasOf<Table[K]>]?: Accepted[Table[K]['kind']['accepts']] | null | undefined
}

interface FileOnly {
  readonly fileOnly: true
}

/** The settings of an account: the options of mailqueue.conf(5) that its section may have. */
export type MailqueueAccount = Given<Without<FileOnly | { readonly scope: 'site' }>>

/**
 * The settings of a program: the options of mailqueue.conf(5) as keys, with durations in seconds. Undefined and null
 * mean "not given"; relative paths start at the current directory. `accounts` has one object of options for each
 * further account, by its name.
 */
export type MailqueueSettings = Given<Without<FileOnly | { readonly scope: 'named' }>> & {
  readonly accounts?: Readonly<Record<string, MailqueueAccount>> | null | undefined
}

/**
 * Builds a configuration from settings.
 *
 * @param settings options by name or alias; besides the text that a file would hold, numbers (durations in
 *   seconds), booleans and, for lists, arrays are accepted; undefined and null mean "not given". Relative paths
 *   start at the current directory. `accounts` has one object of options for each further account, by its name
 * @param identity values of `%U`, `%H` and `%F` in `from`, which are refused without it
 * @returns the frozen configuration, with `source` undefined
 * @throws MailError CONFIG_INVALID for an unknown key, a value that is not valid or a contradiction
 */
export function configFromSettings(settings: Readonly<Record<string, unknown>>, identity?: Identity): Config {
  const sections = noSections()
  const { accounts, ...site } = settings
  addSettings(sections, undefined, site, WHERE)
  for (const [name, own] of Object.entries(asRecord(accounts ?? {}, 'accounts'))) {
    const where = `${WHERE}: accounts.${name}`
    checkAccountName(name, where)
    const section = accountSection(sections, name, where)
    addSettings(sections, section, asRecord(own, `accounts.${name}`), where)
  }
  return resolveConfig(sections, { source: undefined, identity })
}

function asRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw configInvalid(WHERE, `${name} has to be an object`)
}

function addSettings(
  sections: Sections,
  into: Section | undefined,
  settings: Readonly<Record<string, unknown>>,
  where: string,
): void {
  const base = { folder: process.cwd(), home: homeDirectory(process.env) }
  for (const [key, value] of Object.entries(settings)) {
    const option = knownOption(key, where)
    if (value === undefined || value === null) continue
    if (option.fileOnly === true) throw configInvalid(where, `${option.name} only works in a file; remove it`)
    addTo(into, sections, option, { raw: asText(option, value), where, base })
  }
}

function asText(option: Option<unknown>, value: unknown): string | readonly string[] {
  const { accepts, form } = option.kind
  if (typeof value === 'string') return value
  if (accepts === 'list') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    const words = items.map(plainItem).filter((word) => word !== undefined)
    if (words.length === items.length) return words
  } else if (typeof value === accepts) {
    return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
  }
  const got = Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
  throw configInvalid(WHERE, `${option.name} cannot be ${got}; give ${form}`)
}

/** A list item as text; a number is a duration in seconds. */
function plainItem(item: unknown): string | undefined {
  if (typeof item === 'string') return item
  return typeof item === 'number' ? String(item) : undefined
}
