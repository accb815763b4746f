/**
 * A message that goes out in parts. The newest part is kept back, because it may be the last one, which needs leave.
 */
import { Readable } from 'node:stream'
import type { MessageContent } from '../message/content.ts'

/** What the owner of a message is asked and told while it goes out. */
export interface BodySteps {
  /** The first byte is wanted. @returns false when the content is not to be read */
  begin(): boolean
  /** A part has been taken. */
  taken(): void
  /** So many octets were read, and nothing follows them. False when the last part must not go out. */
  finish(octets: number): boolean
  /** The content can't be read. */
  failed(error: unknown): void
}

/** One pass over a message. Reading ends it; destroying it stops reading the content. */
export class BodyStream extends Readable {
  readonly #content: MessageContent
  readonly #steps: BodySteps
  #source: Readable | undefined
  /** The newest part. */
  #held: Buffer | undefined
  #octets = 0
  #begun = false

  constructor(content: MessageContent, steps: BodySteps) {
    super()
    this.#content = content
    this.#steps = steps
  }

  override _read(): void {
    if (this.#begun) {
      this.#source?.resume()
      return
    }
    this.#begun = true
    if (!this.#steps.begin()) return
    const { bytes } = this.#content
    if (bytes === undefined) {
      this.#open()
      return
    }
    this.#octets = bytes.length
    this.#complete(bytes)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // not destroyed: the file underneath belongs to the content, which may be read again
    this.#source?.pause().removeAllListeners('data')
    this.#held = undefined
    callback(error)
  }

  #open(): void {
    let source: Readable
    try {
      source = this.#content.stream()
    } catch (error) {
      this.#steps.failed(error)
      return
    }
    this.#source = source
    source.on('data', (chunk: Buffer) => {
      const before = this.#held
      this.#held = chunk
      this.#octets += chunk.length
      if (before === undefined) return
      this.#steps.taken()
      if (!this.push(before)) source.pause()
    })
    source.once('end', () => this.#complete(this.#held))
    source.on('error', (error) => this.#steps.failed(error))
  }

  #complete(last: Buffer | undefined): void {
    if (!this.#steps.finish(this.#octets)) return
    if (last !== undefined) this.push(last)
    this.push(null)
  }
}
