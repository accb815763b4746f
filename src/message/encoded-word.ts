/**
 * Encoded words (RFC 2047): text of any kind as ASCII in a header field, and back. Never fails; what is no valid Unicode
 * becomes U+FFFD, and what is no encoded word, or in a charset that nobody knows, stays as it is.
 */

/** Shorter than the 75 the RFC allows, so that a word fits on the first line behind a field name. */
const MAX_WORD = 66
const MAX_PAYLOAD = MAX_WORD - '=?UTF-8?Q?'.length - '?='.length
/** What may not stand for itself in a phrase, RFC 2047 section 5 (3). */
const NOT_LITERAL = /[^A-Za-z0-9!*+/-]/gu
const LITERAL = /^[A-Za-z0-9!*+/ -]$/

/** The two encodings: what a character takes, how much of that there is room for in a word, and the payload itself. */
const ENCODINGS = {
  Q: {
    cost: (character: string) => (LITERAL.test(character) ? 1 : 3 * Buffer.byteLength(character)),
    room: MAX_PAYLOAD,
    encode: (text: string) => text.replace(NOT_LITERAL, qEscape),
  },
  B: {
    cost: (character: string) => Buffer.byteLength(character),
    room: Math.floor(MAX_PAYLOAD / 4) * 3,
    encode: (text: string) => Buffer.from(text).toString('base64'),
  },
} as const

function qEscape(character: string): string {
  return character === ' ' ? '_' : Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '=$&')
}

/** True unless B is much shorter. */
function isReadable(text: string): boolean {
  let length = 0
  for (const character of text) length += ENCODINGS.Q.cost(character)
  return length <= Math.ceil(Buffer.byteLength(text) / 3) * 4 * 1.25
}

/**
 * Encodes text for a place where a phrase may stand.
 *
 * @param text any text
 * @returns words in UTF-8, in the readable encoding Q unless B is much shorter, no character cut in two; a
 *   reader that joins them gets the text back exactly
 */
export function encodedWords(text: string): string[] {
  const name = isReadable(text) ? 'Q' : 'B'
  const { cost, room, encode } = ENCODINGS[name]
  const parts: string[] = []
  let part = ''
  let left: number = room
  for (const character of text) {
    const taken = cost(character)
    if (taken > left) {
      parts.push(part)
      part = ''
      left = room
    }
    part += character
    left -= taken
  }
  if (part !== '') parts.push(part)
  return parts.map((piece) => `=?UTF-8?${name}?${encode(piece)}?=`)
}

const WORD = String.raw`=\?[\w.:-]+(?:\*[\w-]*)?\?[BQ]\?[^?\s]*\?=`
/** Words with nothing but blanks between them are one text (section 6.2). */
const WORDS = new RegExp(String.raw`${WORD}(?:[ \t]*${WORD})*`, 'gi')
/** The parts of a word; a language may follow the charset (RFC 2231 section 5). */
const PARTS = /=\?([\w.:-]+)(?:\*[\w-]*)?\?([BQ])\?([^?\s]*)\?=/gi

/** What words next to each other, in the same charset, stand for. */
interface Piece {
  readonly charset: string
  readonly octets: Buffer[]
  /** The words as they were written. */
  readonly words: string[]
}

function qDecode(payload: string): Buffer {
  const octets = payload
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1')
}

/** The octets of one charset are put together before they are decoded: some programs cut a character in two. */
function piecesOf(run: string): Piece[] {
  const pieces: Piece[] = []
  for (const [words, name = '', encoding = '', payload = ''] of run.matchAll(PARTS)) {
    const charset = name.toLowerCase()
    const octets = encoding.toUpperCase() === 'B' ? Buffer.from(payload, 'base64') : qDecode(payload)
    const last = pieces.at(-1)
    if (last?.charset !== charset) pieces.push({ charset, octets: [octets], words: [words] })
    else {
      last.octets.push(octets)
      last.words.push(words)
    }
  }
  return pieces
}

function decodedRun(run: string): string {
  let text = ''
  let wasDecoded = true
  for (const { charset, octets, words } of piecesOf(run)) {
    const decoded = decodedOctets(charset, Buffer.concat(octets))
    const isApart = text !== '' && !(wasDecoded && decoded !== undefined)
    text += `${isApart ? ' ' : ''}${decoded ?? words.join(' ')}`
    wasDecoded = decoded !== undefined
  }
  return text
}

/** Undefined for a charset that nobody knows. */
function decodedOctets(charset: string, octets: Buffer): string | undefined {
  try {
    return new TextDecoder(charset).decode(octets)
  } catch {
    return undefined
  }
}

/**
 * Decodes the encoded words in a text.
 *
 * @param text an unfolded header value or a part of one
 */
export function decodedWords(text: string): string {
  return text.replace(WORDS, decodedRun)
}
