/**
 * Where written values belong: to all (`[mailqueue]`), or to one account (`[account NAME]`), and what an account
 * takes from the one it inherits from. Whatever stands where it would have no effect is refused.
 */
import { ACCOUNT_NAME_FORM, DEFAULT_ACCOUNT, isAccountName } from './account-name.ts'
import { configInvalid } from './config-error.ts'
import { addGiven, readGiven, type GivenValue, type GivenValues } from './given-values.ts'
import { dropIdleOnLimit } from './limit-settings.ts'
import { suggestion } from './nearest.ts'
import { BOUND_TO_SERVER, OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

/** The values of one section. */
export interface Section {
  /** `file:line` of its header, or what else names the place. */
  readonly where: string
  readonly given: Map<string, GivenValue>
}

/** The written values: those of `[mailqueue]`, and those of the accounts by their names, in the order of the file. */
export interface Sections {
  readonly given: Map<string, GivenValue>
  readonly accounts: Map<string, Section>
}

/** Nothing written yet. */
export function noSections(): Sections {
  return { given: new Map(), accounts: new Map() }
}

/** The first word of a section's header, and what follows it. */
function firstWordOf(section: string): readonly [word: string, rest?: string] {
  const at = section.search(/\s/)
  return at === -1 ? [section] : [section.slice(0, at), section.slice(at).trimStart()]
}

/**
 * The name in the header of an account's section.
 *
 * @returns undefined for the header of another section
 * @throws MailError CONFIG_INVALID for a name that cannot be one
 */
export function accountOfHeader(section: string, where: string): string | undefined {
  const [word, name = ''] = firstWordOf(section)
  if (word.toLowerCase() !== 'account') return undefined
  checkAccountName(name, where)
  return name
}

/**
 * Refuses what cannot be the name of another account.
 *
 * @throws MailError CONFIG_INVALID
 */
export function checkAccountName(name: string, where: string): void {
  if (name === DEFAULT_ACCOUNT)
    throw configInvalid(where, 'the account default is the section [mailqueue]; put its options there')
  if (!isAccountName(name))
    throw configInvalid(where, `an account cannot be called "${name.slice(0, 80)}"; use ${ACCOUNT_NAME_FORM}`)
}

/** The section of an account; made at its first mention, since several files may add to it. */
export function accountSection({ accounts }: Sections, name: string, where: string): Section {
  const section = accounts.get(name) ?? { where, given: new Map() }
  accounts.set(name, section)
  return section
}

/**
 * Adds a value to `[mailqueue]` or to an account.
 *
 * @param account undefined for `[mailqueue]`
 * @throws MailError CONFIG_INVALID for an option that means nothing there, or is there already
 */
export function addTo(
  into: Section | undefined,
  all: Sections,
  option: Option<unknown>,
  value: GivenValue,
): void {
  const { name, scope } = option
  if (into !== undefined && scope === 'site')
    throw configInvalid(value.where, `${name} holds for all accounts; move it to the section [mailqueue]`)
  if (into === undefined && scope === 'named') {
    const why = 'the account default takes what no other account does'
    throw configInvalid(value.where, `${name} belongs in a section [account NAME]; ${why}`)
  }
  addGiven(into?.given ?? all.given, option, value)
}

/** An account with everything that holds for it. */
export interface MergedAccount extends Merged {
  readonly name: string
  readonly where: string
}

interface Merged {
  readonly given: Map<string, GivenValue>
  /** The accounts that have its login: itself, and those it inherits it from, the nearest first. */
  readonly credentialsOf: readonly string[]
}

/**
 * The accounts with what they inherit, in the order of the file.
 *
 * @throws MailError CONFIG_INVALID for an account that inherits from itself or from none
 */
export function mergeAccounts(sections: Sections): MergedAccount[] {
  const usual: Merged = { given: sections.given, credentialsOf: [DEFAULT_ACCOUNT] }
  const done = new Map([[DEFAULT_ACCOUNT, usual]])
  return [...sections.accounts].map(([name, { where }]) => ({
    name,
    where,
    ...merged(name, sections, done, []),
  }))
}

function merged(name: string, sections: Sections, done: Map<string, Merged>, way: readonly string[]): Merged {
  const known = done.get(name)
  if (known !== undefined) return known
  const own: GivenValues = sections.accounts.get(name)?.given ?? new Map<string, GivenValue>()
  const parent = readGiven(own, OPTIONS.inherit) ?? DEFAULT_ACCOUNT
  const where = own.get(OPTIONS.inherit.name)?.where ?? 'configuration'
  if ([...way, name].includes(parent)) {
    const circle = [...way, name, parent].join(' -> ')
    throw configInvalid(where, `the account inherits from itself (${circle}); remove one inherit`)
  }
  refuseUnknown(parent, sections, where)
  const { given, credentialsOf } = inherited(merged(parent, sections, done, [...way, name]), own)
  for (const [key, value] of own) {
    if (isEmpty(value)) given.delete(key)
    else given.set(key, value)
  }
  if (!own.has(OPTIONS.on_limit.name)) dropIdleOnLimit(given)
  const result = { given, credentialsOf: [name, ...credentialsOf] }
  done.set(name, result)
  return result
}

/** What an account has without a value is taken back to the default, of whatever kind it is. */
const isEmpty = ({ raw, missing }: GivenValue): boolean => raw.length === 0 && missing === undefined

/**
 * Refuses the name of an account that is not there.
 *
 * @throws MailError CONFIG_INVALID
 */
export function refuseUnknown(name: string, { accounts }: Sections, where: string): void {
  if (name === DEFAULT_ACCOUNT || accounts.has(name)) return
  const hint =
    suggestion(name, [DEFAULT_ACCOUNT, ...accounts.keys()]) || `; add the section [account ${name}]`
  throw configInvalid(where, `there is no account "${name}"${hint}`)
}

/** What passes on to an account that says so much itself. */
function inherited({ given: from, credentialsOf }: Merged, own: GivenValues): Merged {
  const kept = new Map(from)
  const options = Object.values<Option<unknown>>(OPTIONS)
  const logsIn = hasOwnLogin(own)
  for (const { name, notInherited, login } of options) {
    if (notInherited === true || (logsIn && login === true)) kept.delete(name)
  }
  if (logsIn && isByCertificate(from)) kept.delete(OPTIONS.auth.name)
  // A password goes to the server that it was written down for, and to no other.
  const another = namesServer(own) && !sameServer(from, own)
  if (another) dropBound(kept)
  const sameLogin = !another && (!logsIn || sameUser(from, own))
  return { given: kept, credentialsOf: sameLogin ? credentialsOf : [] }
}

function isByCertificate(given: GivenValues): boolean {
  const value = given.get(OPTIONS.auth.name)
  return value !== undefined && !isEmpty(value) && readGiven(given, OPTIONS.auth) === 'external'
}

function sameUser(one: GivenValues, other: GivenValues): boolean {
  const user = readGiven(one, OPTIONS.smtp_username)
  return user !== undefined && user === readGiven(other, OPTIONS.smtp_username)
}

/** Whether a section has a part of a login; a client certificate as the login is one. */
function hasOwnLogin(own: GivenValues): boolean {
  if (isByCertificate(own)) return true
  return Object.values<Option<unknown>>(OPTIONS).some(({ name, login }) => login === true && own.has(name))
}

/** Whether a set of values names a server at all. */
export function namesServer(given: GivenValues): boolean {
  return given.has(OPTIONS.smtp_hostname.name) || given.has(OPTIONS.socket.name)
}

/** Whether two sets of values name the same server. */
export function sameServer(one: GivenValues, other: GivenValues): boolean {
  const host = (given: GivenValues): string | undefined =>
    readGiven(given, OPTIONS.socket) ?? readGiven(given, OPTIONS.smtp_hostname)?.toLowerCase()
  return host(one) === host(other)
}

/** Removes what was meant for one server only: the login first of all. */
export function dropBound(given: Map<string, GivenValue>): void {
  for (const { name } of BOUND_TO_SERVER) given.delete(name)
}
