/**
 * A typed text with the line ends of mail: every line ends with CRLF, also the last one. A lone CR and all other
 * octets stay. The text may be cut into portions at any place. Never fails.
 */
const LF = 0x0a
const CR = 0x0d

/** Text that is converted portion by portion. */
class CrlfText {
  #before: number | undefined

  /**
   * @param chunk the next octets; not kept
   * @returns the same with CRLF line ends
   */
  push(chunk: Buffer): Buffer {
    // Byte by byte: a log of many short lines is no rare body.
    const text = Buffer.allocUnsafe(2 * chunk.length)
    let length = 0
    let before = this.#before
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0
      if (byte === LF && before !== CR) text[length++] = CR
      text[length++] = byte
      before = byte
    }
    this.#before = before
    return text.subarray(0, length)
  }

  /** Ends the text. @returns the CRLF of a last line that had no line end, otherwise nothing */
  end(): Buffer {
    return Buffer.from(this.#before === undefined || this.#before === LF ? '' : '\r\n')
  }
}

/** Octets that are converted at a time. */
const PIECE = 64 * 1024

/**
 * Converts a stream.
 *
 * @param input any octets; rejects with its error
 */
export async function* crlfPieces(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const text = new CrlfText()
  for await (const chunk of input) {
    for (let start = 0; start < chunk.length; start += PIECE)
      yield text.push(chunk.subarray(start, start + PIECE))
  }
  yield text.end()
}

/** Converts a text that is all there. */
export function toCrlf(bytes: Buffer): Buffer {
  const text = new CrlfText()
  const converted = text.push(bytes)
  const end = text.end()
  return end.length === 0 ? converted : Buffer.concat([converted, end])
}
