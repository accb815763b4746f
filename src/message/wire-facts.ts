/**
 * What a server may object to in the bytes of a message: bytes over 127 (RFC 6152) and lines that are longer than
 * SMTP carries (RFC 5321 section 4.5.3.1.6). One pass, at the speed of the memory or the disk; a message that
 * can't be read rejects.
 */
import { isAscii } from 'node:buffer'
import type { MessageContent } from './content.ts'

/** The longest line SMTP carries, in octets without its CRLF. */
export const LONGEST_LINE = 998

const LF = 0x0a
const WITH_CRLF = LONGEST_LINE + 2

/** What was found. */
export interface WireFacts {
  readonly eightBit: boolean
  readonly longLine: boolean
}

/** Looks at bytes that come in parts. */
export class WireScan implements WireFacts {
  eightBit = false
  longLine = false
  /** Octets of the line that the parts so far did not end. */
  #open = 0

  push(chunk: Buffer): void {
    this.eightBit ||= !isAscii(chunk)
    if (!this.longLine) this.#measure(chunk)
  }

  /** From each line start it looks back from the farthest place where the line may end: few steps, long ones. */
  #measure(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const limit = at + WITH_CRLF - this.#open
      const end = limit > at ? chunk.lastIndexOf(LF, limit - 1) : -1
      if (end < at) {
        this.longLine = limit <= chunk.length
        this.#open += chunk.length - at
        return
      }
      at = end + 1
      this.#open = 0
    }
  }
}

/** Messages that had to be read for it are looked at once, as long as somebody holds them. */
const known = new WeakMap<MessageContent, WireFacts>()

/** Keeps what somebody who read the whole message has found. */
export function noteWireFacts(content: MessageContent, facts: WireFacts): void {
  known.set(content, facts)
}

/** Looks at a message in memory. */
export function factsOf(bytes: Buffer): WireFacts {
  const scan = new WireScan()
  scan.push(bytes)
  return scan
}

/** Looks at a message. */
export async function wireFacts(content: MessageContent): Promise<WireFacts> {
  if (content.bytes !== undefined) return factsOf(content.bytes)
  const before = known.get(content)
  if (before !== undefined) return before
  const scan = new WireScan()
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) scan.push(chunk)
  known.set(content, scan)
  return scan
}
