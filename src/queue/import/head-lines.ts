/**
 * The lines at the start of a foreign file, with LF or CRLF line ends, read as UTF-8. What is behind the last line
 * end is no line: the file may be torn there.
 */

/** One line without its line end. */
export interface HeadLine {
  readonly text: string
  /** Offset behind its line end. */
  readonly end: number
}

/** The complete lines of some octets, one by one. */
export function* headLines(bytes: Buffer): Generator<HeadLine> {
  let start = 0
  for (let newline = bytes.indexOf(0x0a); newline !== -1; newline = bytes.indexOf(0x0a, start)) {
    const text = bytes.toString('utf8', start, newline).replace(/\r$/, '')
    start = newline + 1
    yield { text, end: start }
  }
}
