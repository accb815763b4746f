/**
 * Turns the recipients a user named into the recipients the mail goes to, by the aliases table and the users'
 * forward files. Always ends, whatever these say: a loop, a chain that is too deep, a command or a file is a
 * problem of its own and the other targets stay. A recipient that is left with nothing is refused; a name that
 * nothing is said about passes through unchanged. Nothing is run or written; the only things read are included
 * files and forward files.
 */
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { dedupe } from '../message/address/address.ts'
import { parseInclude } from './include.ts'
import { localName, lookUpNames } from './local-name.ts'
import type { AliasTable } from './parse.ts'
import { whyUnused, type AliasTarget, type TargetList } from './targets.ts'

/** How many aliases and included files may stand behind each other. */
export const DEPTH_LIMIT = 32

/** Aliases that, where it is switched on, catch every local recipient without an alias; the first one counts. */
export const CATCH_ALL = ['default', '*']

/** What an expansion works with. */
export interface AliasSource {
  readonly aliases: AliasTable
  /** Domains whose addresses are expanded like bare names; `localhost` always is one. */
  readonly localDomains: readonly string[]
  /** Gives the text of an included file; throws when it cannot be used. */
  readonly readInclude: (path: string) => string
  /**
   * Local recipients without an alias go to the alias `default` or `*`; off unless true. Names that stand in
   * the table are not caught, so that `default: root` and `root: ann` never go round.
   */
  readonly catchAll?: boolean
  /** Where the user of a local name without an alias wants his mail sent; nobody's is forwarded without it. */
  readonly forwardOf?: (name: string) => TargetList
  /** The character before a tag: `ann+news` is also looked up as `ann`. */
  readonly delimiter?: string | undefined
}

/** The result of an expansion. */
export interface Expansion {
  /** In the order found, each once; bare names are not yet qualified. */
  readonly recipients: readonly string[]
  /** The recipients, as the user named them, that lead to nobody. */
  readonly refused: readonly { readonly recipient: string; readonly reason: string }[]
  /** What was left out although the recipient leads to somebody. */
  readonly warnings: readonly string[]
  /** The recipients, as the user named them, whose alias drops mail on purpose. */
  readonly discarded: readonly string[]
}

/** The way from one recipient through the table. */
interface Walk {
  readonly source: AliasSource
  readonly found: string[]
  readonly problems: string[]
  readonly warnings: string[]
  /** Aliases and files already followed; a second way to them adds nothing. */
  readonly followed: Set<string>
  discarded: boolean
}

function newWalk(source: AliasSource): Walk {
  return { source, found: [], problems: [], warnings: [], followed: new Set(), discarded: false }
}

/** Follows the targets that `load` gives under a step's name, unless that would go round or too deep. */
function follow(walk: Walk, step: string, path: readonly string[], load: () => readonly AliasTarget[]): void {
  const way = [...path, step]
  if (path.includes(step)) {
    walk.problems.push(`alias loop: ${way.slice(path.indexOf(step)).join(' -> ')}`)
  } else if (path.length >= DEPTH_LIMIT) {
    walk.problems.push(`aliases are nested more than ${DEPTH_LIMIT} deep at ${step}`)
  } else if (!walk.followed.has(step)) {
    walk.followed.add(step)
    for (const target of load()) visitTarget(walk, target, way)
  }
}

/** The alias that a local name has in the table, with its tag or without. */
function aliasFor({ aliases, delimiter }: AliasSource, name: string): string | undefined {
  return lookUpNames(name, delimiter).find((each) => aliases.has(each))
}

function catchAllOf({ aliases, catchAll }: AliasSource): string | undefined {
  return catchAll === true ? CATCH_ALL.find((key) => aliases.has(key)) : undefined
}

