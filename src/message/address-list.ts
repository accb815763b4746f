/**
 * Reads address lists as RFC 5322 sections 3.4 and 4.4 write them: display names, comments (nested too), quoted
 * strings, groups, routes, blanks in the old places, empty members, and UTF-8 everywhere. It never throws: what
 * cannot be read becomes a problem, and the other addresses of the list are still found.
 */
import { formatLocalPart, isDomain, quoteForMessage } from './address.ts'
import { addressTokens, type Token } from './address-tokens.ts'

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

/** Thrown and caught in this file only. */
class NotAnAddress extends Error {}

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
    try {
      const found = readMember(member)
      if (found !== undefined) addresses.push(found)
    } catch (error) {
      if (!(error instanceof NotAnAddress)) throw error
      const source = text.slice(member[0]?.start, member.at(-1)?.end)
      problems.push(`${quoteForMessage(source)} is not a mail address: ${error.message}`)
    }
  }
  return { addresses, problems }
}

const isSign = (token: Token | undefined, sign: string) => token?.kind === 'sign' && token.text === sign

/** Cuts at the commas outside angle brackets. A semicolon, which ends a group, ends its last member as well. */
function members(tokens: readonly Token[]): Token[][] {
  const result: Token[][] = [[]]
  let angle = false
  for (const token of tokens) {
    if (isSign(token, '<')) angle = true
    if (isSign(token, '>')) angle = false
    if (!angle && (isSign(token, ',') || isSign(token, ';'))) result.push([])
    else result.at(-1)?.push(token)
  }
  return result
}

function readMember(member: readonly Token[]): Mailbox | undefined {
  if (member.some((token) => token.kind === 'bad'))
    throw new NotAnAddress('quotes, parentheses or signs are wrong')
  const comment = member.findLast((token) => token.kind === 'comment')?.text.trim()
  const tokens = withoutGroupName(member.filter((token) => token.kind !== 'comment'))
  if (tokens.length === 0) return undefined
  const open = tokens.findIndex((token) => isSign(token, '<'))
  const address = readAddress(open === -1 ? tokens : insideBrackets(tokens, open))
  const phrase = tokens.slice(0, Math.max(open, 0)).map((token) => (token.spaced ? ' ' : '') + token.text)
  const name = phrase.join('').trim() || comment
  return name === undefined || name === '' ? { address } : { address, name }
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
  if (/\p{Cc}/u.test(text)) throw new NotAnAddress('it has a control character')
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
