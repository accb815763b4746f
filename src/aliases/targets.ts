/**
 * The right-hand side of an alias: a comma-separated list of targets. Every form that sendmail, Postfix and
 * Exim know is told apart here, also those that are refused later. Nothing is opened, run or written, and
 * nothing throws: what cannot be understood becomes a problem, and the other targets stay.
 */
import { describeError } from '../errors/errno.ts'
import { parseAddressList } from '../message/address/list.ts'
import { envelopeAddress, quoteForMessage } from '../message/address/address.ts'
import { splitMembers, unquote } from './members.ts'

/** One thing an alias can stand for. */
export type AliasTarget =
  /** An address or another name; it is expanded again when it is local. */
  | { readonly kind: 'address'; readonly address: string }
  /** `\name`: an address that is used as it stands and never expanded again. */
  | { readonly kind: 'verbatim'; readonly address: string }
  /** `:include:/path`: a file with more targets. */
  | { readonly kind: 'include'; readonly path: string }
  /** `|command`: never run. */
  | { readonly kind: 'pipe'; readonly command: string }
  /** `/path`: never written. */
  | { readonly kind: 'file'; readonly path: string }
  /** `/dev/null` or `:blackhole:`: the mail is dropped on purpose, and that is a success. */
  | { readonly kind: 'discard' }
  /** `:fail: text`, `:defer: text` or `error: text`: mail for this name is refused with these words. */
  | { readonly kind: 'error'; readonly reason: string }

/** What one list of targets holds. */
export interface TargetList {
  readonly targets: readonly AliasTarget[]
  /** One line for each part that was left out. */
  readonly problems: readonly string[]
}

interface SpecialForm {
  readonly pattern: RegExp
  readonly target: (rest: string) => AliasTarget
}

const SPECIAL_FORMS: readonly SpecialForm[] = [
  { pattern: /^\|\s*/, target: (command) => ({ kind: 'pipe', command }) },
  { pattern: /^:include:\s*/i, target: (path) => ({ kind: 'include', path }) },
  { pattern: /^:blackhole:.*$/is, target: () => ({ kind: 'discard' }) },
  { pattern: /^\/dev\/null$/, target: () => ({ kind: 'discard' }) },
  { pattern: /^(?=\/)/, target: (path) => ({ kind: 'file', path }) },
  { pattern: /^(?::fail:|:defer:|error:)\s*/i, target: (reason) => ({ kind: 'error', reason }) },
]

function specialTarget(member: string): AliasTarget | undefined {
  const text = unquote(member)
  const form = SPECIAL_FORMS.find(({ pattern }) => pattern.test(text))
  return form?.target(unquote(text.replace(form.pattern, '').replace(/\s+/g, ' ').trim()))
}

/** Why a target is never used, with what to do instead; undefined for one that can be. */
export function whyUnused(target: AliasTarget): string | undefined {
  if (target.kind === 'pipe') {
    return `the command ${quoteForMessage(target.command)} is not run; name an address instead`
  }
  if (target.kind !== 'file') return undefined
  return `the file ${quoteForMessage(target.path)} is not written; name an address instead`
}

function parseAddresses(text: string): { addresses: string[]; problems: string[] } {
  const parsed = parseAddressList(text)
  const addresses: string[] = []
  const problems = [...parsed.problems]
  for (const { address } of parsed.addresses) {
    try {
      addresses.push(envelopeAddress(address, 'alias target'))
    } catch (error) {
      problems.push(describeError(error))
    }
  }
  if (addresses.length === 0 && problems.length === 0) problems.push(`no address in ${quoteForMessage(text)}`)
  return { addresses, problems }
}

/** Without phrases, quotes or comments in it, blanks can only stand between addresses. */
function addressPieces(member: string): string[] {
  if (!/[<"(]/.test(member)) return member.split(/\s+/)
  const lines = member.split('\n').map((line) => line.trim())
  return lines.length > 1 && parseAddresses(member).problems.length > 0 ? lines : [member.replace(/\n/g, ' ')]
}

function plainTargets(member: string): TargetList {
  const targets: AliasTarget[] = []
  const problems: string[] = []
  for (const piece of addressPieces(member)) {
    const kind = piece.startsWith('\\') ? 'verbatim' : 'address'
    const parsed = parseAddresses(kind === 'verbatim' ? piece.slice(1) : piece)
    problems.push(...parsed.problems)
    targets.push(...parsed.addresses.map((address) => ({ kind, address }) as const))
  }
  return { targets, problems }
}

/**
 * Reads a list of alias targets, aliases(5).
 *
 * @param text the list without comments; a line feed stands where a continuation line was joined
 */
export function parseTargets(text: string): TargetList {
  const { members, problem } = splitMembers(text)
  const targets: AliasTarget[] = []
  const problems = problem === undefined ? [] : [problem]
  for (const member of members) {
    const special = specialTarget(member)
    const list = special === undefined ? plainTargets(member) : { targets: [special], problems: [] }
    targets.push(...list.targets)
    problems.push(...list.problems)
  }
  return { targets, problems }
}
