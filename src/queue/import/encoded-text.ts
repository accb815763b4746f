/**
 * Reads the encoded words of a header field (RFC 2047). It never fails: a word in a charset or an encoding that is
 * not known stays as it is, and octets that the charset does not have become U+FFFD.
 */

const WORD = String.raw`=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=`
/** Words with only blanks between them are one text (section 6.2). */
const WORDS = new RegExp(String.raw`${WORD}(?:[ \t]+${WORD})*`, 'g')

interface Piece {
  readonly charset: string
  readonly octets: Buffer
}

/**
 * Replaces all encoded words by what they stand for.
 *
 * @param text an unfolded field value
 */
export function decodeWords(text: string): string {
  return text.replace(WORDS, (words) => decodeRun(words.split(/[ \t]+/)) ?? words)
}

/** Octets of one charset are put together first: some programs cut a character in two. */
function decodeRun(words: readonly string[]): string | undefined {
  const pieces: Piece[] = []
  for (const word of words) {
    const piece = decodeWord(word)
    const last = pieces.at(-1)
    if (last?.charset === piece.charset) {
      pieces[pieces.length - 1] = { ...last, octets: Buffer.concat([last.octets, piece.octets]) }
    } else pieces.push(piece)
  }
  try {
    return pieces.map(({ charset, octets }) => new TextDecoder(charset).decode(octets)).join('')
  } catch {
    return undefined
  }
}

function decodeWord(word: string): Piece {
  const [, charset = '', encoding = '', payload = ''] = word.split('?')
  // A language may follow the charset (RFC 2231 section 5).
  return {
    charset: charset.replace(/\*.*$/, '').toLowerCase(),
    octets: encoding.toUpperCase() === 'B' ? Buffer.from(payload, 'base64') : decodeQ(payload),
  }
}

function decodeQ(payload: string): Buffer {
  const text = payload
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
