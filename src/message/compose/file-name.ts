/**
 * The name of an attachment in its header (RFC 2183 `filename`, and `name` for readers that know only that). Whatever
 * a file is called, its name adds no field, no parameter and no path; programs that save it find a plain file name.
 */
import { basename } from 'node:path'
import { encodedWords } from '../encoded-word.ts'

/** Shown where a file has no name that could be used. */
const NAMELESS = 'attachment'

/** Longest value that is written in one piece, in characters. */
const LONGEST = 60

/** Octets that stand for themselves in an extended value (RFC 2231 section 7, `attribute-char`). */
const PLAIN_OCTET = /^[A-Za-z0-9!#$&+.^_`{|}~-]$/

/**
 * A name that is safe to show and to save under: without control characters and path separators.
 *
 * @param name as it was asked for, or the path of the file, of which the last part counts
 */
export function attachmentName(name: {
  readonly shown?: string | undefined
  readonly path?: string | undefined
}): string {
  const text = name.shown ?? basename(name.path ?? '')
  const safe = text.replace(/[\p{Cc}\p{Zl}\p{Zp}/\\]+/gu, '_').trim()
  return /^\.{0,2}$/.test(safe) ? NAMELESS : safe
}

/** True for a value that every reader takes as it is. */
const isPlain = (text: string): boolean => /^[ -~]*$/.test(text) && !text.includes('=?')

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** One character in an extended value. */
function extended(character: string): string {
  return [...Buffer.from(character)]
    .map((octet) => {
      const plain = String.fromCharCode(octet)
      return PLAIN_OCTET.test(plain) ? plain : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

/** Characters in pieces of limited length, none of them torn. */
function pieces(characters: readonly string[], length: number): string[] {
  const result: string[] = []
  let piece = ''
  for (const character of characters) {
    if (piece.length + character.length > length) {
      result.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...result, piece]
}

/** `filename` in the form that it needs: quoted, extended, or in continuations (RFC 2231 sections 3 and 4). */
function fileNameParameters(name: string): string[] {
  if (isPlain(name)) {
    if (name.length <= LONGEST) return [`filename=${quoted(name)}`]
    return pieces(Array.from(name), LONGEST - 10).map((piece, index) => `filename*${index}=${quoted(piece)}`)
  }
  const characters = ["utf-8''", ...Array.from(name, extended)]
  const [first = '', ...more] = pieces(characters, LONGEST - 5)
  if (more.length === 0) return [`filename*=${first}`]
  return [first, ...more].map((piece, index) => `filename*${index}*=${piece}`)
}

/** `name` for readers that do not know the forms of RFC 2231: quoted, or encoded words within quotes. */
function nameParameters(name: string): string[] {
  if (isPlain(name) && name.length <= LONGEST) return [`name=${quoted(name)}`]
  const [first = '', ...more] = encodedWords(name)
  return [`name="${first}`, ...more.map((word) => ` ${word}`)].map((piece, index, all) =>
    index === all.length - 1 ? `${piece}"` : piece,
  )
}

/**
 * The parameters that name a file.
 *
 * @param name as {@link attachmentName} made it
 * @returns those of Content-Type and those of Content-Disposition, as `parameterField` takes them
 */
export function namingParameters(name: string): {
  readonly contentType: readonly string[]
  readonly disposition: readonly string[]
} {
  return { contentType: nameParameters(name), disposition: fileNameParameters(name) }
}
