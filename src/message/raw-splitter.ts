/**
 * Finds the end of the header of a message whose body has to stay as it came: NULs, lone CRs and all. Only the header
 * becomes wire text. Any input has a result, but for a header block that is too large to be held in memory.
 */
import { HeaderSplitter, MAX_HEADER_BYTES, type HeaderSplit } from './header-block.ts'
import { WireText } from './wire-text.ts'

const LF = 0x0a
const CR = 0x0d

/** Where the line ends that starts at an offset; undefined while that cannot be told. */
function lineEnd(text: Buffer, start: number): number | undefined {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === LF) return at + 1
    if (text[at] === CR && at + 1 < text.length) return text[at + 1] === LF ? at + 2 : at + 1
  }
  return undefined
}

/** The counterpart of {@link HeaderSplitter} for text that is no wire text yet, cut into chunks at any place. */
export class RawSplitter {
  readonly #splitter = new HeaderSplitter()
  #line = Buffer.alloc(0)
  #nulBytes = 0

  /** How many NUL bytes were left out of the header. */
  get nulBytes(): number {
    return this.#nulBytes
  }

  /**
   * Takes the next octets.
   *
   * @returns the two parts once the end is found, the rest as it came; after that, push must not be called again
   * @throws MailError MESSAGE_MALFORMED when the header block is larger than {@link MAX_HEADER_BYTES}
   */
  push(chunk: Buffer): HeaderSplit | undefined {
    const text = Buffer.concat([this.#line, chunk])
    let start = 0
    for (let end = lineEnd(text, 0); end !== undefined; end = lineEnd(text, start)) {
      const split = this.#pushLine(text, start, end)
      if (split !== undefined) return split
      start = end
    }
    this.#line = text.subarray(start)
    if (this.#line.length <= MAX_HEADER_BYTES) return undefined
    const split = this.#pushLine(text, start, text.length)
    this.#line = Buffer.alloc(0)
    return split
  }

  /** Says that nothing follows. @returns the two parts */
  end(): HeaderSplit {
    return this.#pushLine(this.#line, 0, this.#line.length) ?? this.#splitter.end()
  }

  /** Pushes one line. @returns the parts when it ends the header: a blank line is in neither, any other in the rest */
  #pushLine(text: Buffer, start: number, end: number): HeaderSplit | undefined {
    if (start === end) return undefined
    const wire = new WireText({ dotEnds: false })
    const split = this.#splitter.push(Buffer.concat([wire.push(text.subarray(start, end)), wire.end()]))
    const isBody = split !== undefined && split.rest.length > 0
    if (!isBody) this.#nulBytes += wire.nulBytes
    return split === undefined
      ? undefined
      : { header: split.header, rest: text.subarray(isBody ? start : end) }
  }
}
