/**
 * Reads address lists as RFC 5322 sections 3.4 and 4.4 write them: display names, comments (nested too), quoted
 * strings, groups, routes, blanks in the old places, empty members, and UTF-8 everywhere. It never throws: what
 * cannot be read becomes a problem, and the other addresses of the list are still found.
 */
import { hasControl } from '../../util/control-characters.ts'
import { formatLocalPart, isDomain, quoteForMessage } from './address.ts'
import { addressTokens, type Token } from './tokens.ts'

/** One mailbox of a list. */
export interface Mailbox {
  /** `local@domain`, or a bare local part; quoted only where the wire needs it. */
  readonly address: string
  /** The display name without quotes, or the comment that stands in for it. */
  readonly name?: string
}

/** What was found in a list. */
export interface AddressList {
  readonly addresses: readonly Mailbox[]
  /** One sentence for each member that is no address. */
  readonly problems: readonly string[]
}

/** A mailbox and where it stands in the text; offsets are those of its first character and behind its last. */
export interface PlacedMailbox extends Mailbox {
  /** The whole member of the list: display name, comments and brackets included. */
  readonly start: number
  readonly end: number
  /** The address alone. */
  readonly addressStart: number
  readonly addressEnd: number
  /** What follows its `@`; undefined for a bare local part. */
  readonly domainStart: number | undefined
}

/** Thrown and caught in this file only. */
class NotAnAddress extends Error {}

/** No mailbox has as many; what has more is hostile and is not kept. */
const MAX_TOKENS = 2000
/** Mailboxes whose places are kept: a list of single letters would need several hundred megabytes. */
const MAX_PLACES = 100_000

/**
 * Reads an address list.
 *
 * @param text an unfolded header field value, or an operand of a command
 * @returns the mailboxes in order, those inside groups included; duplicates stay
 */
export function parseAddressList(text: string): AddressList {
  const addresses: Mailbox[] = []
  const problems: string[] = []
  for (const member of members(addressTokens(text))) {
    const found = readMember(member)
    if (typeof found === 'string') {
      const source = text.slice(member[0]?.start, member.at(-1)?.end)
      problems.push(`${quoteForMessage(source)} is not a mail address: ${found}`)
    } else if (found !== undefined) {
      const { address, name } = found
      addresses.push(name === undefined ? { address } : { address, name })
    }
  }
  return { addresses, problems }
}

/**
 * Finds the mailboxes of a list of which every member can be read.
 *
 * @param text as for {@link parseAddressList}; line breaks that fold it are blanks already
 * @returns the mailboxes in order; undefined when a member is no address, or when there are more than 100,000
 */
export function placeMailboxes(text: string): readonly PlacedMailbox[] | undefined {
  const found: PlacedMailbox[] = []
  for (const member of members(addressTokens(text))) {
    const mailbox = readMember(member)
    if (typeof mailbox === 'string' || found.length === MAX_PLACES) return undefined
    if (mailbox !== undefined) found.push(mailbox)
  }
  return found
}

const isSign = (token: Token | undefined, sign: string) => token?.kind === 'sign' && token.text === sign

/** Cuts at the commas outside angle brackets. A semicolon, which ends a group, ends its last member as well. */
function* members(tokens: Iterable<Token>): Generator<readonly Token[]> {
  let member: Token[] = []
  let angle = false
  for (const token of tokens) {
    if (isSign(token, '<')) angle = true
    if (isSign(token, '>')) angle = false
    if (!angle && (isSign(token, ',') || isSign(token, ';'))) {
      yield member
      member = []
    } else if (member.length < MAX_TOKENS) {
      member.push(token)
    }
  }
  yield member
}

/** @returns the mailbox, undefined when the member is empty, or why it is none */
function readMember(member: readonly Token[]): PlacedMailbox | string | undefined {
  try {
    return placeMember(member)
  } catch (error) {
    if (error instanceof NotAnAddress) return error.message
    throw error
  }
}

