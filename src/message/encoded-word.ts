/**
 * Encoded words (RFC 2047): text of any kind as ASCII in a header field, and back. Never fails; what is no valid Unicode
 * becomes U+FFFD, and what is no encoded word, or in a charset that nobody knows, stays as it is.
 */

/** Shorter than the 75 the RFC allows, so that a word fits on the first line behind a field name. */
const MAX_WORD = 66
const MAX_PAYLOAD = MAX_WORD - '=?UTF-8?Q?'.length - '?='.length
/** What may stand for itself in a phrase, RFC 2047 section 5 (3). */
const Q_LITERAL = /^[A-Za-z0-9!*+/-]$/

/** The two encodings: how long the payload of some octets is, and the payload itself. */
const ENCODINGS = {
  Q: { length: (text: string) => qEncode(text).length, encode: qEncode },
  B: {
    length: (text: string) => Math.ceil(Buffer.byteLength(text) / 3) * 4,
    encode: (text: string) => Buffer.from(text).toString('base64'),
  },
} as const

/**
 * Encodes text for a place where a phrase may stand.
 *
 * @param text any text
 * @returns words in UTF-8, in the readable encoding Q unless B is much shorter, no character cut in two; a
 *   reader that joins them gets the text back exactly
 */
export function encodedWords(text: string): string[] {
  const isReadable = ENCODINGS.Q.length(text) <= ENCODINGS.B.length(text) * 1.25
  const name = isReadable ? 'Q' : 'B'
  const { length, encode } = ENCODINGS[name]
  const parts: string[] = []
  let part = ''
  for (const character of text) {
    if (length(part + character) > MAX_PAYLOAD) {
      parts.push(part)
      part = ''
    }
    part += character
  }
  if (part !== '') parts.push(part)
  return parts.map((piece) => `=?UTF-8?${name}?${encode(piece)}?=`)
}

function qEncode(text: string): string {
  let result = ''
  for (const character of text) {
    if (character === ' ') result += '_'
    else if (Q_LITERAL.test(character)) result += character
    else result += Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '=$&')
  }
  return result
}

const WORD = /=\?([\w.:-]+)(?:\*[\w-]*)?\?([BQ])\?([^?\s]*)\?=/gi
const BETWEEN_WORDS = /(\?=)[ \t]+(?==\?[\w.:-]+(?:\*[\w-]*)?\?[BQ]\?[^?\s]*\?=)/gi

function qDecode(payload: string): Buffer {
  const octets = payload
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1')
}

/**
 * Decodes the encoded words in a text.
 *
 * @param text an unfolded header value or a part of one
 */
export function decodedWords(text: string): string {
  return text
    .replace(BETWEEN_WORDS, '$1')
    .replace(WORD, (word, charset: string, encoding: string, payload: string) => {
      const octets = encoding.toUpperCase() === 'B' ? Buffer.from(payload, 'base64') : qDecode(payload)
      try {
        return new TextDecoder(charset).decode(octets)
      } catch {
        return word
      }
    })
}
