/**
 * What the octets of a text say about how it can be labelled and sent: by looking at all of them, in portions of any
 * size, and never at the locale of whoever sends it. Never fails.
 */
import { Utf8Check } from '../mime/utf8-check.ts'

/** What was seen. */
export interface TextFacts {
  /** In octets. */
  readonly size: number
  /** How many octets are over 127. */
  readonly nonAscii: number
  readonly hasNul: boolean
  /** A CR that is no part of a line end. */
  readonly hasLoneCr: boolean
  /** The longest line in octets, CRLF not counted. */
  readonly longestLine: number
  /** The charset the octets are in; undefined when it cannot be told. */
  readonly charset: 'us-ascii' | 'utf-8' | undefined
}

const LF = 0x0a
const CR = 0x0d

/** A survey of one text. */
export class TextSurvey {
  readonly #utf8 = new Utf8Check()
  #size = 0
  #nonAscii = 0
  #hasNul = false
  #hasLoneCr = false
  #longestLine = 0
  /** Octets of the line that goes on. */
  #column = 0
  #before = 0

  /** @param chunk the next octets; not kept */
  push(chunk: Buffer): void {
    let before = this.#before
    let nonAscii = 0
    let lineStart = -this.#column
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0
      if (byte === LF) {
        this.#longestLine = Math.max(this.#longestLine, index - lineStart - (before === CR ? 1 : 0))
        lineStart = index + 1
      } else {
        if (before === CR) this.#hasLoneCr = true
        if (byte >= 0x80) nonAscii += 1
        else if (byte === 0) this.#hasNul = true
      }
      before = byte
    }
    this.#before = before
    this.#column = chunk.length - lineStart
    this.#size += chunk.length
    this.#nonAscii += nonAscii
    this.#utf8.push(chunk)
  }

  /** @returns the facts about everything that was pushed */
  end(): TextFacts {
    return {
      size: this.#size,
      nonAscii: this.#nonAscii,
      hasNul: this.#hasNul,
      hasLoneCr: this.#hasLoneCr || this.#before === CR,
      longestLine: Math.max(this.#longestLine, this.#column),
      charset: this.#nonAscii === 0 ? 'us-ascii' : this.#utf8.end() ? 'utf-8' : undefined,
    }
  }
}