function placeMember(member: readonly Token[]): PlacedMailbox | undefined {
  if (member.length === MAX_TOKENS) throw new NotAnAddress('it is too long')
  if (member.some((token) => token.kind === 'bad'))
    throw new NotAnAddress('quotes, parentheses or signs are wrong')
  const comment = member.findLast((token) => token.kind === 'comment')?.text.trim()
  const words = member.filter((token) => token.kind !== 'comment')
  const tokens = withoutGroupName(words)
  if (tokens.length === 0) return undefined
  const first = tokens.length === words.length ? member[0] : tokens[0]
  const open = tokens.findIndex((token) => isSign(token, '<'))
  const inside = open === -1 ? tokens : insideBrackets(tokens, open)
  const address = readAddress(inside)
  const phrase = tokens.slice(0, Math.max(open, 0)).map((token) => (token.spaced ? ' ' : '') + token.text)
  const name = phrase.join('').trim() || comment
  const place = { start: first?.start ?? 0, end: member.at(-1)?.end ?? 0, ...placeAddress(inside) }
  return name === undefined || name === '' ? { address, ...place } : { address, name, ...place }
}

function placeAddress(tokens: readonly Token[]) {
  const at = tokens.findIndex((token) => isSign(token, '@'))
  return {
    addressStart: tokens[0]?.start ?? 0,
    addressEnd: tokens.at(-1)?.end ?? 0,
    domainStart: at === -1 ? undefined : tokens[at + 1]?.start,
  }
}

/** A group is `name: members;`: its first member comes with the name, which is dropped. */
function withoutGroupName(tokens: readonly Token[]): readonly Token[] {
  const angle = tokens.findIndex((token) => isSign(token, '<'))
  const colon = tokens.findIndex((token) => isSign(token, ':'))
  if (colon === -1 || (angle !== -1 && angle < colon)) return tokens
  const isPhrase = tokens.slice(0, colon).every((token) => isWord(token) || isSign(token, '.'))
  if (colon === 0 || !isPhrase) throw new NotAnAddress('the colon is in the wrong place')
  return tokens.slice(colon + 1)
}

function insideBrackets(tokens: readonly Token[], open: number): readonly Token[] {
  const close = tokens.findIndex((token) => isSign(token, '>'))
  if (close !== tokens.length - 1) throw new NotAnAddress('the angle brackets are wrong')
  const inside = tokens.slice(open + 1, close)
  if (inside.length === 0) throw new NotAnAddress('nothing is between the angle brackets')
  if (!isSign(inside[0], '@')) return inside
  const colon = inside.findIndex((token) => isSign(token, ':'))
  if (colon === -1) throw new NotAnAddress('nothing is before the "@"')
  return inside.slice(colon + 1)
}

function readAddress(tokens: readonly Token[]): string {
  const at = tokens.findIndex((token) => isSign(token, '@'))
  const local = readLocalPart(at === -1 ? tokens : tokens.slice(0, at))
  if (at === -1) return local
  const domain = tokens.slice(at + 1)
  const text = domain.map((token) => token.text).join('')
  const isLiteral = domain.length === 1 && domain[0]?.kind === 'literal'
  const isName = domain.every((token) => token.kind === 'atom' || isSign(token, '.')) && noneAdjacent(domain)
  if (!(isLiteral || isName) || !isDomain(text)) {
    throw new NotAnAddress('the part after the "@" is not a host name')
  }
  return `${local}@${text}`
}

function readLocalPart(tokens: readonly Token[]): string {
  const text = tokens.map((token) => token.text).join('')
  if (text === '') throw new NotAnAddress('nothing is before the "@"')
  if (hasControl(text)) throw new NotAnAddress('it has a control character')
  if (!noneAdjacent(tokens)) throw new NotAnAddress('it has more than one word')
  if (!tokens.every((token) => isWord(token) || isSign(token, '.')) || !tokens.some(isWord)) {
    throw new NotAnAddress('it has a sign that would have to stand in quotes')
  }
  return formatLocalPart(text)
}

const isWord = (token: Token) => token.kind === 'atom' || token.kind === 'quoted'

/** False when two words follow each other without a sign between them. */
function noneAdjacent(tokens: readonly Token[]): boolean {
  return tokens.every(
    (token, index) => token.kind === 'sign' || (tokens[index - 1]?.kind ?? 'sign') === 'sign',
  )
}
