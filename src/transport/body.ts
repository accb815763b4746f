/**
 * The message as the protocol engine reads it. It knows the moment after which the outcome is in doubt:
 * `beforeLastByte` runs directly before the last byte is handed over, and if it throws, or if the content
 * can't be read or has not the announced size, that byte is never handed over.
 */
import { Readable } from 'node:stream'
import type { MessageContent } from '../message/content.ts'
import type { Ending } from './ending.ts'

/** What does not go out as it stands: a dot at the start of a line, a line end that is not CRLF. */
const NEEDS_CARE = /(?:^|\n)\.|\r(?!\n)|(?:^|[^\r])\n/

/** Whether the bytes are what stands between the reply to DATA and the final dot (RFC 5321 section 4.5.2). */
function isReady(bytes: Buffer): boolean {
  return bytes.at(-1) === 0x0a && !NEEDS_CARE.test(bytes.toString('latin1'))
}

/** Who is told what while a message flows. */
export interface BodyHooks {
  /** Called once; may throw to stop the message. */
  beforeLastByte(): void
  /** The first byte is wanted (`wanted`), a part has been taken (`taken`), all is handed over (`complete`). */
  progress(step: 'wanted' | 'taken' | 'complete'): void
  /** The message can't be completed, for a reason of this machine. Nothing more will be handed over. */
  failed(error: unknown): void
}

/** One pass over a message. Reading ends it; destroying it stops reading the content. */
export class MessageBody extends Readable {
  readonly #content: MessageContent
  readonly #hooks: BodyHooks
  #source: Readable | undefined
  /** The newest part, kept back because it may be the last. */
  #held: Buffer | undefined
  #read = 0
  #started = false
  #handedOver = false
  /** Set by who knows the connection. */
  ending: Ending | undefined

  constructor(content: MessageContent, hooks: BodyHooks) {
    super()
    this.#content = content
    this.#hooks = hooks
  }

  /** True once the first byte was asked for: the server has accepted DATA. */
  get started(): boolean {
    return this.#started
  }

  /** True once the last byte was handed over. */
  get handedOver(): boolean {
    return this.#handedOver
  }

  /** A message in memory goes out in one piece, where nothing has to be changed in it. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    const { ending } = this
    const { bytes } = this.#content
    if (bytes === undefined || ending === undefined || !isReady(bytes))
      return super.pipe(destination, options)
    this.#read = bytes.length
    if (this.#start() && this.#handOver()) ending.sendWhole(destination, bytes)
    return destination
  }

  override _read(): void {
    if (this.#started) {
      this.#source?.resume()
      return
    }
    if (!this.#start()) return
    const { bytes } = this.#content
    if (bytes === undefined) {
      this.#open()
      return
    }
    this.#read = bytes.length
    this.#complete(bytes)
  }

  #start(): boolean {
    this.#started = true
    try {
      this.#hooks.progress('wanted')
      return true
    } catch (error) {
      this.#hooks.failed(error)
      return false
    }
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
      this.#hooks.failed(error)
      return
    }
    this.#source = source
    source.on('data', (chunk: Buffer) => {
      const before = this.#held
      this.#held = chunk
      this.#read += chunk.length
      if (before === undefined) return
      this.#hooks.progress('taken')
      if (!this.push(before)) source.pause()
    })
    source.once('end', () => this.#complete(this.#held))
    source.on('error', (error) => this.#hooks.failed(error))
  }

  #complete(last: Buffer | undefined): void {
    if (!this.#handOver()) return
    this.ending?.holdBack()
    if (last !== undefined) this.push(last)
    this.push(null)
  }

  /** Announces the last byte. False when it must not go out. */
  #handOver(): boolean {
    if (this.destroyed) return false
    try {
      if (this.#read !== this.#content.size) {
        throw new Error(`the content has ${this.#read} bytes instead of ${this.#content.size}`)
      }
      this.#hooks.beforeLastByte()
    } catch (error) {
      this.#hooks.failed(error)
      return false
    }
    this.#handedOver = true
    this.#hooks.progress('complete')
    return true
  }
}
