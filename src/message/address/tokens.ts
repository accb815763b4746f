/**
 * The words and signs of an address list (RFC 5322 section 3.2). Every text has a list of tokens: what fits no
 * rule becomes a token of the kind `bad`, so that one broken address does not spoil the others.
 */
import { CONTROL } from '../../util/control-characters.ts'

/** One piece of an address list. Blanks are no tokens. */
export interface Token {
  readonly kind: 'atom' | 'quoted' | 'comment' | 'literal' | 'sign' | 'bad'
  /** What it stands for; quoted strings and comments without their delimiters and backslashes. */
  readonly text: string
  /** Offset of its first character and of the one behind its last in the text. */
  readonly start: number
  readonly end: number
  /** A blank or a comment stands directly before it. */
  readonly spaced: boolean
}

const SIGNS = '<>@,;:.'
const ATOM = new RegExp(String.raw`[^ \t()<>[\]:;@\\,."${CONTROL}]+`, 'y')
const LITERAL = new RegExp(String.raw`\[[^[\]\\${CONTROL}]*\]`, 'y')

/**
 * Cuts an address list into tokens, one after the other, so that a list of any length needs little memory.
 *
 * @param text an unfolded header field value or an operand
 */
export function* addressTokens(text: string): Generator<Token, undefined> {
  let position = 0
  let last: Token | undefined
  for (;;) {
    const start = behindBlanks(text, position)
    if (start >= text.length) return
    last = tokenAt(text, start, start > position || last?.kind === 'comment')
    yield last
    position = last.end
  }
}

function tokenAt(text: string, start: number, spaced: boolean): Token {
  const token = (kind: Token['kind'], end: number, value = text.slice(start, end)): Token => ({
    kind,
    text: value,
    start,
    end,
    spaced,
  })
  const first = text.charAt(start)
  if (SIGNS.includes(first)) return token('sign', start + 1)
  if (first === '"' || first === '(') {
    const end = closing(text, start, first === '"' ? '"' : ')')
    if (end === undefined) return token('bad', text.length)
    const inside = text.slice(start + 1, end - 1).replace(/\\(.)/gs, '$1')
    return token(first === '"' ? 'quoted' : 'comment', end, inside)
  }
  const literal = first === '[' ? matchEnd(LITERAL, text, start) : undefined
  if (literal !== undefined) return token('literal', literal)
  const atom = matchEnd(ATOM, text, start)
  return atom === undefined ? token('bad', start + 1) : token('atom', atom)
}

function behindBlanks(text: string, from: number): number {
  let position = from
  while (text[position] === ' ' || text[position] === '\t') position += 1
  return position
}

/** The offset behind the sign that closes the quoted string or the comment, which may hold further comments. */
function closing(text: string, start: number, close: '"' | ')'): number | undefined {
  let depth = 1
  for (let at = start + 1; at < text.length; at += 1) {
    const sign = text[at]
    if (sign === '\\') at += 1
    else if (sign === close) depth -= 1
    else if (sign === '(' && close === ')') depth += 1
    if (depth === 0) return at + 1
  }
  return undefined
}

function matchEnd(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}