/** An alias that names itself means "here as well"; this program delivers nothing here. */
function withoutSelf({ source, warnings }: Walk, alias: string): readonly AliasTarget[] {
  const targets = source.aliases.get(alias) ?? []
  const others = targets.filter((target) => {
    const name = target.kind === 'address' ? localName(target.address, source.localDomains) : undefined
    return name === undefined || aliasFor(source, name) !== alias
  })
  if (others.length > 0 && others.length < targets.length) {
    warnings.push(`alias ${alias} names itself; there is no local delivery, the other targets are used`)
  }
  return others
}

/** Follows what the user of a name asks for. @returns false when that is nothing */
function followForward(walk: Walk, name: string, path: readonly string[]): boolean {
  for (const user of lookUpNames(name, walk.source.delimiter)) {
    const { targets, problems } = walk.source.forwardOf?.(user) ?? { targets: [], problems: [] }
    walk.warnings.push(...problems)
    if (targets.length === 0) continue
    follow(walk, `~${user}/.forward`, path, () => targets)
    return true
  }
  return false
}

function visitName(walk: Walk, name: string, address: string, path: readonly string[]): void {
  const alias = aliasFor(walk.source, name)
  if (alias === undefined && followForward(walk, name, path)) return
  const key = alias ?? (path.length === 0 ? catchAllOf(walk.source) : undefined)
  if (key === undefined) {
    walk.found.push(address)
    return
  }
  follow(walk, key, path, () => {
    const others = withoutSelf(walk, key)
    if (others.length === 0) walk.found.push(address)
    return others
  })
}

function visitAddress(walk: Walk, address: string, path: readonly string[]): void {
  const name = localName(address, walk.source.localDomains)
  if (name === undefined) walk.found.push(address)
  else visitName(walk, name, address, path)
}

function includedTargets(walk: Walk, file: string, alias: string): readonly AliasTarget[] {
  try {
    const list = parseInclude(walk.source.readInclude(file), file)
    walk.problems.push(...list.problems)
    return list.targets
  } catch (error) {
    if (error instanceof MailError && error.temporary) throw error
    walk.problems.push(`alias ${alias}: ${describeError(error)}`)
    return []
  }
}

function visitTarget(walk: Walk, target: AliasTarget, path: readonly string[]): void {
  const alias = path.at(-1) ?? ''
  switch (target.kind) {
    case 'address':
      visitAddress(walk, target.address, path)
      break
    case 'verbatim':
      walk.found.push(target.address)
      break
    case 'include':
      follow(walk, `:include:${target.path}`, path, () => includedTargets(walk, target.path, alias))
      break
    case 'pipe':
    case 'file':
      walk.problems.push(`alias ${alias}: ${whyUnused(target) ?? 'it is not used'}`)
      break
    case 'error':
      walk.problems.push(`alias ${alias}: ${target.reason === '' ? 'mail is refused' : target.reason}`)
      break
    case 'discard':
      walk.discarded = true
      break
  }
}

/**
 * Expands the recipients of one message by the aliases table.
 *
 * @param recipients addr-specs and bare local parts, as the user named them
 * @param source the table and what it depends on
 * @throws MailError only when an included or forward file could not be read now and may be later (temporary)
 */
export function expandRecipients(recipients: readonly string[], source: AliasSource): Expansion {
  const found: string[] = []
  const warnings = new Set<string>()
  const refused: { recipient: string; reason: string }[] = []
  const discarded: string[] = []
  for (const recipient of recipients) {
    const walk = newWalk(source)
    visitAddress(walk, recipient, [])
    const isLost = walk.found.length === 0 && !walk.discarded
    if (isLost) {
      const reason = walk.problems.length === 0 ? 'its alias leads to nobody' : walk.problems.join('; ')
      refused.push({ recipient, reason })
    }
    if (walk.discarded) discarded.push(recipient)
    for (const warning of [...walk.warnings, ...(isLost ? [] : walk.problems)]) warnings.add(warning)
    found.push(...walk.found)
  }
  return { recipients: dedupe(found), refused, warnings: [...warnings], discarded }
}
