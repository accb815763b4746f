/**
 * What is wrong with an aliases file beyond its bad lines, told before any mail needs it: loops, chains that are
 * too deep, targets that are never used, lists that cannot be read, and a catch-all that catches nothing. Every
 * alias and every list is looked at once, so the work grows with the size of the files and not with the number
 * of ways through them.
 */
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { CATCH_ALL, DEPTH_LIMIT, type AliasSource } from './expand.ts'
import { parseInclude } from './include.ts'
import { localName, lookUpNames } from './local-name.ts'
import type { ParsedAliases } from './parse.ts'
import { whyUnused, type AliasTarget } from './targets.ts'

/** More names than this are not shown of a loop. */
const SHOWN = 10

/** An alias or an included list on the way that is being followed. */
interface Step {
  readonly name: string
  /** Where it stands, and under which name, for the problems. */
  readonly where: string
  readonly next: readonly AliasTarget[]
  /** How many of `next` were followed. */
  done: number
  /** Steps of the longest chain that begins here, itself included. */
  depth: number
}

interface Check {
  readonly parsed: ParsedAliases
  readonly source: AliasSource
  readonly file: string
  /** The way from the alias that is being checked. */
  readonly way: Step[]
  /** The place of each step in the way, by its name. */
  readonly places: Map<string, number>
  /** The depth of every step that was followed to its end. */
  readonly depths: Map<string, number>
  readonly problems: string[]
}

const ALSO_SELF = 'it names itself; there is no local delivery, only the other targets are used'

function stepOfAlias({ parsed, source, file, problems }: Check, name: string): Step {
  const where = `${file}:${parsed.lines.get(name) ?? 0}: alias ${name}`
  const targets = parsed.aliases.get(name) ?? []
  const next = targets.filter((target) => nameOf(source, target) !== name)
  if (next.length > 0 && next.length < targets.length) problems.push(`${where}: ${ALSO_SELF}`)
  return { name, where, next, done: 0, depth: 1 }
}

function stepOfList({ source, problems }: Check, path: string, from: Step): Step {
  const step = { name: `:include:${path}`, where: path, done: 0, depth: 1 }
  try {
    const { targets, problems: found } = parseInclude(source.readInclude(path), path)
    problems.push(...found)
    if (targets.length === 0) problems.push(`${from.where}: the list ${path} has no address`)
    return { ...step, next: targets }
  } catch (error) {
    if (error instanceof MailError && error.temporary) throw error
    problems.push(`${from.where}: ${describeError(error)}`)
    return { ...step, next: [] }
  }
}

/** The step that a target leads to. */
function nameOf({ aliases, localDomains, delimiter }: AliasSource, target: AliasTarget): string | undefined {
  if (target.kind === 'include') return `:include:${target.path}`
  const name = target.kind === 'address' ? localName(target.address, localDomains) : undefined
  return name === undefined ? undefined : lookUpNames(name, delimiter).find((each) => aliases.has(each))
}

function loopText({ way }: Check, start: number, name: string): string {
  const shown =
    way.length - start > SHOWN
      ? [...way.slice(start, start + SHOWN - 1), { name: '...' }, ...way.slice(-1)]
      : way.slice(start)
  return `alias loop: ${[...shown.map((step) => step.name), name].join(' -> ')}`
}

/** Goes on to what a target leads to, or notes what is wrong with it. */
function followTarget(check: Check, step: Step, target: AliasTarget): void {
  const { problems, depths, places, way } = check
  const unused = whyUnused(target)
  if (unused !== undefined) problems.push(`${step.where}: ${unused}`)
  const name = nameOf(check.source, target)
  if (name === undefined) return
  const start = places.get(name)
  if (start !== undefined) {
    problems.push(`${step.where}: ${loopText(check, start, name)}`)
    return
  }
  const depth = depths.get(name)
  if (depth !== undefined) {
    step.depth = Math.max(step.depth, depth + 1)
    return
  }
  places.set(name, way.length)
  way.push(target.kind === 'include' ? stepOfList(check, target.path, step) : stepOfAlias(check, name))
}

/** Leaves a step of which everything was followed. */
function leave({ way, places, depths, problems }: Check, step: Step): void {
  way.pop()
  places.delete(step.name)
  depths.set(step.name, step.depth)
  const before = way.at(-1)
  if (before !== undefined) before.depth = Math.max(before.depth, step.depth + 1)
  if (step.depth === DEPTH_LIMIT + 1) {
    problems.push(`${step.where}: aliases are nested more than ${DEPTH_LIMIT} deep from here`)
  }
}

function checkAlias(check: Check, name: string): void {
  if (check.depths.has(name)) return
  check.places.set(name, 0)
  check.way.push(stepOfAlias(check, name))
  for (let step = check.way.at(-1); step !== undefined; step = check.way.at(-1)) {
    const target = step.next[step.done++]
    if (target === undefined) leave(check, step)
    else followTarget(check, step, target)
  }
}

/** What `default_alias` and the aliases it is about have against each other. */
function catchAllProblems({ parsed: { lines }, source, file }: Check): string[] {
  const there = CATCH_ALL.filter((name) => lines.has(name))
  if (source.catchAll !== true) {
    return there.map(
      (name) => `${file}:${lines.get(name) ?? 0}: alias ${name} catches nothing without default_alias = yes`,
    )
  }
  if (there.length === 0)
    return [`${file}: default_alias = yes, but no alias is called ${CATCH_ALL.join(' or ')}`]
  const [first = '', ...others] = there
  return others.map((name) => `${file}:${lines.get(name) ?? 0}: alias ${name} has no effect besides ${first}`)
}

/**
 * Follows every alias of a file.
 *
 * @param parsed the file, as it was read
 * @param file its name, for the problems
 * @param source what the aliases depend on
 * @returns one line each, mostly as `file:line: what`, bad lines not included
 * @throws MailError QUEUE_IO when an included list may be readable later
 */
export function checkAliases(parsed: ParsedAliases, file: string, source: AliasSource): string[] {
  const check: Check = {
    parsed,
    source,
    file,
    way: [],
    places: new Map(),
    depths: new Map(),
    problems: [],
  }
  for (const name of parsed.aliases.keys()) checkAlias(check, name)
  return [...check.problems, ...catchAllProblems(check)]
}
