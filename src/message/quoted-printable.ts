/**
 * The transfer encoding quoted-printable (RFC 2045 section 6.7): text of any kind in lines of at most 76 ASCII
 * characters. Line ends stay line ends. Cannot fail; decoding gives the same bytes.
 */

const LONGEST = 76
/** What stands for itself; a blank at the end of a line does not. */
const PLAIN = /[\t !-<>-~]/

function encodedLine(line: string): string {
  const rows: string[] = []
  let row = ''
  for (const [at, character] of Array.from(line).entries()) {
    const last = at === line.length - 1
    const plain = PLAIN.test(character) && !(last && /[\t ]/.test(character))
    const hex = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
    const piece = plain ? character : `=${hex}`
    // The sign that a line goes on takes one character, except where the line ends anyway.
    if (row.length + piece.length > LONGEST - (last ? 0 : 1)) {
      rows.push(`${row}=`)
      row = ''
    }
    row += piece
  }
  return [...rows, row].join('\r\n')
}

/**
 * Encodes text.
 *
 * @param bytes CRLF text in any charset; a CR or LF that is no line end is encoded
 * @returns ASCII with CRLF line ends
 */
export function quotedPrintable(bytes: Buffer): string {
  return bytes.toString('latin1').split('\r\n').map(encodedLine).join('\r\n')
}
