/** Tells whether octets that come in portions are UTF-8, wherever they are cut. Never fails. */
import { isUtf8 } from 'node:buffer'

const NOTHING = Buffer.alloc(0)

/** How many octets at the end begin a character that goes on behind them. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

/** A check of one text. */
export class Utf8Check {
  #held = NOTHING
  #valid = true

  /** @param chunk the next octets; not kept */
  push(chunk: Buffer): void {
    if (!this.#valid) return
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const whole = bytes.length - unfinished(bytes)
    this.#valid = isUtf8(bytes.subarray(0, whole))
    this.#held = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole))
  }

  /** @returns true when everything that was pushed is UTF-8 */
  end(): boolean {
    return this.#valid && this.#held.length === 0
  }
}
